// What instructions cost where fuel is counted, and where counting begins anew: the same in every tier.
//
// A run is what surely runs one after the other: it ends where control may leave, or come from elsewhere. Its fuel is taken
// where it begins. So an exception, or a trap in the middle of it, finds all of it taken.
#pragma once

#include <array>

#include "wasm/opcodes.h"

namespace godwit::wasm {

// What is worked on at the price of one instruction: bytes, or elements of tables and arrays.
inline constexpr unsigned kFuelLengthShift = 6;

struct FuelRule {
  uint8_t cost = 1;
  bool ends_run = false;   // the next instruction begins a run
  bool by_length = false;  // and one more for each 64 of its last operand
};

namespace detail {

// These only say where blocks begin and end.
constexpr bool is_free(Opcode op) {
  switch (op) {
    case Opcode::nop:
    case Opcode::block:
    case Opcode::loop:
    case Opcode::else_:
    case Opcode::end:
    case Opcode::try_table:
    case Opcode::try_:
    case Opcode::catch_:
    case Opcode::catch_all:
    case Opcode::delegate: return true;
    default: return false;
  }
}

constexpr bool ends_run(Opcode op) {
  const std::string_view text = text_of(op);
  return op == Opcode::loop || op == Opcode::if_ || op == Opcode::else_ || op == Opcode::end ||
         op == Opcode::catch_ || op == Opcode::catch_all || op == Opcode::delegate ||
         text.starts_with("br_if") || text.starts_with("br_on");
}

constexpr bool works_by_length(Opcode op) {
  const std::string_view text = text_of(op);
  switch (class_of(op)) {
    case OpClass::Memory:
    case OpClass::Table:
      return text.ends_with(".fill") || text.ends_with(".copy") || text.ends_with(".init") ||
             text == "table.grow";
    case OpClass::Gc:
      return text == "array.fill" || text == "array.copy" || text.starts_with("array.init") ||
             (text.starts_with("array.new") && text != "array.new_fixed");
    default: return false;
  }
}

inline constexpr auto kFuelRules = [] {
  std::array<FuelRule, kOpcodeCount> rules{};
  for (size_t i = 0; i < kOpcodeCount; ++i) {
    const auto op = static_cast<Opcode>(i);
    rules[i] = {static_cast<uint8_t>(is_free(op) ? 0 : 1), ends_run(op), works_by_length(op)};
  }
  return rules;
}();

}  // namespace detail

constexpr const FuelRule& fuel_rule(Opcode op) { return detail::kFuelRules[static_cast<size_t>(op)]; }

}  // namespace godwit::wasm
