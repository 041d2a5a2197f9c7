// Evaluation of constant expressions.
// spec: https://webassembly.github.io/spec/core/valid/instructions.html#constant-expressions
#pragma once

#include "base/error.h"
#include "runtime/instance.h"

namespace godwit::runtime {

// The value of a validated constant expression of `instance`'s module, whose imports and earlier globals are there.
// @errors Exhausted: the garbage-collected heap is full.
Result<VmGlobal> evaluate(Instance& instance, const wasm::ConstExpr& expression);

// The value of a constant expression of an address type.
Result<uint64_t> evaluate_offset(Instance& instance, const wasm::ConstExpr& expression, wasm::AddrType type);

}  // namespace godwit::runtime
