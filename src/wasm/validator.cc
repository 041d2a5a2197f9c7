// Validation of bodies and of whole modules.
#include "wasm/validator.h"

#include "wasm/code_validator.h"
#include "wasm/instruction.h"

namespace godwit::wasm {

namespace {

// Reads a body to its end: instructions that can be decoded, in blocks that are closed.
Result<> check_form(const Module& module, ByteRange range, const FeatureSet& features) {
  InstructionReader reader(module, range, features);
  TRY(reader.locals());
  Instruction instruction;
  for (uint64_t open_blocks = 1; open_blocks > 0;) {
    TRY(reader.next(instruction));
    const ImmKind immediates = immediates_of(instruction.op);
    if (immediates == ImmKind::Block || immediates == ImmKind::TryTable) ++open_blocks;
    if (instruction.op == Opcode::end || instruction.op == Opcode::delegate) --open_blocks;
  }
  return {};
}

// A module whose bytes are malformed anywhere is malformed, whatever was invalid before that place.
Result<> prefer_malformed(const Module& module, const FeatureSet& features, Result<> validated) {
  if (validated || validated.error().kind() != ErrorKind::Invalid) return validated;
  for (const FuncBody& body : module.bodies) TRY(check_form(module, body.range, features));
  return validated;
}

Result<> validate_in_order(const Module& module, const FeatureSet& features, Interrupt interrupt) {
  TRY(validate_declarations(module, features));
  CodeValidator code(module, features);
  for (size_t i = module.imported_funcs; i < module.funcs.size(); ++i) TRY(code.body(FuncIdx(i), interrupt));
  return {};
}

}  // namespace

BodyValidator::BodyValidator(const Module& module, const FeatureSet& features)
    : code_(std::make_unique<CodeValidator>(module, features)) {}

BodyValidator::~BodyValidator() = default;

Result<> BodyValidator::validate(FuncIdx func, Interrupt interrupt) { return code_->body(func, interrupt); }

uint64_t BodyValidator::steps() const { return code_->steps(); }

Result<> validate_body(const Module& module, FuncIdx func, const FeatureSet& features, Interrupt interrupt) {
  return CodeValidator(module, features).body(func, interrupt);
}

Result<> validate(const Module& module, const FeatureSet& features, Interrupt interrupt) {
  return prefer_malformed(module, features, validate_in_order(module, features, interrupt));
}

}  // namespace godwit::wasm
