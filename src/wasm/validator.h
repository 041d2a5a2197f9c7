// Validation.
// spec: https://webassembly.github.io/spec/core/valid/index.html
#pragma once

#include "base/error.h"
#include "wasm/features.h"
#include "wasm/module.h"

namespace godwit::wasm {

// Validates everything but function bodies: types, imports, limits, constant expressions, segments, exports, start.
// @errors Invalid (or Malformed, in an expression): with the byte offset.
Result<> validate_declarations(const Module& module, const FeatureSet& features = {});

// Validates one function body. Needs a module that passed validate_declarations. `func` is a defined function.
// @threads any; reads the module only.
Result<> validate_body(const Module& module, FuncIdx func, const FeatureSet& features = {});

// Declarations, then all bodies.
Result<> validate(const Module& module, const FeatureSet& features = {});

// spec: https://webassembly.github.io/spec/core/valid/matching.html: is `sub` a subtype of `super` in this module?
bool matches(const Module& module, ValType sub, ValType super);

}  // namespace godwit::wasm
