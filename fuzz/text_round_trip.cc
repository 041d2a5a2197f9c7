// Fuzz target: modules are printed and parsed, and stay what they are. Bytes that begin as a module are one; bytes that begin
// with a parenthesis are a text; others are choices for the generator.
#include "finding.h"
#include "module_generator.h"
#include "round_trip.h"
#include "target.h"
#include "text/parse.h"
#include "text/print.h"
#include "wasm/decoder.h"
#include "wasm/validator.h"

namespace godwit::fuzz {
namespace {

// A few bytes can declare many locals: texts are read again up to this length only.
constexpr size_t kLongestText = 1 << 20;

// Any module that can be decoded is printed, or refused with a place in it. True if the text is short.
bool check_printing(const wasm::Module& module, Bytes input) {
  bool is_short = true;
  for (const bool fold : {false, true}) {
    size_t size = 0;
    const auto printed =
        text::print_module(module, {.fold = fold, .comments = true}, [&](std::string_view piece) {
          size += piece.size();
          if (size <= kLongestText) return Result<>();
          return Result<>(fail(ErrorKind::Exhausted, "long"));
        });
    if (printed) continue;
    const Error& error = printed.error();
    if (error.kind() == ErrorKind::Exhausted) is_short = false;
    else if (error.kind() != ErrorKind::Malformed || error.offset() > input.size())
      report_finding("printing: " + error.describe(), input);
    else if (wasm::validate(module)) report_finding("valid, but not printed: " + error.describe(), input);
  }
  return is_short;
}

void check_module(const wasm::Module& module, Bytes input) {
  if (!check_printing(module, input) || !wasm::validate(module)) return;
  if (const auto fault = text::round_trip_fault(module)) report_finding(*fault, input);
}

// Whatever is parsed can be decoded; if it is valid, it can be printed and parsed again.
void check_text(Bytes input) {
  const auto binary = text::parse_module({.name = "input", .text = as_text(input)});
  if (!binary) {
    if (binary.error().message().empty()) report_finding("an error without words", input);
    return;
  }
  const auto module = wasm::decode_copy(*binary, wasm::FeatureSet::all());
  if (!module) {
    // `(module binary …)` may hold anything
    if (as_text(input).find("binary") == std::string_view::npos &&
        module.error().message().find("limit") == std::string::npos)
      report_finding("parsed, but not decoded: " + module.error().describe(), *binary);
    return;
  }
  check_module(*module, *binary);
}

}  // namespace

void start_target() {}

void run_target(Bytes input) {
  if (input.empty()) return;
  if (input[0] == '(') return check_text(input);
  if (input[0] != 0) {
    GeneratorOptions everything{.opcodes = {}, .memory64 = true};
    everything.opcodes.set();
    const std::vector<uint8_t> bytes = ModuleGenerator(input, everything).build();
    const auto module = wasm::decode_copy(bytes);
    if (!module) report_finding("the generated module: " + module.error().describe(), bytes);
    return check_module(*module, bytes);
  }
  if (const auto module = wasm::decode_copy(input)) check_module(*module, input);
}

}  // namespace godwit::fuzz
