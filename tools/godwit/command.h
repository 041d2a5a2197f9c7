// Command: one subcommand of godwit, as a table entry.
#pragma once

#include <span>
#include <string_view>

#include "options.h"

namespace godwit::cli {

// Exit statuses of godwit itself. A guest that ends by itself gives its own.
inline constexpr int kExitOk = 0;
inline constexpr int kExitError = 1;      // the file is absent, no module, invalid, or cannot be linked
inline constexpr int kExitUsage = 2;      // the command line makes no sense
inline constexpr int kExitTimeout = 124;  // --timeout has passed; as timeout(1) has it
inline constexpr int kExitTrap = 134;     // the guest trapped or exhausted a limit; as a shell shows SIGABRT

struct Command {
  std::string_view name;
  std::string_view summary;    // one line
  std::string_view arguments;  // as the usage line shows them
  std::string_view details;    // paragraphs below the options; ends with a newline or is empty
  std::string_view examples;   // lines; each ends with a newline
  std::span<const OptionSpec> options;
  int (*run)(const Command& self, std::span<char* const> arguments);  // yields the exit status
};

extern const Command kRun, kInspect, kValidate, kWat, kWasm, kWast, kCompile, kSnapshot, kCache, kServe, kDev,
    kMcp, kNew, kLogs, kDeploy, kAgents, kChat, kModels, kHelp;
std::span<const Command* const> all_commands();

// Whether the arguments of `godwit serve` name a model to serve; and what serves it.
bool serves_models(std::span<char* const> arguments);
int serve_models(std::span<char* const> arguments);

// The help of one command.
std::string help_text(const Command& command);
// The help of godwit: its commands.
std::string overview_text();
// Says what is wrong and where help is; yields kExitUsage.
int usage_error(const Command& command, std::string_view message);

}  // namespace godwit::cli
