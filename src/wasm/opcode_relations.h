// How plain instructions are related, worked out from their texts, so that no list has to name them.
#pragma once

#include "wasm/opcodes.h"

namespace godwit::wasm {

// "lt_s" of "i32.lt_s".
constexpr std::string_view operation_of(Opcode op) { return text_of(op).substr(text_of(op).find('.') + 1); }

// True if all operands are integers.
constexpr bool is_of_integers(Opcode op) {
  for (const Signature::Type type : signature_of(op).params())
    if (type != Signature::Type::I32 && type != Signature::Type::I64) return false;
  return true;
}

// For comparisons of integers: not (x `op` y) is x `negated(op)` y. Those of floats have none, because of NaNs.
Opcode negated(Opcode op);
// For comparisons: x `op` y is y `mirrored(op)` x.
Opcode mirrored(Opcode op);
// For instructions on two numbers: x `op` y is y `op` x, but for which NaN comes out of two.
bool is_commutative(Opcode op);
// x - y is x + -y: the addition for a subtraction of integers, else `op` itself.
Opcode as_addition(Opcode op);
// The arithmetic that constant expressions may have.
// spec: https://webassembly.github.io/spec/core/valid/instructions.html#constant-expressions
bool is_constant_arithmetic(Opcode op);

}  // namespace godwit::wasm
