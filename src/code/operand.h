// Operand: a value on the translator's symbolic operand stack.
#pragma once

#include <cstdint>

#include "wasm/types.h"

namespace godwit::code {

// The accumulators; None: values that have none.
enum class AccClass : uint8_t { Int, F32, F64, V128, None };

constexpr AccClass acc_class_of(wasm::ValKind kind) {
  switch (kind) {
    case wasm::ValKind::I32:
    case wasm::ValKind::I64:
    case wasm::ValKind::Ref: return AccClass::Int;
    case wasm::ValKind::F32: return AccClass::F32;
    case wasm::ValKind::F64: return AccClass::F64;
    case wasm::ValKind::V128: return AccClass::V128;
    default: return AccClass::None;
  }
}

// True if constants of the kind are 32 bits in the cell; others are literals.
constexpr bool is_short(wasm::ValKind kind) {
  return kind == wasm::ValKind::I32 || kind == wasm::ValKind::F32;
}

// Every operand has a slot of its own, given by its position on the stack; only Temp operands are really there (or
// will be: see AccTracker). The others cost nothing until someone wants them in their slot.
struct Operand {
  enum class Where : uint8_t { Temp, Local, Const };
  Where where = Where::Temp;
  wasm::ValKind kind = wasm::ValKind::Bot;
  uint32_t slot = 0;         // its own
  uint32_t local_slot = 0;   // Local: the local's slot
  uint32_t local_index = 0;  // Local
  uint64_t bits = 0;         // Const; Local: see above() and below()

  uint32_t width() const { return kind == wasm::ValKind::V128 ? 2 : 1; }
  uint32_t end_slot() const { return slot + width(); }
  // Local: where on the stack the next operands lie that mean the same local; kNoPlace: nowhere.
  static constexpr uint32_t kNoPlace = ~uint32_t{0};
  uint32_t below() const { return static_cast<uint32_t>(bits); }
  uint32_t above() const { return static_cast<uint32_t>(bits >> 32); }
  void set_neighbours(uint32_t below_it, uint32_t above_it) { bits = uint64_t{above_it} << 32 | below_it; }
  void set_below(uint32_t place) { bits = (bits >> 32 << 32) | place; }
  void set_above(uint32_t place) { bits = uint64_t{place} << 32 | static_cast<uint32_t>(bits); }
  // The slot to read it from, if it lies in one.
  uint32_t place() const { return where == Where::Local ? local_slot : slot; }
};

}  // namespace godwit::code
