// godwit validate: says of each file whether it is a valid module.
#include <string>
#include <vector>

#include "command.h"
#include "godwit/module.h"
#include "output.h"
#include "report.h"

namespace godwit::cli {
namespace {

constexpr OptionSpec kOptions[] = {
    {"quiet", "", "Say nothing about valid files.", 'q'},
    kHelpOption,
};

bool validate_file(const Engine& engine, const std::string& path, bool is_quiet) {
  auto module = Module::from_file(engine, path);
  if (module) return is_quiet || write_out(printable(path) + ": valid\n");
  report_module(module.error(), path);
  return false;
}

int run_validate(const Command& self, std::span<char* const> arguments) {
  OptionReader reader(self.options, arguments, OptionOrder::Anywhere);
  bool is_quiet = false;
  std::vector<std::string> paths;
  for (;;) {
    auto option = reader.next();
    if (!option) return usage_error(self, option.error().message);
    if (*option) {
      if ((*option)->spec->name == kHelpOption.name) return write_out(help_text(self)) ? kExitOk : kExitError;
      is_quiet = true;
      continue;
    }
    const auto path = reader.take_argument();
    if (!path) break;
    paths.emplace_back(*path);
  }
  if (paths.empty()) return usage_error(self, "no file to validate");

  auto engine = Engine::create({.validation = Validation::Eager});
  if (!engine) return report(engine.error());
  bool all_valid = true;
  for (const std::string& path : paths) all_valid &= validate_file(*engine, path, is_quiet);
  return all_valid ? kExitOk : kExitError;
}

}  // namespace

constexpr Command kValidate{
    .name = "validate",
    .summary = "Check that files are valid WebAssembly modules",
    .arguments = "FILE...",
    .details =
        "Exit status 0 if all are valid, else 1. Errors name the byte offset, and the section or\n"
        "the function with the instructions up to that place.\n",
    .examples =
        "  godwit validate app.wasm\n"
        "  godwit validate --quiet build/*.wasm\n",
    .options = kOptions,
    .run = run_validate,
};

}  // namespace godwit::cli
