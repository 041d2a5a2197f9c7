// godwit: the command line. Chooses the command; each has a file of its own.
#include <fcntl.h>
#include <unistd.h>

#include <cstring>
#include <string>

#include "command.h"
#include "godwit/version.h"
#include "output.h"
#include "suggest.h"

namespace godwit::cli {

std::span<const Command* const> all_commands() {
  static constexpr const Command* kCommands[] = {
      &kRun, &kCompile, &kSnapshot, &kCache, &kInspect, &kValidate, &kWat,  &kWasm,   &kWast, &kServe,
      &kDev, &kMcp,     &kNew,      &kLogs,  &kDeploy,  &kAgents,   &kChat, &kModels, &kHelp};
  return kCommands;
}

namespace {

int show_version() { return write_out("godwit " + std::string(version()) + "\n") ? kExitOk : kExitError; }

// True if a first argument that is no command is meant as a file: a mistyped command has no dot and no slash.
bool looks_like_file(const char* text) {
  return std::strpbrk(text, "./") != nullptr || ::access(text, F_OK) == 0;
}

int unknown_command(std::string_view name) {
  Suggestion nearest(name);
  for (const Command* command : all_commands()) nearest.consider(command->name);
  std::string message = "no command and no file '" + std::string(name) + "'";
  if (auto best = nearest.best()) message += "; did you mean '" + std::string(*best) + "'?";
  write_error(message);
  write_err("'godwit help' lists the commands.\n");
  return kExitUsage;
}

int main_of(std::span<char* const> arguments) {
  if (arguments.empty()) {
    write_err(overview_text());
    return kExitUsage;
  }
  const std::string_view first = arguments[0];
  if (first == "--version" || first == "-V" || first == "version") return show_version();
  if (first == "--help" || first == "-h") return kHelp.run(kHelp, arguments.subspan(1));
  if (first == "serve" && serves_models(arguments.subspan(1))) return serve_models(arguments.subspan(1));
  for (const Command* command : all_commands())
    if (command->name == first) return command->run(*command, arguments.subspan(1));
  if (first.starts_with('-') || looks_like_file(arguments[0])) return kRun.run(kRun, arguments);
  return unknown_command(first);
}

// The next file that is opened, a guest's perhaps, gets the lowest free descriptor: were that a standard stream's,
// what godwit says would end in it. A closed stream stays as good as closed: reading, or writing, is still EBADF.
void hold_closed_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (::fcntl(stream, F_GETFD) < 0) (void)::open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

}  // namespace
}  // namespace godwit::cli

int main(int argc, char** argv) {
  godwit::cli::hold_closed_streams();
  return godwit::cli::main_of({argv + (argc > 0 ? 1 : 0), static_cast<size_t>(argc > 0 ? argc - 1 : 0)});
}
