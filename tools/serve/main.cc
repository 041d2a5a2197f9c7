// godwit-serve: chooses the command. Run by `godwit serve`, `godwit dev`, `godwit mcp`, `godwit new`, `godwit logs` and others.
#include <cstdio>
#include <cstring>

#include "commands.h"

namespace godwit::serve {

int error(std::string_view message) {
  std::fprintf(stderr, "error: %.*s\n", static_cast<int>(message.size()), message.data());
  return kError;
}

int usage(std::string_view message) {
  error(message);
  std::fputs("'godwit help serve' (dev, mcp, new, logs, deploy, agents) says more.\n", stderr);
  return kUsage;
}

namespace {

int main_of(Arguments arguments) {
  if (arguments.empty()) return usage("no command");
  const std::string_view command = arguments[0];
  const Arguments rest = arguments.subspan(1);
  if (command == "serve") return serve(rest, false);
  if (command == "dev") return serve(rest, true);
  if (command == "mcp") return mcp(rest);
  if (command == "new") return new_agent(rest);
  if (command == "logs") return logs(rest);
  if (command == "deploy") return deploy(rest);
  if (command == "agents") return agents(rest);
  if (command == "--version") {
    std::puts("godwit-serve " GODWIT_VERSION);
    return kOk;
  }
  return usage("no command '" + std::string(command) + "'");
}

}  // namespace
}  // namespace godwit::serve

int main(int argc, char** argv) {
  return godwit::serve::main_of({argv + (argc > 0 ? 1 : 0), static_cast<size_t>(argc > 0 ? argc - 1 : 0)});
}
