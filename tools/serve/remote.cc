// godwit logs, deploy, agents: requests to a running server's admin API.
#include <charconv>
#include <cstdio>
#include <fstream>
#include <optional>
#include <sstream>
#include <vector>

#include "async/scheduler.h"
#include "commands.h"
#include "net/client.h"

namespace godwit::serve {
namespace {

constexpr uint64_t kTimeout_ns = 60'000'000'000;
constexpr uint64_t kFollowInterval_ns = 300'000'000;

std::optional<std::string> read_file(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream content;
  if (!stream) return std::nullopt;
  content << stream.rdbuf();
  return std::move(content).str();
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

// A server that keeps its state in a directory, where its address and its token are.
struct Remote {
  net::Origin origin;
  std::string token;
};
std::optional<Remote> find_remote(const std::string& state) {
  const auto address = read_file(state + "/admin.address");
  const auto token = read_file(state + "/admin.token");
  if (!address || !token) return std::nullopt;
  const std::string text = first_line(*address);
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos) return std::nullopt;
  Remote remote = {.origin = {.host = text.substr(0, colon)}, .token = first_line(*token)};
  if (remote.origin.host.starts_with('['))
    remote.origin.host = remote.origin.host.substr(1, remote.origin.host.size() - 2);
  std::from_chars(text.data() + colon + 1, text.data() + text.size(), remote.origin.port);
  return remote;
}

struct Answer {
  uint32_t status = 0;
  std::string body;
  std::string next;
};
Result<Answer> ask(net::Client& client, const Remote& remote, async::Scheduler& scheduler, std::string method,
                   std::string target, std::string_view body) {
  net::ClientRequest request = {
      .origin = remote.origin, .method = std::move(method), .target = std::move(target), .body = body};
  request.fields.add("Authorization", "Bearer " + remote.token);
  ASSIGN_OR_RETURN(auto response, client.send(request, {.mode = {.stop = {}, .parker = &scheduler},
                                                        .timeout_ns = kTimeout_ns}));
  Answer answer = {.status = response.status(), .body = {}, .next = {}};
  if (const std::string* next = response.fields().find("x-next")) answer.next = *next;
  ASSIGN_OR_RETURN(answer.body, response.read_all(uint64_t{64} << 20));
  return answer;
}

// Calls `function` with a client, on a fiber.
template <class Function>
int with_client(const std::string& state, Function function) {
  const auto remote = find_remote(state);
  if (!remote) return error("no server keeps its state in '" + state + "': name its directory with --state");
  auto scheduler = async::Scheduler::create();
  if (!scheduler) return error(scheduler.error().message());
  int status = kError;
  const auto spawned = (*scheduler)->spawn([&] {
    net::TcpConnector connector;
    net::Client client(connector);
    status = function(client, *remote, **scheduler);
  });
  if (!spawned) return error(spawned.error().message());
  if (const auto ran = (*scheduler)->run(); !ran) return error(ran.error().message());
  return status;
}

int show(const Result<Answer>& answer) {
  if (!answer) return error(answer.error().message());
  std::fwrite(answer->body.data(), 1, answer->body.size(), answer->status < 300 ? stdout : stderr);
  return answer->status < 300 ? kOk : kError;
}

struct Parsed {
  std::string state = "state";
  bool follows = false;
  std::vector<std::string> names;
};
std::optional<Parsed> parse(Arguments arguments, size_t names) {
  Parsed parsed;
  for (size_t i = 0; i < arguments.size(); i++) {
    const std::string_view argument = arguments[i];
    if (argument == "--state" && i + 1 < arguments.size()) parsed.state = arguments[++i];
    else if (argument == "--follow" || argument == "-f") parsed.follows = true;
    else if (argument.starts_with('-')) return std::nullopt;
    else parsed.names.emplace_back(argument);
  }
  if (parsed.names.size() != names) return std::nullopt;
  return parsed;
}

}  // namespace

int agents(Arguments arguments) {
  const auto parsed = parse(arguments, 0);
  if (!parsed || parsed->follows) return usage("wanted: godwit agents [--state DIR]");
  return with_client(parsed->state,
                     [](net::Client& client, const Remote& remote, async::Scheduler& scheduler) {
                       return show(ask(client, remote, scheduler, "GET", "/v1/agents", {}));
                     });
}

int logs(Arguments arguments) {
  const auto parsed = parse(arguments, 1);
  if (!parsed) return usage("wanted: godwit logs AGENT [--follow] [--state DIR]");
  return with_client(parsed->state,
                     [&](net::Client& client, const Remote& remote, async::Scheduler& scheduler) {
                       std::string from = "0";
                       for (;;) {
                         const auto answer = ask(client, remote, scheduler, "GET",
                                                 "/v1/agents/" + parsed->names[0] + "/logs?from=" + from, {});
                         if (const int status = show(answer); status != kOk || !parsed->follows)
                           return status;
                         std::fflush(stdout);
                         from = answer->next;
                         if (!scheduler.wait_for({}, kFollowInterval_ns, {})) return kError;
                       }
                     });
}

int deploy(Arguments arguments) {
  const auto parsed = parse(arguments, 2);
  if (!parsed || parsed->follows) return usage("wanted: godwit deploy AGENT FILE [--state DIR]");
  const auto module = read_file(parsed->names[1]);
  if (!module) return error("cannot read '" + parsed->names[1] + "'");
  return with_client(parsed->state, [&](net::Client& client, const Remote& remote,
                                        async::Scheduler& scheduler) {
    return show(ask(client, remote, scheduler, "PUT", "/v1/agents/" + parsed->names[0] + "/module", *module));
  });
}

}  // namespace godwit::serve
