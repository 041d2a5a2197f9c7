// godwit snapshot: lets a module prepare itself, and keeps what has become of it.
#include <optional>
#include <string>
#include <vector>

#include "command.h"
#include "invoke.h"
#include "output.h"
#include "report.h"
#include "write_file.h"

namespace godwit::cli {
namespace {

constexpr OptionSpec kOptions[] = {
    {"invoke", "NAME", "The exported function that prepares it, after _initialize."},
    {"output", "FILE", "The file to write.", 'o'},
    kHelpOption,
};

struct SnapshotOptions {
  std::string file, output, function;
};

int snapshot(const SnapshotOptions& options) {
  auto engine = Engine::create();
  if (!engine) return report(engine.error());
  // What the store's guests use outlives it.
  auto wasi = Wasi::create({.args = {options.file}});
  if (!wasi) return report(wasi.error());
  Linker linker;
  linker.define(*wasi);
  Store store(*engine);
  const auto module = Module::from_file(store, options.file);
  if (!module) return report_module(module.error(), options.file);
  const auto instance = linker.instantiate(store, *module);
  if (!instance) return report_module(instance.error(), options.file);
  const GuestCall call{store, *module, *instance, options.file, {}};
  const auto status = invoke_function(call, options.function);
  if (!status) return report_module(status.error(), options.file);
  if (*status != kExitOk) return *status;
  const auto taken = instance->snapshot(store);
  if (!taken) return report_module(taken.error(), options.file);
  const auto bytes = taken->serialize();
  if (!bytes) return report_module(bytes.error(), options.file);
  return write_file(options.output, {reinterpret_cast<const char*>(bytes->data()), bytes->size()});
}

int run_snapshot(const Command& self, std::span<char* const> arguments) {
  OptionReader reader(self.options, arguments, OptionOrder::Anywhere);
  SnapshotOptions options;
  std::vector<std::string> paths;
  for (;;) {
    auto option = reader.next();
    if (!option) return usage_error(self, option.error().message);
    if (*option) {
      const auto& [spec, value] = **option;
      if (spec->name == kHelpOption.name) return write_out(help_text(self)) ? kExitOk : kExitError;
      (spec->name == "output" ? options.output : options.function) = value;
      continue;
    }
    const auto path = reader.take_argument();
    if (!path) break;
    paths.emplace_back(*path);
  }
  if (paths.empty()) return usage_error(self, "no module to take a snapshot of");
  if (paths.size() > 1) return usage_error(self, "more than one module to take a snapshot of");
  if (options.function.empty())
    return usage_error(self, "no function that prepares it: name one with --invoke");
  if (options.output.empty()) return usage_error(self, "no file to write: name one with -o");
  options.file = paths[0];
  return snapshot(options);
}

}  // namespace

constexpr Command kSnapshot{
    .name = "snapshot",
    .summary = "Let a module prepare itself, and keep its state",
    .arguments = "FILE --invoke NAME -o OUTPUT",
    .details =
        "The output is the module with the state of its memories, tables and globals after the\n"
        "call in a custom section: 'godwit run' begins there. It holds no code but the module's,\n"
        "and is checked like a module when it is run. The function gets no files and no network;\n"
        "what it has opened is not kept.\n",
    .examples = "  godwit snapshot app.wasm --invoke init -o app.snap\n  godwit run app.snap\n",
    .options = kOptions,
    .run = run_snapshot,
};

}  // namespace godwit::cli
