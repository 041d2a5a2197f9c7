// godwit serve --model: OpenAI's API, until a signal ends it.
#include <csignal>
#include <cstdio>
#include <fstream>
#include <optional>
#include <string>

#include "commands.h"
#include "net/server.h"
#include "net/visitors.h"
#include "openai/service.h"
#include "options.h"

namespace godwit::openai::cli {
namespace {

// What the signal handler stops. It is there as long as the handler may be called.
net::Server* running = nullptr;

void on_signal(int) { running->stop(); }

// ADDRESS:PORT, [ADDRESS]:PORT or PORT, which is on the loopback interface.
std::optional<platform::net::Address> parse_endpoint(std::string_view text) {
  const size_t colon = text.rfind(':');
  std::string_view host = colon == std::string_view::npos ? "127.0.0.1" : text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host == "localhost") host = "127.0.0.1";
  auto address = platform::net::parse_ip(host);
  uint32_t port = 0;
  if (!address ||
      !number_into(port, 0, 65535)(text.substr(colon == std::string_view::npos ? 0 : colon + 1)).empty())
    return std::nullopt;
  address->port = static_cast<uint16_t>(port);
  return address;
}

// One key a line; empty lines and those that begin with # are none.
std::string read_keys(std::string_view path, std::vector<std::string>& keys) {
  std::ifstream file{std::string(path)};
  if (!file) return "the file cannot be read";
  for (std::string line; std::getline(file, line);) {
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
    if (!line.empty() && !line.starts_with('#')) keys.push_back(line);
  }
  return keys.empty() ? "there is no key in the file" : "";
}

}  // namespace

int serve(Arguments arguments) {
  ServiceConfig config;
  uint32_t context_size = 0, requests_per_minute = 0, tokens_per_minute = 0;
  platform::net::Address address = *parse_endpoint("127.0.0.1:8080");
  const Option options[] = {
      {"--model",
       [&](std::string_view value) -> std::string {
         auto spec = parse_model(value);
         if (!spec) return spec.error().message();
         config.models.push_back(std::move(*spec));
         return "";
       }},
      {"--listen",
       [&](std::string_view value) -> std::string {
         const auto parsed = parse_endpoint(value);
         if (!parsed) return "write ADDRESS:PORT, with an IP address; port 0 is a free one";
         address = *parsed;
         return "";
       }},
      {"--host",
       [&](std::string_view value) {
         std::string& name = config.hosts.emplace_back(value);
         for (char& c : name)
           if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
         return std::string();
       }},
      {"--api-key-file", [&](std::string_view value) { return read_keys(value, config.api_keys); }},
      {"--parallel", number_into(config.places, 1, 64)},
      {"--queue", number_into(config.most_waiting, 0, 100'000)},
      {"--state",
       [&](std::string_view value) {
         config.responses_folder = value;
         return std::string();
       }},
      {"--requests-per-minute", number_into(requests_per_minute, 1, 1'000'000'000)},
      {"--tokens-per-minute", number_into(tokens_per_minute, 1, 1'000'000'000)},
      {"--ctx-size", number_into(context_size, 16, 1 << 24)},
  };
  const auto others = read_options(arguments, options);
  if (!others) return usage(others.error());
  if (!others->empty())
    return usage("'" + std::string((*others)[0]) + "' is no option; a model is given with --model");
  if (config.models.empty()) return usage("--model is missing: a GGUF file to answer with");
  if (!net::is_loopback(address) && config.api_keys.empty())
    return usage("--listen " + platform::net::to_text(address) +
                 " is for others than this machine, who need keys: --api-key-file FILE");
  for (ModelSpec& spec : config.models) spec.context_size = context_size;
  config.limits = {.requests_per_minute = requests_per_minute, .tokens_per_minute = tokens_per_minute};

  std::signal(SIGPIPE, SIG_IGN);
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  nn::Registry registry;
  auto service = Service::create(registry, std::move(config));
  if (!service) return error(service.error().message());
  auto server = net::Server::create({});
  if (!server) return error(server.error().message());
  const auto bound = (*server)->listen(address, **service);
  if (!bound) return error(bound.error().message());
  running = server->get();
  struct sigaction action = {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  for (const int signal : {SIGTERM, SIGINT}) ::sigaction(signal, &action, nullptr);
  std::printf("listening on http://%s/v1\n", platform::net::to_text(*bound).c_str());
  const auto ran = (*server)->run();
  for (const int signal : {SIGTERM, SIGINT}) std::signal(signal, SIG_IGN);
  return ran ? kOk : error(ran.error().message());
}

}  // namespace godwit::openai::cli
