// godwit compile: adds optimised code to a module.
#include <string>
#include <vector>

#include "command.h"
#include "engine/engine.h"
#include "module_error.h"
#include "output.h"
#include "output_file.h"
#include "platform/memory_map.h"
#include "text/parse.h"

namespace godwit::cli {
namespace {

constexpr OptionSpec kOptions[] = {
    {"output", "FILE", "The file to write. Without it, nothing is compiled.", 'o'},
    {"opt", "LEVEL", "How much is done for fast code: 0 to 3. The default is 2."},
    kHelpOption,
};

Result<std::vector<uint8_t>> read_module(const platform::MappedFile& file, const std::string& path) {
  if (text::looks_like_text(as_text(file.bytes())))
    return text::parse_module({.name = path, .text = as_text(file.bytes())});
  return std::vector<uint8_t>(file.bytes().begin(), file.bytes().end());
}

Result<> compile(const std::string& path, const std::string& output, uint32_t optimization) {
  ASSIGN_OR_RETURN(const platform::MappedFile file, platform::MappedFile::copy(path));
  ASSIGN_OR_RETURN(const std::vector<uint8_t> module, read_module(file, path));
  ASSIGN_OR_RETURN(const std::vector<uint8_t> compiled,
                   engine::compile_ahead(module, {.features = {}, .optimization = optimization}));
  ASSIGN_OR_RETURN(OutputFile out, OutputFile::open(output));
  TRY(out.write(as_text(compiled)));
  return out.commit();
}

int run_compile(const Command& self, std::span<char* const> arguments) {
  OptionReader reader(self.options, arguments, OptionOrder::Anywhere);
  std::string output;
  uint32_t optimization = 2;
  std::vector<std::string> paths;
  for (;;) {
    auto option = reader.next();
    if (!option) return usage_error(self, option.error().message);
    if (*option) {
      const auto& [spec, value] = **option;
      if (spec->name == kHelpOption.name) return write_out(help_text(self)) ? kExitOk : kExitError;
      if (spec->name == "output") {
        output = value;
      } else {
        if (value.size() != 1 || value[0] < '0' || value[0] > '3')
          return usage_error(self, "--opt " + std::string(value) + ": write a number from 0 to 3");
        optimization = static_cast<uint32_t>(value[0] - '0');
      }
      continue;
    }
    const auto path = reader.take_argument();
    if (!path) break;
    paths.emplace_back(*path);
  }
  if (paths.empty()) return usage_error(self, "no module to compile");
  if (paths.size() > 1) return usage_error(self, "more than one module to compile");
  if (output.empty()) return usage_error(self, "no file to write: name one with -o");
  const Result<> compiled = compile(paths[0], output, optimization);
  return compiled ? kExitOk : report_module_error(compiled.error(), paths[0]);
}

}  // namespace

constexpr Command kCompile{
    .name = "compile",
    .summary = "Add optimised code for this machine to a module",
    .arguments = "FILE -o OUTPUT",
    .details =
        "The output is the module with its code in a custom section: it runs everywhere, and\n"
        "without compiling where this user runs it with this godwit on this kind of processor.\n"
        "Code that somebody else has made, or that was changed, is never run.\n",
    .examples = "  godwit compile app.wasm -o app.godwit\n  godwit run app.godwit\n",
    .options = kOptions,
    .run = run_compile,
};

}  // namespace godwit::cli
