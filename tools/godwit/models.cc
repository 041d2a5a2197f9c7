// godwit chat, and godwit serve --model: run by godwit-openai, a program beside this one.
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

constexpr OptionSpec kChatOptions[] = {
    {"model", "FILE", "The model: a GGUF file."},
    {"system", "TEXT", "What the model is told before the conversation begins."},
    {"ctx-size", "N",
     "Tokens of the whole conversation: what the model was trained\nfor, 4096 at most, unless told."},
    kHelpOption,
};

// Becomes godwit-openai, which stands beside godwit, or where distributions put programs that others run.
int become_openai(const char* command, std::span<char* const> arguments) {
  const auto path = platform::executable_path();
  if (!path) {
    write_error(path.error().message());
    return kExitError;
  }
  const std::string directory = path->substr(0, path->rfind('/'));
  for (const std::string& program :
       {directory + "/godwit-openai", directory + "/../libexec/godwit/godwit-openai"}) {
    std::vector<char*> passed{const_cast<char*>(program.c_str()), const_cast<char*>(command)};
    passed.insert(passed.end(), arguments.begin(), arguments.end());
    passed.push_back(nullptr);
    ::execv(program.c_str(), passed.data());
    if (errno == ENOENT) continue;
    write_error("cannot run '" + program + "': " + std::strerror(errno));
    return kExitError;
  }
  write_error("'godwit " + std::string(command) +
              "' needs the program godwit-openai, which is neither beside godwit in '" + directory +
              "' nor in '../libexec/godwit' from there; './dev build' makes it");
  return kExitError;
}

int run_chat(const Command& self, std::span<char* const> arguments) {
  for (const std::string_view argument : arguments) {
    if (argument == "-h" || argument == "--help") return write_out(help_text(self)) ? kExitOk : kExitError;
    if (argument == "--") break;
  }
  return become_openai("chat", arguments);
}

}  // namespace

bool serves_models(std::span<char* const> arguments) {
  for (const std::string_view argument : arguments)
    if (argument == "--model" || argument.starts_with("--model=")) return true;
  return false;
}

int serve_models(std::span<char* const> arguments) { return become_openai("serve", arguments); }

constexpr Command kChat{
    .name = "chat",
    .summary = "Talk to a model in the terminal",
    .arguments = "[PROMPT]",
    .details =
        "Without a prompt, each line of standard input is one. 'godwit serve --model FILE' serves the model "
        "to clients\n"
        "of OpenAI's API instead: docs/openai.md.\n",
    .examples =
        "  godwit chat --model model.gguf\n  godwit chat --model model.gguf \"What is the capital of "
        "Italy?\"\n",
    .options = kChatOptions,
    .run = run_chat,
};

}  // namespace godwit::cli
