// Where a function's labels and loops are, and what is left to handlers.
#include "jit/shape.h"

#include <algorithm>

#include "jit/backend.h"

namespace godwit::jit {

using code::CellOp;

void Shape::branches_to(uint32_t from, uint32_t target) {
  is_label[target] = 1;
  if (target > from) return;
  is_loop[target] = 1;
  ++loops_[target];
  --loops_[from + 1];
  end_of_loops = from + 1;
}

void Shape::find(Counts how_counted) {
  const uint32_t count = size();
  for (auto* marks : {&by_handler, &is_label, &is_loop, &flows}) marks->assign(count + 1, 0);
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
}

}  // namespace godwit::jit
