// godwit help: the texts of all commands, printed from their tables.
#include <algorithm>
#include <string>

#include "command.h"
#include "output.h"
#include "suggest.h"

namespace godwit::cli {
namespace {

constexpr size_t kHelpColumn = 24;

void append_padded(std::string& text, std::string_view left, std::string_view right) {
  text += "  ";
  text += left;
  const bool fits = left.size() + 4 <= kHelpColumn;
  if (fits) text.append(kHelpColumn - 2 - left.size(), ' ');
  for (size_t begin = 0; begin <= right.size();) {
    const size_t end = std::min(right.find('\n', begin), right.size());
    if (begin > 0 || !fits) {
      text += '\n';
      text.append(kHelpColumn, ' ');
    }
    text += right.substr(begin, end - begin);
    begin = end + 1;
  }
  text += '\n';
}

int run_help(const Command& self, std::span<char* const> arguments) {
  OptionReader reader(self.options, arguments, OptionOrder::Anywhere);
  for (;;) {
    auto option = reader.next();
    if (!option) return usage_error(self, option.error().message);
    if (*option) continue;  // -h: help is what it shows anyway
    const auto name = reader.take_argument();
    if (!name) return write_out(overview_text()) ? kExitOk : kExitError;
    Suggestion nearest(*name);
    for (const Command* command : all_commands()) {
      if (command->name == *name) return write_out(help_text(*command)) ? kExitOk : kExitError;
      nearest.consider(command->name);
    }
    std::string message = "no command '" + std::string(*name) + "'";
    if (auto best = nearest.best()) message += "; did you mean '" + std::string(*best) + "'?";
    write_error(message);
    write_err("'godwit help' lists the commands.\n");
    return kExitUsage;
  }
}

constexpr OptionSpec kOptions[] = {kHelpOption};

}  // namespace

constexpr Command kHelp{
    .name = "help",
    .summary = "Show the help of a command",
    .arguments = "[command]",
    .details = "",
    .examples = "  godwit help run\n",
    .options = kOptions,
    .run = run_help,
};

std::string help_text(const Command& command) {
  std::string text = "usage: godwit ";
  text += command.name;
  if (command.options.size() > 1) text += " [options]";
  text += " ";
  text += command.arguments;
  text += "\n\n";
  text += command.summary;
  text += ".\n";
  for (const OptionSpec& option : command.options) {
    const bool is_first = &option == &command.options.front();
    if (is_first || !option.heading.empty())
      text += "\n" + std::string(option.heading.empty() ? "options" : option.heading) + ":\n";
    std::string left;
    if (option.letter != 0) left = std::string("-") + option.letter + ", ";
    left += "--" + std::string(option.name);
    if (!option.value.empty()) left += (option.value.starts_with('[') ? "" : " ") + std::string(option.value);
    append_padded(text, left, option.help);
  }
  if (!command.details.empty()) {
    text += "\n";
    text += command.details;
  }
  text += "\nexamples:\n";
  text += command.examples;
  return text;
}

std::string overview_text() {
  std::string text =
      "godwit runs WebAssembly programs, among them those that talk to language models.\n\n"
      "usage: godwit <command> [options] [arguments]\n"
      "       godwit app.wasm [arguments]     the same as: godwit run app.wasm\n\n"
      "commands:\n";
  for (const Command* command : all_commands()) append_padded(text, command->name, command->summary);
  append_padded(text, "--version", "Show the version");
  text +=
      "\nexamples:\n"
      "  godwit run app.wasm\n"
      "  godwit run --dir data app.wasm --input data/a.txt\n"
      "  godwit run --nn-preload default:GGML:AUTO:model.gguf chat.wasm \"Hello!\"\n"
      "\n'godwit help <command>' says more about each.\n";
  return text;
}

int usage_error(const Command& command, std::string_view message) {
  write_error(message);
  write_err("'godwit help " + std::string(command.name) + "' shows what there is.\n");
  return kExitUsage;
}

}  // namespace godwit::cli
