// Fuzz target: any bytes are a module in the text format and a script, or are refused with a place in them.
#include "finding.h"
#include "target.h"
#include "text/parse.h"
#include "text/script.h"
#include "wasm/decoder.h"
#include "wasm/validator.h"

namespace godwit::fuzz {
namespace {

// "words\n --> input:1:2\n…"; the arrow stands further right before longer numbers
void check_place(const Error& error, Bytes input) {
  if (error.message().find("--> input:") == std::string::npos)
    report_finding("an error without a place: " + error.describe(), input);
}

void check_module(const text::Source& source, Bytes input) {
  const auto binary = text::parse_module(source);
  if (!binary) return check_place(binary.error(), input);
  if (text::parse_module(source) != *binary) report_finding("parsed twice, a text is two modules", input);
  const auto module = wasm::decode_copy(*binary, wasm::FeatureSet::all());
  auto checked = module ? wasm::validate(*module, wasm::FeatureSet::all()) : fail(ErrorKind::Malformed, "");
  if (!module || checked) return;
  // What is invalid has a place in the text, unless the text is strings.
  const Error placed = text::error_in_text(source, std::move(checked).error());
  if (source.text.find("binary") == std::string_view::npos &&
      source.text.find("quote") == std::string_view::npos)
    check_place(placed, input);
}

void check_script(const text::Source& source, Bytes input) {
  const auto script = text::parse_script(source);
  if (!script) return check_place(script.error(), input);
  for (const text::Command& command : script->commands) {
    if (command.end == 0) continue;
    if (command.end > source.text.size() || command.begin >= command.end)
      report_finding("a module outside of the script", input);
    (void)text::parse_module(source, command.begin, command.end);
  }
}

}  // namespace

void start_target() {}

void run_target(Bytes input) {
  const text::Source source{.name = "input", .text = as_text(input)};
  check_module(source, input);
  check_script(source, input);
}

}  // namespace godwit::fuzz
