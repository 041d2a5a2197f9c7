// godwit wasm: translates a module from the text format to the binary format.
#include <unistd.h>

#include <string>
#include <vector>

#include "command.h"
#include "module_error.h"
#include "output.h"
#include "output_file.h"
#include "platform/memory_map.h"
#include "text/parse.h"
#include "wasm/decoder.h"
#include "wasm/validator.h"

namespace godwit::cli {
namespace {

constexpr OptionSpec kOptions[] = {
    {"output", "FILE", "Write the module to a file instead of standard output.", 'o'},
    {"no-check", "", "Write the module even if it is not valid."},
    kHelpOption,
};

enum class Check : uint8_t { Valid, None };

Result<> validate(Bytes binary) {
  ASSIGN_OR_RETURN(const wasm::Module module, wasm::decode_copy(binary, wasm::FeatureSet::all()));
  return wasm::validate(module, wasm::FeatureSet::all());
}

Result<> translate(const std::string& path, const std::string& output, Check check) {
  ASSIGN_OR_RETURN(const platform::MappedFile file, platform::MappedFile::copy(path));
  const text::Source source{.name = path, .text = as_text(file.bytes())};
  if (source.text.starts_with('\0'))
    return fail(ErrorKind::Malformed, "it is in the binary format already; 'godwit wat' shows it as text");
  ASSIGN_OR_RETURN(const std::vector<uint8_t> binary, text::parse_module(source));
  if (check == Check::Valid)
    if (Result<> valid = validate(binary); !valid)
      return fail(text::error_in_text(source, std::move(valid).error()));
  ASSIGN_OR_RETURN(OutputFile out, OutputFile::open(output));
  TRY(out.write(as_text(binary)));
  return out.commit();
}

int run_wasm(const Command& self, std::span<char* const> arguments) {
  OptionReader reader(self.options, arguments, OptionOrder::Anywhere);
  std::string output;
  Check check = Check::Valid;
  std::vector<std::string> paths;
  for (;;) {
    auto option = reader.next();
    if (!option) return usage_error(self, option.error().message);
    if (*option) {
      const auto& [spec, value] = **option;
      if (spec->name == kHelpOption.name) return write_out(help_text(self)) ? kExitOk : kExitError;
      if (spec->name == "output") output = value;
      else check = Check::None;
      continue;
    }
    const auto path = reader.take_argument();
    if (!path) break;
    paths.emplace_back(*path);
  }
  if (paths.empty()) return usage_error(self, "no file to translate");
  if (paths.size() > 1) return usage_error(self, "more than one file to translate");
  if (output.empty() && ::isatty(STDOUT_FILENO) == 1)
    return usage_error(self, "a binary is nothing for a terminal: name a file with -o");
  const Result<> translated = translate(paths[0], output, check);
  return translated ? kExitOk : report_module_error(translated.error(), paths[0]);
}

}  // namespace

constexpr Command kWasm{
    .name = "wasm",
    .summary = "Translate a module from the text format to the binary format",
    .arguments = "FILE",
    .details =
        "Names of the text come to the name section, (@custom …) becomes custom sections. Errors\n"
        "show the line. 'godwit wat' is the way back.\n",
    .examples =
        "  godwit wasm app.wat -o app.wasm\n"
        "  godwit wasm --no-check broken.wat > broken.wasm\n",
    .options = kOptions,
    .run = run_wasm,
};

}  // namespace godwit::cli
