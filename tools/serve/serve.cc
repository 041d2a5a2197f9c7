// godwit serve, godwit dev: the server, until a signal ends it. godwit mcp: the same for one agent on standard input and output.
#include <charconv>
#include <csignal>
#include <cstdio>

#include "agent/server.h"
#include "commands.h"

namespace godwit::serve {
namespace {

// What the signal handler tells. The server is there as long as the handler may be called.
agent::AgentServer* running = nullptr;

void on_signal(int signal) {
  if (signal == SIGHUP) running->request_reload();
  else running->stop();
}

void handle_signals(agent::AgentServer& server) {
  running = &server;
  struct sigaction action = {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) ::sigaction(signal, &action, nullptr);
}

}  // namespace

namespace {

int run(const agent::ServeOptions& options) {
  // who reads a pipe of ours may go
  std::signal(SIGPIPE, SIG_IGN);
  // a file that may not become larger is an error of who writes it, and no reason to end
  std::signal(SIGXFSZ, SIG_IGN);
  auto server = agent::AgentServer::create(options);
  if (!server) return error(server.error().message());
  handle_signals(**server);
  const auto ran = (*server)->run();
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) std::signal(signal, SIG_IGN);
  if (!ran) return error(ran.error().message());
  return kOk;
}

}  // namespace

int mcp(Arguments arguments) {
  agent::ServeOptions options;
  for (size_t i = 0; i < arguments.size(); i++) {
    const std::string_view argument = arguments[i];
    if (argument == "--agent" && i + 1 < arguments.size()) options.stdio_agent = arguments[++i];
    else if (argument.starts_with('-')) return usage("no option '" + std::string(argument) + "'");
    else if (!options.manifest_path.empty()) return usage("more than one manifest");
    else options.manifest_path = argument;
  }
  if (options.stdio_agent.empty()) return usage("--agent NAME says whose tools");
  if (options.manifest_path.empty()) options.manifest_path = "godwit.toml";
  return run(options);
}

int serve(Arguments arguments, bool watches) {
  agent::ServeOptions options = {.manifest_path = "", .watches = watches, .announce_fd = 1};
  for (size_t i = 0; i < arguments.size(); i++) {
    const std::string_view argument = arguments[i];
    if (argument == "--threads" && i + 1 < arguments.size()) {
      const std::string_view value = arguments[++i];
      const auto [end, code] = std::from_chars(value.data(), value.data() + value.size(), options.threads);
      if (code != std::errc() || end != value.data() + value.size() || options.threads == 0)
        return usage("--threads wants a number from 1");
    } else if (argument.starts_with('-')) {
      return usage("no option '" + std::string(argument) + "'");
    } else if (!options.manifest_path.empty()) {
      return usage("more than one manifest");
    } else {
      options.manifest_path = argument;
    }
  }
  if (options.manifest_path.empty()) options.manifest_path = "godwit.toml";
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  return run(options);
}

}  // namespace godwit::serve
