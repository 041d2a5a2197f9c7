// godwit-openai: chooses the command. Run by `godwit serve --model` and `godwit chat`.
#include <cstdio>
#include <string>

#include "commands.h"

namespace godwit::openai::cli {

int error(std::string_view message) {
  std::fprintf(stderr, "error: %.*s\n", static_cast<int>(message.size()), message.data());
  return kError;
}

int usage(std::string_view message) {
  error(message);
  std::fputs(
      "usage: godwit serve --model [NAME=]PATH ... [--listen ADDRESS:PORT] [--api-key-file FILE] [--parallel "
      "N]\n"
      "                    [--queue N] [--ctx-size N] [--state FOLDER] [--host NAME ...]\n"
      "                    [--requests-per-minute N] [--tokens-per-minute N]\n"
      "       godwit chat --model PATH [--system TEXT] [--ctx-size N] [PROMPT]\n",
      stderr);
  return kUsage;
}

namespace {

int main_of(Arguments arguments) {
  if (arguments.empty()) return usage("no command");
  const std::string_view command = arguments[0];
  if (command == "serve") return serve(arguments.subspan(1));
  if (command == "chat") return chat(arguments.subspan(1));
  if (command == "--version") {
    std::puts("godwit-openai " GODWIT_VERSION);
    return kOk;
  }
  return usage("no command '" + std::string(command) + "'");
}

}  // namespace
}  // namespace godwit::openai::cli

int main(int argc, char** argv) {
  return godwit::openai::cli::main_of(
      {argv + (argc > 0 ? 1 : 0), static_cast<size_t>(argc > 0 ? argc - 1 : 0)});
}
