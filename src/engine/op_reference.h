// For the tests of this room: what each plain instruction must do, from runtime/numeric.h and numeric_simd.h, and
// operands at the edges of their types.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "runtime/trap.h"
#include "wasm/instruction.h"

namespace godwit::engine {

using OperandType = wasm::Signature::Type;

// A value of any number or vector type: its bits from the lowest.
struct Value {
  uint64_t low = 0, high = 0;
  bool operator==(const Value&) const = default;
};

// What an instruction comes to: its results, or a trap.
struct Expected {
  runtime::Trap trap = runtime::Trap::None;
  std::array<Value, 2> results = {};
};

// True for the instructions whose results follow from operands and immediates alone.
bool has_reference(wasm::Opcode op);
// has_reference(in.op); as many operands as the signature says.
Expected reference(const wasm::Instruction& in, const Value* operands);
// The immediates to try `op` with: all lanes, some shuffles; one for those without.
std::vector<wasm::Instruction> variants(wasm::Opcode op);

// True if `got` is `wanted` to the bit, or both are NaNs of which the specification says no more than that: where
// several operands are NaNs the result is one of them, quiet. `type` is the result's.
// spec: https://webassembly.github.io/spec/core/exec/numerics.html#nan-propagation
bool is_same(wasm::Opcode op, OperandType type, Value got, Value wanted, const Value* operands);

const std::vector<Value>& edges(OperandType type);
wasm::ValKind kind_of(OperandType type);
std::string text_of(OperandType type, Value value);

}  // namespace godwit::engine
