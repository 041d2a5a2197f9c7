// godwit serve, dev, mcp, new, logs, deploy, agents: run by godwit-serve, a program beside this one (decision 0110).
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include "command.h"
#include "output.h"
#include "platform/process.h"

namespace godwit::cli {
namespace {

constexpr OptionSpec kServeOptions[] = {
    {"threads", "N", "Threads that serve (default: one per processor)."},
    kHelpOption,
};
constexpr OptionSpec kMcpOptions[] = {
    {"agent", "NAME", "Whose tools; needed."},
    kHelpOption,
};
constexpr OptionSpec kNewOptions[] = {
    {"rust", "", "In Rust instead of C++."},
    {"model", "FILE", "Of a flow: the model that it asks, in GGUF."},
    kHelpOption,
};
constexpr OptionSpec kLogsOptions[] = {
    {"state", "DIR", "The server's state directory (default: state)."},
    {"follow", "", "Go on with what comes.", 'f'},
    kHelpOption,
};
constexpr OptionSpec kRemoteOptions[] = {
    {"state", "DIR", "The server's state directory (default: state)."},
    kHelpOption,
};

// Becomes godwit-serve, which stands beside godwit, or where distributions put programs that others run.
int run_server_program(const Command& self, std::span<char* const> arguments) {
  for (const std::string_view argument : arguments)
    if (argument == "-h" || argument == "--help") return write_out(help_text(self)) ? kExitOk : kExitError;
  const auto path = platform::executable_path();
  if (!path) {
    write_error(path.error().message());
    return kExitError;
  }
  const std::string directory = path->substr(0, path->rfind('/'));
  const std::string name(self.name);
  std::vector<char*> passed;
  for (const std::string& program :
       {directory + "/godwit-serve", directory + "/../libexec/godwit/godwit-serve"}) {
    passed = {const_cast<char*>(program.c_str()), const_cast<char*>(name.c_str())};
    passed.insert(passed.end(), arguments.begin(), arguments.end());
    passed.push_back(nullptr);
    ::execv(program.c_str(), passed.data());
    if (errno != ENOENT) {
      write_error("cannot run '" + program + "': " + std::strerror(errno));
      return kExitError;
    }
  }
  write_error("'godwit " + name + "' needs the program godwit-serve, which is neither beside godwit in '" +
              directory + "' nor in '../libexec/godwit' from there; './dev build' makes it");
  return kExitError;
}

}  // namespace

constexpr Command kServe{
    .name = "serve",
    .summary = "Serve the agents of a manifest",
    .arguments = "[godwit.toml]",
    .details =
        "With --model FILE it serves a model by OpenAI's API instead: docs/openai.md.\n"
        "SIGTERM and SIGINT end it when all that was begun is answered; SIGHUP has the manifest read again.\n"
        "docs/agents.md describes manifests and what agents can do.\n",
    .examples = "  godwit serve\n  godwit serve --threads 4 agents/godwit.toml\n",
    .options = kServeOptions,
    .run = run_server_program,
};

constexpr Command kDev{
    .name = "dev",
    .summary = "Serve agents, and reload them when their files change",
    .arguments = "[godwit.toml]",
    .details = "",
    .examples = "  godwit dev\n",
    .options = kServeOptions,
    .run = run_server_program,
};

constexpr Command kMcp{
    .name = "mcp",
    .summary = "Serve an agent's tools by MCP on standard input and output",
    .arguments = "[godwit.toml] --agent NAME",
    .details = "For programs that start servers of the Model Context Protocol themselves. docs/mcp.md.\n",
    .examples = "  godwit mcp agents/godwit.toml --agent notes\n",
    .options = kMcpOptions,
    .run = run_server_program,
};

constexpr Command kNew{
    .name = "new",
    .summary = "Write the files of a new agent",
    .arguments = "agent|flow NAME",
    .details = "",
    .examples =
        "  godwit new agent hello\n  godwit new agent hello --rust\n  godwit new flow tickets --model "
        "model.gguf\n",
    .options = kNewOptions,
    .run = run_server_program,
};

constexpr Command kLogs{
    .name = "logs",
    .summary = "Show what an agent has logged",
    .arguments = "AGENT",
    .details = "",
    .examples = "  godwit logs hello --follow\n",
    .options = kLogsOptions,
    .run = run_server_program,
};

constexpr Command kDeploy{
    .name = "deploy",
    .summary = "Give a running server another module for an agent",
    .arguments = "AGENT FILE",
    .details =
        "The module is checked first. It replaces the file that the manifest names; requests that have begun "
        "end with\n"
        "the module they began with.\n",
    .examples = "  godwit deploy hello hello.wasm\n",
    .options = kRemoteOptions,
    .run = run_server_program,
};

constexpr Command kAgents{
    .name = "agents",
    .summary = "List the agents of a running server, as JSON",
    .arguments = "",
    .details = "",
    .examples = "  godwit agents --state /var/lib/agents\n",
    .options = kRemoteOptions,
    .run = run_server_program,
};

}  // namespace godwit::cli
