// godwit serve --model: OpenAI's API, until a signal ends it.
#include <atomic>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <tuple>

#include "commands.h"
#include "net/server.h"
#include "net/visitors.h"
#include "openai/service.h"
#include "options.h"
#include "platform/plugins.h"
#include "tls/identity.h"

namespace godwit::openai::cli {
namespace {

// What the signal handler stops. It is there as long as the handler may be called.
net::Server* running = nullptr;

// 1: the certificate is to be read again.
std::atomic<bool> wants_reload = false;

void on_signal(int signal) {
  if (signal == SIGHUP) wants_reload.store(true, std::memory_order_relaxed);
  else running->stop();
}

constexpr uint64_t kLook_ns = 300'000'000;

// Reads the certificate again when it is asked for, until the server stops. On a fiber.
void look_for_reload(tls::Identity& identity, net::Server& server, async::Scheduler& scheduler) {
  const platform::fs::WaitMode mode = {.stop = server.stop_word(), .parker = &scheduler};
  while (!server.stop_word().requested()) {
    std::ignore = platform::fs::wait_for({}, kLook_ns, mode);
    if (!wants_reload.exchange(false, std::memory_order_relaxed)) continue;
    const auto outcome = identity.reload();
    std::fprintf(stderr, "godwit: %s\n",
                 outcome ? "the certificate was read again"
                         : ("the former certificate goes on: " + outcome.error().message()).c_str());
  }
}

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
  tls::IdentityFiles tls;
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
      {"--tls-certificate",
       [&](std::string_view value) {
         tls.certificate = value;
         return std::string();
       }},
      {"--tls-key",
       [&](std::string_view value) {
         tls.key = value;
         return std::string();
       }},
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
  if (tls.certificate.empty() != tls.key.empty())
    return usage("--tls-certificate and --tls-key belong together: files in PEM");
  if (!net::is_loopback(address) && tls.certificate.empty())
    return usage("--listen " + platform::net::to_text(address) +
                 " is for others than this machine, whose keys and prompts nobody on the way shall read: "
                 "--tls-certificate FILE --tls-key FILE");
  for (ModelSpec& spec : config.models) spec.context_size = context_size;
  config.limits = {.requests_per_minute = requests_per_minute, .tokens_per_minute = tokens_per_minute};

  std::signal(SIGPIPE, SIG_IGN);
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  nn::Registry registry;
  auto service = Service::create(registry, std::move(config));
  if (!service) return error(service.error().message());
  std::unique_ptr<tls::Identity> identity;
  if (!tls.certificate.empty()) {
    auto loaded = tls::Identity::load(tls, platform::plugin_directories());
    if (!loaded) return error(loaded.error().message());
    identity = std::move(*loaded);
  }
  net::ServerConfig serving;
  serving.on_thread = [&](async::Scheduler& scheduler, uint32_t thread) {
    if (identity && thread == 0)
      std::ignore = scheduler.spawn([&] { look_for_reload(*identity, *running, scheduler); });
  };
  auto server = net::Server::create(serving);
  if (!server) return error(server.error().message());
  const auto bound = (*server)->listen(address, **service, identity.get());
  if (!bound) return error(bound.error().message());
  running = server->get();
  struct sigaction action = {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  for (const int signal : {SIGTERM, SIGINT}) ::sigaction(signal, &action, nullptr);
  if (identity) ::sigaction(SIGHUP, &action, nullptr);
  std::printf("listening on %s://%s/v1\n", identity ? "https" : "http",
              platform::net::to_text(*bound).c_str());
  const auto ran = (*server)->run();
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) std::signal(signal, SIG_IGN);
  return ran ? kOk : error(ran.error().message());
}

}  // namespace godwit::openai::cli
