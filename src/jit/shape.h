// Shape: a function's cells with their ops and what follows from both, whatever the processor.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <vector>

#include "code/cell.h"
#include "code/native.h"
#include "jit/hole_kind.h"
#include "jit/op_traits.h"

namespace godwit::jit {

// What is left of a `count`: nothing, or its handler, which is a way into and out of machine code.
enum class Counts : uint8_t { Dropped, Kept };

// The memory serves one function after another.
struct Shape {
  std::span<const code::Cell> cells;
  std::vector<code::CellOp> ops;
  bool may_catch = false;        // nothing is pinned: a handler of exceptions wants all slots in memory
  bool may_call_itself = false;  // without asking where its first cell leads
  uint32_t defined = 0;          // which function of the module this is
  const std::atomic<const code::Cell*>* entries = nullptr;  // of the module's functions, or null
  code::Look* look = nullptr;                               // where `count`s are dropped: NativeSource::look
  std::span<const uint8_t> narrow_slots;                    // NativeSource::narrow_slots

  // By cell:
  std::vector<uint8_t> by_handler;     // the op is done by the interpreter's handler
  std::vector<uint8_t> is_label;       // some cell branches here
  std::vector<uint8_t> is_loop;        // one behind it does
  std::vector<uint8_t> arrivals;       // so many cells branch here, or more than one can count to
  std::vector<uint8_t> flows;          // control may go elsewhere, or does not go on
  std::vector<uint8_t> depth;          // loops around the cell, as far as they can be told
  std::vector<uint8_t> looks;          // a `count` where `look` is looked at
  std::vector<uint8_t> polls_in_vain;  // branches to one of these: interruptions are found there
  uint32_t end_of_loops = 0;           // behind the last cell that branches back

  // Finds what follows from `cells` and `ops`.
  void find(Counts how_counted);

  uint32_t size() const { return static_cast<uint32_t>(cells.size()); }

 private:
  void branches_to(uint32_t from, uint32_t target);
  bool is_short_inner_loop(uint32_t index) const;
  bool soon_calls_itself(uint32_t index) const;
  void find_looks();
  std::vector<int32_t> loops_;  // that begin at the cell, less those that end before it
};

// Where calls of the module's own function may always lead, or null if that is not known yet.
inline const code::Cell* entry_of(const Shape& shape, uint32_t function) {
  if (shape.entries == nullptr) return nullptr;
  const code::Cell* entry = shape.entries[function].load(std::memory_order_acquire);
  return entry == nullptr && function == shape.defined ? shape.cells.data() : entry;
}

// The cell that a branch leads to.
inline uint32_t branch_target(HoleKind kind, const Shape& shape, uint32_t index) {
  const code::Cell& cell = shape.cells[index];
  const int32_t distance =
      kind == HoleKind::step_branch ? static_cast<int16_t>(cell.b) : static_cast<int32_t>(cell.b);
  return index + static_cast<uint32_t>(code::cells_of_distance(distance));
}

// The cell that an entry of a br_table leads to.
inline uint32_t entry_target(const Shape& shape, uint32_t entry) {
  return entry + static_cast<uint32_t>(code::cells_of_distance(static_cast<int32_t>(shape.cells[entry].b)));
}

}  // namespace godwit::jit
