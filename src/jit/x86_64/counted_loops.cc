// Reading cells backwards from a loop's end.
#include "jit/x86_64/counted_loops.h"

#include <algorithm>
#include <optional>

#include "jit/x86_64/pins.h"
#include "jit/x86_64/stencil.h"

namespace godwit::jit {

using code::Cell;
using code::CellOp;

namespace {

// Some 0.1 ms of work.
constexpr int64_t kMostCellsRun = 1 << 16;
// The local gets its first value so soon before the loop.
constexpr uint32_t kMostCellsBefore = 16;

// What the step of a loop is, and how it compares.
struct Step {
  uint32_t slot;
  int64_t by, limit;
  CellOp op;
};

std::optional<Step> step_of(CellOp op, const Cell& cell) {
  using enum CellOp;
  if (op != br_step_i32_ne_k && op != br_step_i32_lt_s_k && op != br_step_i32_lt_u_k &&
      op != br_step_i32_gt_s_k)
    return std::nullopt;
  return Step{cell.a, static_cast<int32_t>(cell.b) >> 16, static_cast<int16_t>(cell.d), op};
}

// How often the loop runs if the local begins with this number; nothing if that is too often, or not plain.
std::optional<int64_t> rounds_of(const Step& step, int64_t first) {
  const int64_t distance = step.by > 0 ? step.limit - first : first - step.limit;
  const int64_t by = step.by > 0 ? step.by : -step.by;
  if (by == 0 || distance <= 0 || distance > kMostCellsRun) return std::nullopt;
  const bool fits = [&] {
    switch (step.op) {
      case CellOp::br_step_i32_ne_k: return distance % by == 0;
      case CellOp::br_step_i32_lt_s_k: return step.by > 0;
      case CellOp::br_step_i32_lt_u_k: return step.by > 0 && first >= 0;
      case CellOp::br_step_i32_gt_s_k: return step.by < 0;
      default: return false;
    }
  }();
  return fits ? std::optional(distance / by + 1) : std::nullopt;
}

bool writes(const Shape& shape, uint32_t index, uint32_t slot) {
  const Stencil& stencil = stencil_of(shape.ops[index]);
  for (const SlotUse& use : slots_of(stencil)) {
    const uint32_t number = slot_of(use, shape.cells[index]);
    if (use.writes && slot - number <= uint32_t{use.is_wide || use.touches_two}) return true;
  }
  return false;
}

// Nothing is done here but by a stencil that says which slots it writes.
bool is_plain(const Shape& shape, uint32_t index) {
  constexpr unsigned kNotPlain = kIsCall | kChangesFrame | kIsTable | kFindsSlots;
  return !shape.by_handler[index] && (stencil_of(shape.ops[index]).traits & kNotPlain) == 0;
}

// The number in the slot where control comes to the loop from before it.
std::optional<int64_t> first_value(const Shape& shape, uint32_t loop, uint32_t slot) {
  for (uint32_t before = 1; before <= std::min(loop, kMostCellsBefore); ++before) {
    const uint32_t i = loop - before;
    if (has_trait(shape.ops[i], kNeverGoesOn) || !is_plain(shape, i)) return std::nullopt;
    if (shape.ops[i] == CellOp::put_i32 && shape.cells[i].d == slot)
      return static_cast<int32_t>(shape.cells[i].b);
    if (writes(shape, i, slot) || shape.is_label[i]) return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

void find_counted_loops(const Shape& shape, std::vector<uint8_t>& ends) {
  ends.assign(shape.size(), 0);
  if (shape.may_catch) return;
  for (uint32_t end = 0; end < shape.size(); ++end) {
    const auto step = step_of(shape.ops[end], shape.cells[end]);
    if (!step || shape.by_handler[end]) continue;
    const uint32_t begin = branch_target(HoleKind::step_branch, shape, end);
    if (shape.arrivals[begin] != 1) continue;
    const auto first = first_value(shape, begin, step->slot);
    const auto rounds = first ? rounds_of(*step, *first) : std::nullopt;
    if (!rounds || *rounds * (end - begin + 1) > kMostCellsRun) continue;
    bool is_counted = true;
    for (uint32_t i = begin; i < end && is_counted; ++i)
      is_counted = is_plain(shape, i) && (i == begin || !shape.is_loop[i]) && !writes(shape, i, step->slot);
    ends[end] = is_counted;
  }
}

}  // namespace godwit::jit
