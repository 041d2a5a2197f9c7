// Sequence: op bodies run one after the other, as one.
#pragma once

#include "code/machine.h"

namespace godwit::code::ops {

// The cells stand in this order, one after the other, and each keeps its own fields. What leaves the straight way, a
// branch or a trap, leaves from the cell that does it.
template <class First, class... Rest>
struct Sequence {
  template <class M>
  [[gnu::always_inline]] static Flow run(M& m) {
    Flow flow = First::run(m);
    if constexpr (sizeof...(Rest) != 0) {
      if (flow != Flow::Next) return flow;
      auto next = m.next_cell();
      return Sequence<Rest...>::run(next);
    } else {
      return flow;
    }
  }
};

}  // namespace godwit::code::ops
