// CellOp: the ops of the register code, and the table by which a tier gives each its handler.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "code/form.h"
#include "wasm/opcodes.h"

namespace godwit::code {

// Dense, in the order of cells.def.
enum class CellOp : uint16_t {
#define GODWIT_CELL(name, ...) name,
#define GODWIT_CONTROL_CELL(name) name,
#include "code/cells.def"
};

inline constexpr size_t kCellOpCount = 0
#define GODWIT_CELL(name, ...) +1
#define GODWIT_CONTROL_CELL(name) +1
#include "code/cells.def"
    ;

// The name in cells.def.
std::string_view name_of(CellOp op);

constexpr CellOp operator+(CellOp op, unsigned distance) {
  return static_cast<CellOp>(static_cast<unsigned>(op) + distance);
}

// What a tier gives to the translator: for every CellOp, then for every sequence (sequence.h), the distance in bytes from
// the table to its handler.
struct HandlerTable {
  const int32_t* distances;
  const void* operator[](size_t index) const {
    return reinterpret_cast<const uint8_t*>(distances) + distances[index];
  }
  const void* operator[](CellOp op) const { return (*this)[static_cast<size_t>(op)]; }
};

// The first op of the family that `op` becomes; families are laid out as cells.def says.
// `op` is of class Binary, Compare, Unary, Test, Convert, Load or Store.
CellOp first_cell_op(wasm::Opcode op);

// Members of families.
constexpr CellOp binary_op(CellOp first, Form form) { return first + 2 * static_cast<unsigned>(form); }
constexpr CellOp unary_op(CellOp first, Source source) { return first + (source == Source::S ? 0u : 2u); }
constexpr CellOp load_op(CellOp first, Source address) { return first + 2 * static_cast<unsigned>(address); }
constexpr CellOp checked_load_op(CellOp first) { return first + 6; }
constexpr CellOp store_op(CellOp first, Source address, Source value) {
  unsigned row = static_cast<unsigned>(address);
  unsigned column = value == Source::S ? 0 : value == Source::K ? 1 : 2;
  return first + 3 * row + column;
}
constexpr CellOp checked_store_op(CellOp first) { return first + 9; }
// The address is a sum of operands as `sum` says, which is not KS or KA.
constexpr CellOp load_at_op(CellOp first, Form sum) { return first + 7 + 2 * static_cast<unsigned>(sum); }
constexpr CellOp store_at_op(CellOp first, Form sum, Source value) {
  return first + 10 + 2 * static_cast<unsigned>(sum) + (value == Source::S ? 0u : 1u);
}
// The op of an instruction of the threads proposal: they have one each, in the order of opcodes.def.
constexpr CellOp atomic_op(wasm::Opcode op) {
  return CellOp::memory_atomic_notify +
         (static_cast<unsigned>(op) - static_cast<unsigned>(wasm::Opcode::memory_atomic_notify));
}

// Accesses of memory 0 by 64-bit addresses that lie in a slot or the accumulator (cells_wide.def).
constexpr CellOp wide_load_op(wasm::Opcode op, Source address) {
  unsigned row = static_cast<unsigned>(op) - static_cast<unsigned>(wasm::Opcode::i32_load);
  return CellOp::i32_load_wide_s + 4 * row + (address == Source::S ? 0u : 2u);
}
constexpr CellOp wide_store_op(wasm::Opcode op, Source address, Source value) {
  unsigned row = static_cast<unsigned>(op) - static_cast<unsigned>(wasm::Opcode::i32_store);
  unsigned column = value == Source::S ? 0 : value == Source::K ? 1 : 2;
  return CellOp::i32_store_wide_ss + 6 * row + (address == Source::S ? 0u : 3u) + column;
}
// Of an operation on a memory or table the one for its width; of a copy the one for those of target and source.
enum class Width : uint8_t { Narrow, Wide };
constexpr CellOp width_op(CellOp narrow, Width width) { return narrow + static_cast<unsigned>(width); }
constexpr CellOp copy_width_op(CellOp narrow, Width to, Width from) {
  return narrow + 2 * static_cast<unsigned>(to) + static_cast<unsigned>(from);
}
// The op that also writes slot d, for an op that has such a twin.
constexpr CellOp with_slot(CellOp op) { return op + 1; }
// The op that branches backwards, for a branch.
constexpr CellOp backwards(CellOp op) { return op + 1; }

// The op that does `op` with a right operand loaded by `load`; nothing if there is none.
std::optional<CellOp> load_binary_op(wasm::Opcode op, wasm::Opcode load, Source left, Place place);

// The end of a counted loop that compares i32s by `compare`.
CellOp step_op(wasm::Opcode compare, Source right);

// The branch that compares: taken if the comparison's outcome is `wanted`. Integer comparisons have only `true`.
CellOp branch_op(wasm::Opcode compare, Form form, bool wanted);

}  // namespace godwit::code
