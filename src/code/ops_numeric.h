// Bodies of the plain numeric ops.
#pragma once

#include <utility>

#include "code/machine.h"

namespace godwit::code::ops {

// Left operand in slot a (s); right in slot b (s) or constant b (k); if the left is the constant b, the right is in
// slot a. Result: d.
template <Opcode op, Form form, Dest dest>
struct Binary {
  template <class M>
  static Flow run(M& m) {
    constexpr Source kLeft = left_of(form), kRight = right_of(form);
    auto left = read<ParamOf<op, 0>, kLeft>(m, m.a());
    if constexpr (kLeft == Source::K)
      return deliver<dest>(m, Meaning<op>::apply(left, read<ParamOf<op, 1>, kRight>(m, m.a())));
    else return deliver<dest>(m, Meaning<op>::apply(left, read<ParamOf<op, 1>, kRight>(m, m.b())));
  }
};

// The accumulator divided by a constant, without a division: times the far constant b, of which the upper 64 bits of 128 are
// shifted right by a (divisor.h). Result: d.
template <Dest dest>
struct DivideByProduct {
  template <class M>
  static Flow run(M& m) {
    using Wide = unsigned __int128;
    const auto dividend = read<uint64_t, Source::A>(m, 0), factor = read<uint64_t, Source::K>(m, m.b());
    const auto high = static_cast<uint64_t>(Wide{dividend} * factor >> 64);
    return deliver<dest>(m, high >> (m.a() & 63));
  }
};

// Operand in slot a. Result: d.
template <Opcode op, Source source, Dest dest>
struct Unary {
  template <class M>
  static Flow run(M& m) {
    return deliver<dest>(m, Meaning<op>::apply(read<ParamOf<op>, source>(m, m.a())));
  }
};

// The 128-bit operations: operands in the slots from a, and so the results.
template <Opcode op>
struct Wide {
  template <class M>
  static Flow run(M& m) {
    return [&]<size_t... index>(std::index_sequence<index...>) {
      auto result = Meaning<op>::apply(m.template slot<uint64_t>(m.a() + index)...);
      m.set_slot(m.a(), result.low);
      m.set_slot(m.a() + 1, result.high);
      return Flow::Next;
    }(std::make_index_sequence<signature(op).params().size()>());
  }
};

}  // namespace godwit::code::ops
