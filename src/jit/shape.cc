// What follows from a function's ops: which are calls, which end a path, where labels are.
#include "jit/shape.h"

#include <algorithm>

#include "jit/backend.h"

namespace godwit::jit {

using code::Cell;
using code::CellOp;

bool is_data(CellOp op) { return op == CellOp::br_entry || op == CellOp::tail_frame || op == CellOp::count; }

bool is_return(CellOp op) { return op >= CellOp::return_none && op <= CellOp::return_f64_k; }

bool is_call(CellOp op) {
  return op == CellOp::call || op == CellOp::call_imported || op == CellOp::call_indirect_s ||
         op == CellOp::call_indirect_a || op == CellOp::call_ref_s || op == CellOp::call_ref_a;
}

bool takes_accumulator(CellOp op) { return op == CellOp::call_indirect_a || op == CellOp::call_ref_a; }

bool never_goes_on(CellOp op) {
  return op == CellOp::br || op == CellOp::br_back || op == CellOp::br_table_s || op == CellOp::br_table_a ||
         op == CellOp::unreachable || is_return(op) ||
         (op >= CellOp::return_call && op <= CellOp::throw_reference);
}

bool changes_frame(CellOp op) {
  return is_call(op) || op == CellOp::return_none || op == CellOp::enter || op == CellOp::enter_zeroing;
}

uint32_t branch_target(HoleKind kind, const Shape& shape, uint32_t index) {
  const Cell& cell = shape.cells[index];
  const int32_t distance =
      kind == HoleKind::step_branch ? static_cast<int16_t>(cell.b) : static_cast<int32_t>(cell.b);
  return index + static_cast<uint32_t>(distance);
}

Shape shape_of(std::span<const Cell> cells, std::span<const CellOp> ops, Counts counts) {
  Shape shape{cells, ops, {}, {}, {}, false};
  const size_t count = cells.size();
  shape.by_handler.resize(count);
  shape.is_label.resize(count + 1);
  std::vector<int32_t> loops(count + 1);
  auto branches_to = [&](uint32_t from, uint32_t target) {
    shape.is_label[target] = 1;
    if (target > from) return;
    ++loops[target];
    --loops[from + 1];
  };
  for (uint32_t i = 0; i < count; ++i) {
    const CellOp op = ops[i];
    if (op == CellOp::br_entry) branches_to(i, i + cells[i].b);
    if (op == CellOp::count) {
      if (i > 1) shape.is_label[i] = 1;
      shape.by_handler[i] = counts == Counts::Kept;
    }
    if (is_data(op)) continue;
    shape.by_handler[i] = !has_code(op, cells[i]);
    if (const HoleKind kind = branch_of(op); kind != HoleKind::none)
      branches_to(i, branch_target(kind, shape, i));
  }
  shape.depth.resize(count);
  int32_t depth = 0;
  for (size_t i = 0; i < count; ++i) shape.depth[i] = static_cast<uint8_t>(std::min(depth += loops[i], 255));
  return shape;
}

}  // namespace godwit::jit
