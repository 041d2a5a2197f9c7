// Bodies of what 64-bit memories and tables need beyond the rest: accesses of memory 0 with their check, and indices.
// spec: https://webassembly.github.io/spec/core/exec/instructions.html#memory-instructions
#pragma once

#include "code/machine.h"
#include "code/ops_memory.h"

namespace godwit::code::ops {

namespace detail {

// The effective address of an access of memory 0: the address in slot a (s) or the accumulator (a), and the offset b.
// False if not all of the `size` bytes there are inside.
template <Source address, class M>
[[gnu::always_inline]] inline bool wide_address(M& m, uint64_t size, uint64_t& effective) {
  uint64_t base = read<uint64_t, address>(m, m.a());
  uint64_t end;
  // The constant part has 33 bits at most; the sum with the guest's may need more than 64.
  if (__builtin_add_overflow(base, uint64_t{m.b()} + size, &end)) [[unlikely]]
    return false;
  effective = base + m.b();
  return end <= m.ctx()->memory0->size_bytes.load(std::memory_order_acquire);
}

}  // namespace detail

// Result: d.
template <Opcode op, Source address, Dest dest>
struct WideLoad {
  template <class M>
  static Flow run(M& m) {
    using T = MemoryTypeOf<op>;
    uint64_t effective;
    if (!detail::wide_address<address>(m, sizeof(T), effective)) [[unlikely]]
      return m.trap(Trap::MemoryOutOfBounds);
    write<dest>(m, static_cast<ResultOf<op>>(m.template load<T>(effective)));
    return Flow::Next;
  }
};

// Value in slot d (s) or the signed 16 bits of d (k).
template <Opcode op, Source address, Source value>
struct WideStore {
  template <class M>
  static Flow run(M& m) {
    using T = MemoryTypeOf<op>;
    using Value = ParamOf<op, 1>;
    uint64_t effective;
    if (!detail::wide_address<address>(m, sizeof(T), effective)) [[unlikely]]
      return m.trap(Trap::MemoryOutOfBounds);
    if constexpr (value != Source::K) {
      m.store(effective, static_cast<T>(read<Value, value>(m, m.d())));
    } else {
      if constexpr (std::is_floating_point_v<Value>) return m.trap(Trap::Unreachable);  // never made
      else m.store(effective, static_cast<T>(signed_half(m.d())));
    }
    return Flow::Next;
  }
};

// The index of an indirect call, in slot a (s) or the accumulator (a), to the accumulator as the call takes it.
template <Source source>
struct NarrowIndex {
  template <class M>
  static Flow run(M& m) {
    auto index = read<uint64_t, source>(m, m.a());
    if (index >> 32 != 0) [[unlikely]]
      return m.trap(Trap::UndefinedElement);
    m.set_acc(index);
    return Flow::Next;
  }
};

}  // namespace godwit::code::ops
