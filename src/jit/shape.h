// Shape: a function's cells with their ops and what follows from both, whatever the processor.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "code/cell.h"
#include "code/cell_op.h"
#include "jit/hole_kind.h"

namespace godwit::jit {

struct Shape {
  std::span<const code::Cell> cells;
  std::span<const code::CellOp> ops;
  std::vector<uint8_t> by_handler;  // the op is done by the interpreter's handler
  std::vector<uint8_t> is_label;    // some cell branches here
  std::vector<uint8_t> depth;       // loops around the cell, as far as they can be told
  bool may_catch = false;           // nothing is pinned: a handler of exceptions wants all slots in memory
};

// Whether a `count` stays, done by its handler, which is a way into and out of machine code; else nothing is left of it.
enum class Counts : uint8_t { Dropped, Kept };

Shape shape_of(std::span<const code::Cell> cells, std::span<const code::CellOp> ops,
               Counts counts = Counts::Dropped);

// Cells that are data of the cell before them, and those of no effect.
bool is_data(code::CellOp op);
// The callee or the handler may use all registers, and memory must have all values before it.
bool is_call(code::CellOp op);
// Of calls: the accumulator says what is called.
bool takes_accumulator(code::CellOp op);
bool is_return(code::CellOp op);
bool never_goes_on(code::CellOp op);
bool changes_frame(code::CellOp op);

// The cell that a branch leads to.
uint32_t branch_target(HoleKind kind, const Shape& shape, uint32_t index);

}  // namespace godwit::jit
