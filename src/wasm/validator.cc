// Validation of bodies and of whole modules.
#include "wasm/validator.h"

#include "wasm/code_validator.h"

namespace godwit::wasm {

BodyValidator::BodyValidator(const Module& module, const FeatureSet& features)
    : code_(std::make_unique<CodeValidator>(module, features)) {}

BodyValidator::~BodyValidator() = default;

Result<> BodyValidator::validate(FuncIdx func) { return code_->body(func); }

Result<> validate_body(const Module& module, FuncIdx func, const FeatureSet& features) {
  return CodeValidator(module, features).body(func);
}

Result<> validate(const Module& module, const FeatureSet& features) {
  TRY(validate_declarations(module, features));
  CodeValidator code(module, features);
  for (size_t i = module.imported_funcs; i < module.funcs.size(); ++i) TRY(code.body(FuncIdx(i)));
  return {};
}

}  // namespace godwit::wasm
