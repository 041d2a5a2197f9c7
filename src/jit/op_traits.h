// What ops are to the compiler of register code, told by their numbers alone.
#pragma once

#include <array>
#include <cstdint>

#include "code/cell_op.h"

namespace godwit::jit {

enum OpTrait : uint8_t {
  kIsData = 1,        // data of the cell before it, or a cell of no effect
  kIsCall = 2,        // the callee may use all registers, and memory must have all values before it
  kTakesAcc = 4,      // of calls: the accumulator says what is called
  kIsReturn = 8,      // leaves a value where the caller finds it, and the frame
  kNeverGoesOn = 16,  // with the next cell
  kChangesFrame = 32,
  kIsTable = 64,     // br_table
  kTakesSlot = 128,  // of calls: the slot in d says what is called
};

constexpr bool is_between(code::CellOp op, code::CellOp first, code::CellOp last) {
  return op >= first && op <= last;
}

constexpr uint8_t traits_of_number(code::CellOp op) {
  using enum code::CellOp;
  unsigned traits = 0;
  if (op == br_entry || op == tail_frame || op == count) traits |= kIsData;
  if (is_between(op, call, call_ref_a)) traits |= kIsCall | kChangesFrame;
  if (op == call_indirect_a || op == call_ref_a) traits |= kTakesAcc;
  if (op == call_indirect_s || op == call_ref_s) traits |= kTakesSlot;
  if (is_between(op, return_none, return_f64_k)) traits |= kIsReturn | kNeverGoesOn;
  if (op == br_table_s || op == br_table_a) traits |= kIsTable | kNeverGoesOn;
  if (op == br || op == br_back || op == br_entry || op == unreachable) traits |= kNeverGoesOn;
  if (is_between(op, return_call, throw_reference)) traits |= kNeverGoesOn;
  if (op == return_none || op == enter || op == enter_zeroing) traits |= kChangesFrame;
  return static_cast<uint8_t>(traits);
}

inline constexpr auto kOpTraits = [] {
  std::array<uint8_t, code::kCellOpCount> traits{};
  for (size_t i = 0; i < traits.size(); ++i) traits[i] = traits_of_number(static_cast<code::CellOp>(i));
  return traits;
}();

constexpr bool has_trait(code::CellOp op, OpTrait trait) {
  return (kOpTraits[static_cast<size_t>(op)] & trait) != 0;
}

constexpr bool is_data(code::CellOp op) { return has_trait(op, kIsData); }
constexpr bool is_call(code::CellOp op) { return has_trait(op, kIsCall); }
constexpr bool takes_accumulator(code::CellOp op) { return has_trait(op, kTakesAcc); }
constexpr bool is_return(code::CellOp op) { return has_trait(op, kIsReturn); }
constexpr bool never_goes_on(code::CellOp op) { return has_trait(op, kNeverGoesOn); }
constexpr bool changes_frame(code::CellOp op) { return has_trait(op, kChangesFrame); }

}  // namespace godwit::jit
