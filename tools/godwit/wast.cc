// godwit wast: runs scripts in the format of the specification's tests.
#include <fmt/format.h>

#include <string>
#include <vector>

#include "command.h"
#include "output.h"
#include "platform/memory_map.h"
#include "text/script.h"
#include "wast/session.h"

namespace godwit::cli {
namespace {

constexpr OptionSpec kOptions[] = {
    {"quiet", "", "Say nothing about files whose commands all pass.", 'q'},
    {"verbose", "", "Say what became of each command.", 'v'},
    kHelpOption,
};

enum class Talk : uint8_t { Quiet, Normal, Verbose };

// True if no command failed.
bool run_commands(const std::string& path, const text::Script& script, wast::Session& session, Talk talk) {
  wast::Tally tally;
  bool is_written = true;
  for (const text::Command& command : script.commands) {
    const wast::Outcome outcome = session.run(command);
    std::string line = fmt::format("{}:{}: {}", printable(path), command.line, to_string(command.kind));
    switch (outcome.verdict) {
      case wast::Verdict::Passed:
        ++tally.passed;
        if (talk == Talk::Verbose) is_written &= write_out(line + ": passed\n");
        break;
      case wast::Verdict::Skipped:
        ++tally.skipped[static_cast<size_t>(outcome.skip)];
        if (talk == Talk::Verbose)
          is_written &= write_out(fmt::format("{}: skipped: {}\n", line, to_string(outcome.skip)));
        break;
      case wast::Verdict::Failed:
        ++tally.failed;
        write_error(fmt::format("{}: {}", line, outcome.message));
        break;
    }
  }
  if (talk != Talk::Quiet) {
    std::string summary =
        fmt::format("{}: {} passed, {} failed", printable(path), tally.passed, tally.failed);
    if (tally.skipped_total() != 0) summary += fmt::format(", {} skipped", tally.skipped_total());
    is_written &= write_out(summary + "\n");
  }
  return tally.failed == 0 && is_written;
}

bool run_file(const std::string& path, Talk talk) {
  const auto file = platform::MappedFile::copy(path);
  if (!file) return write_error(file.error().message()), false;
  const text::Source source{.name = path, .text = as_text(file->bytes())};
  const auto script = text::parse_script(source);
  if (!script) return write_error(path + ": malformed script: " + script.error().message()), false;
  const auto session = wast::Session::create(source, {.depth = wast::Depth::Execute});
  if (!session) return write_error(path + ": " + session.error().describe()), false;
  return run_commands(path, *script, **session, talk);
}

int run_wast(const Command& self, std::span<char* const> arguments) {
  OptionReader reader(self.options, arguments, OptionOrder::Anywhere);
  Talk talk = Talk::Normal;
  std::vector<std::string> paths;
  for (;;) {
    auto option = reader.next();
    if (!option) return usage_error(self, option.error().message);
    if (*option) {
      const std::string_view name = (*option)->spec->name;
      if (name == kHelpOption.name) return write_out(help_text(self)) ? kExitOk : kExitError;
      talk = name == "quiet" ? Talk::Quiet : Talk::Verbose;
      continue;
    }
    const auto path = reader.take_argument();
    if (!path) break;
    paths.emplace_back(*path);
  }
  if (paths.empty()) return usage_error(self, "no script to run");
  bool all_passed = true;
  for (const std::string& path : paths) all_passed &= run_file(path, talk);
  return all_passed ? kExitOk : kExitError;
}

}  // namespace

constexpr Command kWast{
    .name = "wast",
    .summary = "Run scripts in the format of the WebAssembly specification's tests",
    .arguments = "FILE...",
    .details =
        "A script defines modules, calls their functions and says what must come of it: values,\n"
        "traps, modules that are refused. The module \"spectest\" is there to import.\n"
        "Exit status 0 if every command passes, else 1.\n",
    .examples =
        "  godwit wast tests.wast\n"
        "  godwit wast --quiet spec/test/core/*.wast\n",
    .options = kOptions,
    .run = run_wast,
};

}  // namespace godwit::cli
