// Fuzz target: any bytes are decoded and validated, or refused with a place; verdicts hold however one asks.
#include "finding.h"
#include "target.h"
#include "wasm/decoder.h"
#include "wasm/encoder.h"
#include "wasm/validator.h"

namespace godwit::fuzz {
namespace {

using wasm::FeatureSet;
using wasm::FuncIdx;

void check_refusal(const Error& error, Bytes input) {
  if (error.kind() != ErrorKind::Malformed && error.kind() != ErrorKind::Invalid)
    report_finding("neither malformed nor invalid: " + error.describe(), input);
  if (error.offset() == kNoOffset || error.offset() > input.size())
    report_finding("an offset outside the module: " + error.describe(), input);
  if (error.message().empty()) report_finding("an error without words", input);
}

// Declarations, then bodies one by one, as an engine does that validates lazily.
bool is_valid_piecemeal(const wasm::Module& module, Bytes input) {
  if (!wasm::validate_declarations(module)) return false;
  bool is_valid = true;
  for (uint32_t i = 0; i < module.bodies.size(); ++i) {
    const auto body = wasm::validate_body(module, FuncIdx(module.imported_funcs + i));
    if (!body) check_refusal(body.error(), input);
    is_valid &= body.has_value();
  }
  return is_valid;
}

// A body written anew, each number in its shortest form.
std::vector<uint8_t> rewritten(const wasm::Module& module, const wasm::FuncBody& body, Bytes input) {
  wasm::InstructionReader reader(module, body.range, FeatureSet());
  wasm::Encoder out;
  const auto groups = reader.locals();
  if (!groups) report_finding("a valid body's locals: " + groups.error().describe(), input);
  out.u32(groups->size());
  for (const auto& group : *groups) out.u32(group.count).val_type(group.type);
  wasm::Instruction instruction;
  while (!reader.at_end()) {
    if (const auto read = reader.next(instruction); !read)
      report_finding("a valid body's instruction: " + read.error().describe(), input);
    out.instruction(instruction);
  }
  return out.take();
}

// A valid module whose bodies are written anew is valid, and written again it stays as it is.
void check_rewriting(const wasm::Module& module, Bytes input) {
  constexpr auto kCode = static_cast<size_t>(wasm::SectionId::Code);
  const uint32_t section = module.section_offsets[kCode];
  if (section == 0 || module.bodies.empty()) return;
  wasm::Encoder contents;
  contents.u32(module.bodies.size());
  for (const wasm::FuncBody& body : module.bodies) contents.sized(rewritten(module, body, input));
  const wasm::ByteRange last = module.bodies.back().range;
  wasm::Encoder whole;
  whole.raw(input.first(section))
      .u8(kCode)
      .sized(contents.bytes())
      .raw(input.subspan(last.offset + last.size));

  const auto again = wasm::decode_copy(whole.bytes());
  if (!again) report_finding("rewritten: " + again.error().describe(), whole.bytes());
  if (const auto valid = wasm::validate(*again); !valid)
    report_finding("rewritten: " + valid.error().describe(), whole.bytes());
  for (const wasm::FuncBody& body : again->bodies) {
    const std::vector<uint8_t> twice = rewritten(*again, body, whole.bytes());
    const Bytes once = again->slice(body.range);
    if (!std::equal(twice.begin(), twice.end(), once.begin(), once.end()))
      report_finding("written twice, a body changes", whole.bytes());
  }
}

}  // namespace

void start_target() {}

void run_target(Bytes input) {
  const auto module = wasm::decode_copy(input);
  if (!module) return check_refusal(module.error(), input);
  const auto valid = wasm::validate(*module);
  if (!valid) check_refusal(valid.error(), input);
  if (is_valid_piecemeal(*module, input) != valid.has_value())
    report_finding("valid as a whole or in pieces, but not both", input);
  if (valid) check_rewriting(*module, input);

  // what needs no proposal needs none that is on
  const auto old = wasm::decode_copy(input, FeatureSet::mvp());
  if (old && wasm::validate(*old, FeatureSet::mvp()) && !valid)
    report_finding("valid in WebAssembly 1.0, but not now: " + valid.error().describe(), input);
}

}  // namespace godwit::fuzz
