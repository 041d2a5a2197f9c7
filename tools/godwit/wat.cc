// godwit wat: shows a module in the text format.
#include <string>
#include <vector>

#include "command.h"
#include "module_error.h"
#include "module_file.h"
#include "output.h"
#include "output_file.h"
#include "text/print.h"
#include "wasm/decoder.h"

namespace godwit::cli {
namespace {

constexpr OptionSpec kOptions[] = {
    {"output", "FILE", "Write the text to a file instead of standard output.", 'o'},
    {"fold", "", "Write instructions around their operands: (i32.add (local.get 0) …)."},
    {"func", "FUNC",
     "Show this function alone: by its name, its identifier in the text, its\nexport or its index. May be "
     "repeated."},
    {"offsets", "", "Show indices and the byte offsets of instructions in comments."},
    kHelpOption,
};

struct WatOptions {
  text::PrintOptions print;
  std::string output;
  std::vector<std::string> funcs;
};

// The functions to show, in the order in which they were named.
Result<std::vector<wasm::FuncIdx>> chosen_funcs(const wasm::Module& module,
                                                const std::vector<std::string>& names) {
  std::vector<wasm::FuncIdx> funcs;
  for (const std::string& name : names) {
    const std::vector<wasm::FuncIdx> found = text::find_funcs(module, name);
    if (found.empty())
      return fail(ErrorKind::Usage, "it has no function '" + name + "' (of " + decimal(module.funcs.size()) +
                                        "; 'godwit inspect' lists the exported ones)");
    funcs.insert(funcs.end(), found.begin(), found.end());
  }
  return funcs;
}

Result<> print(const wasm::Module& module, const WatOptions& options) {
  ASSIGN_OR_RETURN(const std::vector<wasm::FuncIdx> funcs, chosen_funcs(module, options.funcs));
  ASSIGN_OR_RETURN(OutputFile out, OutputFile::open(options.output));
  const auto sink = [&](std::string_view piece) { return out.write(piece); };
  if (options.funcs.empty()) TRY(text::print_module(module, options.print, sink));
  for (const wasm::FuncIdx func : funcs) TRY(text::print_func(module, func, options.print, sink));
  return out.commit();
}

int show(const std::string& path, const WatOptions& options) {
  const auto file = load_module_file(path);
  if (!file) return report_module_error(file.error(), path);
  const auto module = wasm::decode(file->storage, file->bytes, wasm::FeatureSet::all());
  if (!module) return report_module_error(module.error(), path);
  const auto printed = print(*module, options);
  if (printed) return kExitOk;
  if (printed.error().kind() != ErrorKind::Usage) return report_module_error(printed.error(), path);
  write_error(path + ": " + printed.error().message());
  return kExitUsage;
}

int run_wat(const Command& self, std::span<char* const> arguments) {
  OptionReader reader(self.options, arguments, OptionOrder::Anywhere);
  WatOptions options;
  std::vector<std::string> paths;
  for (;;) {
    auto option = reader.next();
    if (!option) return usage_error(self, option.error().message);
    if (*option) {
      const auto& [spec, value] = **option;
      if (spec->name == kHelpOption.name) return write_out(help_text(self)) ? kExitOk : kExitError;
      if (spec->name == "output") options.output = value;
      else if (spec->name == "fold") options.print.fold = true;
      else if (spec->name == "func") options.funcs.emplace_back(value);
      else options.print.comments = true;
      continue;
    }
    const auto path = reader.take_argument();
    if (!path) break;
    paths.emplace_back(*path);
  }
  if (paths.empty()) return usage_error(self, "no file to show");
  if (paths.size() > 1) return usage_error(self, "more than one file to show");
  return show(paths[0], options);
}

}  // namespace

constexpr Command kWat{
    .name = "wat",
    .summary = "Show a module in the text format",
    .arguments = "FILE",
    .details =
        "FILE is a binary or a text. Names come from the module's name section; what has none is\n"
        "called by its import or export, or by a letter and its index. The module need not be\n"
        "valid. Custom sections become annotations, as (@custom \"producers\" …).\n",
    .examples =
        "  godwit wat app.wasm -o app.wat\n"
        "  godwit wat --fold --func main app.wasm\n"
        "  godwit wat --offsets --func 17 app.wasm | less\n",
    .options = kOptions,
    .run = run_wat,
};

}  // namespace godwit::cli
