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

// Bytes of a lane of "i16x8.…".
constexpr uint32_t lane_bytes_of(Opcode op) {
  uint32_t bits = 0;
  for (const char c : text_of(op).substr(1)) {
    if (c < '0' || c > '9') break;
    bits = 10 * bits + static_cast<uint32_t>(c - '0');
  }
  return bits / 8;
}

// True of i32.wrap_i64: reading the low half does the same.
constexpr bool is_wrap(Opcode op) {
  return class_of(op) == OpClass::Convert && is_of_integers(op) &&
         signature_of(op).params()[0] == Signature::Type::I64 &&
         signature_of(op).results()[0] == Signature::Type::I32;
}

// For comparisons of integers: not (x `op` y) is x `negated(op)` y. Those of floats have none, because of NaNs.
Opcode negated(Opcode op);
// For comparisons: x `op` y is y `mirrored(op)` x.
Opcode mirrored(Opcode op);
// The comparison for equality of numbers of a type; its negation.
Opcode equality_of(Signature::Type type);
Opcode inequality_of(Signature::Type type);
// The test for zero of integers of a type.
Opcode zero_test_of(Signature::Type type);
// For instructions on two numbers: x `op` y is y `op` x, but for which NaN comes out of two.
bool is_commutative(Opcode op);
// True of the addition of numbers of a type.
bool is_addition(Opcode op, Signature::Type type);
// x - y is x + -y: the addition for a subtraction of integers, else `op` itself.
Opcode as_addition(Opcode op);
// The arithmetic that constant expressions may have.
// spec: https://webassembly.github.io/spec/core/valid/instructions.html#constant-expressions
bool is_constant_arithmetic(Opcode op);

}  // namespace godwit::wasm
