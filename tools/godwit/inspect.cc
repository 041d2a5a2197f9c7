// godwit inspect: shows what a module imports, exports and contains, without running it.
#include <string>

#include "command.h"
#include "module_error.h"
#include "module_report.h"
#include "output.h"

namespace godwit::cli {
namespace {

constexpr OptionSpec kOptions[] = {
    {"json", "", "Print one JSON object per file, for programs to read."},
    kHelpOption,
};

bool inspect(const std::string& path, bool as_json) {
  auto report = inspect_file(path);
  if (report) return write_out(as_json ? render_json(*report) : render_text(*report));
  report_module_error(report.error(), path);
  return false;
}

int run_inspect(const Command& self, std::span<char* const> arguments) {
  OptionReader reader(self.options, arguments, OptionOrder::Anywhere);
  bool as_json = false, all_well = true;
  std::vector<std::string> paths;
  for (;;) {
    auto option = reader.next();
    if (!option) return usage_error(self, option.error().message);
    if (*option) {
      if ((*option)->spec->name == kHelpOption.name) return write_out(help_text(self)) ? kExitOk : kExitError;
      as_json = true;
      continue;
    }
    const auto path = reader.take_argument();
    if (!path) break;
    paths.emplace_back(*path);
  }
  if (paths.empty()) return usage_error(self, "no file to inspect");
  for (const std::string& path : paths) all_well &= inspect(path, as_json);
  return all_well ? kExitOk : kExitError;
}

}  // namespace

constexpr Command kInspect{
    .name = "inspect",
    .summary = "Show what a module imports, exports and contains",
    .arguments = "FILE...",
    .details = "Function bodies are read, but not validated, and nothing is run.\n",
    .examples =
        "  godwit inspect app.wasm\n"
        "  godwit inspect --json app.wasm | jq .imports\n",
    .options = kOptions,
    .run = run_inspect,
};

}  // namespace godwit::cli
