// Validation.
// spec: https://webassembly.github.io/spec/core/valid/index.html
#pragma once

#include <memory>

#include "base/error.h"
#include "base/work_meter.h"
#include "wasm/features.h"
#include "wasm/module.h"

namespace godwit::wasm {

class CodeValidator;

// Validates everything but function bodies: types, imports, limits, constant expressions, segments, exports, start.
// @errors Invalid (or Malformed, in an expression): with the byte offset.
Result<> validate_declarations(const Module& module, const FeatureSet& features = {});

// Validates function bodies one after another, reusing its memory. For a module that passed validate_declarations,
// which must outlive it.
// @threads one at a time; any number of validators may share a module.
class BodyValidator final {
 public:
  explicit BodyValidator(const Module& module, const FeatureSet& features = {});
  ~BodyValidator();

  // `func` is a defined function.
  // @errors Invalid, or Malformed where the bytes are no instructions: with the byte offset. Exhausted: interrupted, or
  // more work than a body of its size may be (no compiler's output comes near). The validator can go on with other
  // bodies.
  Result<> validate(FuncIdx func, Interrupt interrupt = {});
  // How many steps of work the last body took.
  uint64_t steps() const;

 private:
  std::unique_ptr<CodeValidator> code_;
};

// Validates one function body. Needs a module that passed validate_declarations. `func` is a defined function.
// @threads any; reads the module only.
// @cost allocates stacks at each call: for many bodies take a BodyValidator.
Result<> validate_body(const Module& module, FuncIdx func, const FeatureSet& features = {},
                       Interrupt interrupt = {});

// Declarations, then all bodies.
Result<> validate(const Module& module, const FeatureSet& features = {}, Interrupt interrupt = {});

// spec: https://webassembly.github.io/spec/core/valid/matching.html: is `sub` a subtype of `super` in this module?
bool matches(const Module& module, ValType sub, ValType super);

}  // namespace godwit::wasm
