// Where a function's labels and loops are, and what is left to handlers.
#include "jit/shape.h"

#include <algorithm>

#include "jit/backend.h"

namespace godwit::jit {

using code::CellOp;

namespace {

// To look once more takes a good part of a loop of so many cells.
constexpr uint32_t kCellsOfShortLoop = 16;

}  // namespace

void Shape::branches_to(uint32_t from, uint32_t target) {
  is_label[target] = 1;
  if (arrivals[target] != UINT8_MAX) ++arrivals[target];
  if (target > from) return;
  is_loop[target] = 1;
  ++loops_[target];
  --loops_[from + 1];
  end_of_loops = from + 1;
}

void Shape::find(Counts how_counted) {
  const uint32_t count = size();
  for (auto* marks : {&by_handler, &is_label, &is_loop, &arrivals, &flows}) marks->assign(count + 1, 0);
  loops_.assign(count + 1, 0);
  end_of_loops = 0;
  for (uint32_t i = 0; i < count; ++i) {
    const CellOp op = ops[i];
    const HoleKind branch = branch_of(op);
    if (branch != HoleKind::none) branches_to(i, branch_target(branch, *this, i));
    flows[i] = branch != HoleKind::none || never_goes_on(op);
    if (op == CellOp::count) {
      is_label[i] |= i > 1;
      by_handler[i] = how_counted == Counts::Kept;
    }
    if (!is_data(op)) by_handler[i] = !has_code(op, cells[i]);
  }
  depth.assign(count + 1, 0);  // behind the last cell stands what leads to others
  int32_t around = 0;
  for (uint32_t i = 0; i < count; ++i) depth[i] = static_cast<uint8_t>(std::min(around += loops_[i], 255));
  looks.assign(count, 0);
  polls_in_vain.assign(count, 0);
  if (look != nullptr) find_looks();
}

// The loop that begins here is left so soon that the one around it may be asked in its place.
bool Shape::is_short_inner_loop(uint32_t index) const {
  if (depth[index] < 2) return false;
  for (uint32_t i = index + 1; i < size() && i <= index + kCellsOfShortLoop; ++i)
    if (depth[i] != depth[index]) return depth[i] < depth[index];
  return false;
}

// Soon in the loop that begins here the function calls itself, and is asked there.
bool Shape::soon_calls_itself(uint32_t index) const {
  if (depth[index] == 0) return false;
  for (uint32_t i = index + 1; i < size() && i <= index + kCellsOfShortLoop && depth[i] >= depth[index]; ++i)
    if (ops[i] == CellOp::call && cells[i].b == defined) return true;
  return false;
}

// A look finds interruptions, too, so whoever branches back to one need not.
void Shape::find_looks() {
  for (uint32_t i = 0; i < size(); ++i)
    looks[i] = ops[i] == CellOp::count && !by_handler[i] && !is_short_inner_loop(i) && !soon_calls_itself(i);
  for (uint32_t i = 0; i < size(); ++i) {
    const HoleKind branch = branch_of(ops[i]);
    if (branch == HoleKind::none || by_handler[i] || ops[i] == CellOp::br_entry) continue;
    if (!looks[branch_target(branch, *this, i)]) continue;
    if (ops[i] == CellOp::br_back) ops[i] = CellOp::br;
    else polls_in_vain[i] = 1;
  }
}

}  // namespace godwit::jit
