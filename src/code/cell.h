// Cell: one instruction of register code, 16 bytes.
#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/vm.h"

namespace godwit::runtime {

//   0  handler  the code that runs this cell (a tier's; see HandlerTable)
//   8  a        usually the slot of the left operand
//  10  d        usually the slot of the result
//  12  b        the right operand: a slot or a constant; or the distance in bytes from this cell to the one to which
//               it branches, or to a literal
//
// What the fields mean for each op is said at its body in ops_*.h. The cell before the one to which a call returns
// has in `a` the slot at which the callee's frame begins.
struct Cell {
  const void* handler;
  uint16_t a;
  uint16_t d;
  uint32_t b;
};
// What a branch's b is for a target so many cells away, and the way back.
constexpr int64_t branch_distance(int64_t cells) { return cells * static_cast<int64_t>(sizeof(Cell)); }
constexpr int64_t cells_of_distance(int64_t distance) {
  return distance / static_cast<int64_t>(sizeof(Cell));
}

static_assert(sizeof(Cell) == 16 && offsetof(Cell, a) == 8 && offsetof(Cell, d) == 10 &&
              offsetof(Cell, b) == 12);

}  // namespace godwit::runtime

namespace godwit::code {

using runtime::branch_distance;
using runtime::Cell;
using runtime::cells_of_distance;
using runtime::Slot;

}  // namespace godwit::code
