// Bodies of branches. Distances are in bytes, from the branch's cell to its target.
#pragma once

#include "code/machine.h"

namespace godwit::code::ops {

namespace detail {

// Takes the branch if it is `wanted`; going back polls, so that no loop runs without end unnoticed.
template <Direction direction, class M, class Wanted>
[[gnu::always_inline]] inline Flow take_if(M& m, Flow taken, Wanted wanted) {
  constexpr bool kPolls = direction == Direction::Back;
  if constexpr (kPolls && M::kPollsFirst) {
    if (m.interrupted_in_leaf()) [[unlikely]]
      return m.trap(Trap::Interrupted);
  }
  if (!wanted()) return Flow::Next;
  if constexpr (kPolls && !M::kPollsFirst) {
    if (m.interrupted_in_leaf()) [[unlikely]]
      return m.trap(Trap::Interrupted);
  }
  return taken;
}

}  // namespace detail

template <Direction direction>
struct Jump {
  template <class M>
  static Flow run(M& m) {
    return detail::take_if<direction>(m, Flow::Branch, [] { return true; });
  }
};

// Taken if (the value in slot a or the accumulator is not 0) is `wanted`.
template <class T, Source source, bool wanted, Direction direction>
struct BranchTest {
  template <class M>
  static Flow run(M& m) {
    return detail::take_if<direction>(m, Flow::Branch,
                                      [&] { return (read<T, source>(m, m.a()) != 0) == wanted; });
  }
};

// Left operand in slot a; right in slot d, or (k) a number of the operand's type: the signed 16 bits of d, or if the
// left one is in the accumulator the 32 bits of a (low) and d.
template <Opcode op, Form form, bool wanted, Direction direction>
struct BranchCompare {
  template <class M>
  static Flow run(M& m) {
    using T = ParamOf<op>;
    return detail::take_if<direction>(m, Flow::Branch, [&] {
      T left = read<T, left_of(form)>(m, m.a());
      T right;
      if constexpr (form == Form::AK) right = static_cast<T>(static_cast<int32_t>(m.d() << 16 | m.a()));
      else if constexpr (form == Form::SK) right = static_cast<T>(signed_half(m.d()));
      else right = read<T, right_of(form)>(m, m.d());
      return Meaning<op>::apply(left, right) == wanted;
    });
  }
};

// Slot a += the signed high half of b; then a comparison with slot d or the signed d. The signed low half of b is the
// distance, backwards. The sum is also left in the accumulator.
template <Opcode op, Source right>
struct BranchStep {
  template <class M>
  static Flow run(M& m) {
    return detail::take_if<Direction::Back>(m, Flow::Jump, [&] {
      auto step = static_cast<uint32_t>(static_cast<int32_t>(m.b()) >> 16);
      uint32_t sum = m.template slot<uint32_t>(m.a()) + step;
      m.set_acc(sum);
      m.set_slot(m.a(), sum);
      uint32_t limit;
      if constexpr (right == Source::K) limit = static_cast<uint32_t>(signed_half(m.d()));
      else limit = m.template slot<uint32_t>(m.d());
      m.jump_by(static_cast<int16_t>(m.b()));
      return Meaning<op>::apply(sum, limit);
    });
  }
};

// Index in slot a or the accumulator; b entries follow, then the default. An entry's b counts from the entry.
// Entries lead forwards only: a branch back goes through a br_back.
template <Source source>
struct BranchTable {
  template <class M>
  static Flow run(M& m) {
    uint32_t index = read<uint32_t, source>(m, m.a());
    const uint32_t count = m.b();
    return m.jump_through_entry(index < count ? index : count);
  }
};

}  // namespace godwit::code::ops
