// Bodies of the atomic ops: sequentially consistent, on shared and other memories alike, by whatever address.
// Address in slot a; literals: offset, memory (kWideAddress), slots of the other operands (first | second << 16).
// Result: accumulator and slot d.
// spec: https://webassembly.github.io/threads/core/exec/instructions.html#atomic-memory-instructions
#pragma once

#include "code/helpers.h"
#include "code/machine.h"
#include "runtime/guest_address.h"

namespace godwit::code::ops {

namespace detail {

template <uint32_t bytes>
constexpr auto unsigned_of_size() {
  if constexpr (bytes == 1) return uint8_t{};
  else if constexpr (bytes == 2) return uint16_t{};
  else if constexpr (bytes == 4) return uint32_t{};
  else return uint64_t{};
}
// What lies in memory for an atomic access. It may alias anything: the same bytes are accessed in several sizes.
template <Opcode op>
using AtomicTypeOf [[gnu::may_alias]] =
    decltype(unsigned_of_size<wasm::kOpcodes[static_cast<size_t>(op)].access_bytes>());

template <class T>
struct AtomicPlace {
  T* place;  // null: there is a trap
  Trap trap;
};

template <class T, class M>
[[gnu::always_inline]] inline AtomicPlace<T> atomic_place(M& m) {
  auto where = m.template literal<uint64_t>(1);
  auto address = m.template slot<uint64_t>(m.a());
  if ((where & kWideAddress) == 0) address = static_cast<uint32_t>(address);
  uint64_t effective;
  if (__builtin_add_overflow(address, m.template literal<uint64_t>(0), &effective)) [[unlikely]]
    return {nullptr, Trap::MemoryOutOfBounds};
  if (effective % sizeof(T) != 0) [[unlikely]]
    return {nullptr, Trap::UnalignedAtomic};
  const runtime::VmMemory& memory = *m.ctx()->memories[static_cast<uint32_t>(where)];
  uint8_t* place = runtime::checked_place(memory, effective, sizeof(T));
  if (place == nullptr) [[unlikely]]
    return {nullptr, Trap::MemoryOutOfBounds};
  return {reinterpret_cast<T*>(place), Trap::None};
}

// Operand 0 or 1 behind the address.
template <class T, class M>
[[gnu::always_inline]] inline T atomic_operand(M& m, uint32_t index) {
  auto slots = static_cast<uint32_t>(m.template literal<uint64_t>(2));
  return m.template slot<T>(slots >> 16 * index & 0xFFFF);
}

constexpr bool has_part(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

template <Opcode op, class T>
[[gnu::always_inline]] inline T read_modify_write(T* place, T value) {
  constexpr std::string_view kText = wasm::kOpcodes[static_cast<size_t>(op)].text;
  if constexpr (has_part(kText, ".add")) return __atomic_fetch_add(place, value, __ATOMIC_SEQ_CST);
  else if constexpr (has_part(kText, ".sub")) return __atomic_fetch_sub(place, value, __ATOMIC_SEQ_CST);
  else if constexpr (has_part(kText, ".and")) return __atomic_fetch_and(place, value, __ATOMIC_SEQ_CST);
  else if constexpr (has_part(kText, ".or")) return __atomic_fetch_or(place, value, __ATOMIC_SEQ_CST);
  else if constexpr (has_part(kText, ".xor")) return __atomic_fetch_xor(place, value, __ATOMIC_SEQ_CST);
  else {
    static_assert(has_part(kText, ".xchg"));
    return __atomic_exchange_n(place, value, __ATOMIC_SEQ_CST);
  }
}

}  // namespace detail

template <Opcode op>
struct AtomicLoad {
  template <class M>
  static Flow run(M& m) {
    auto at = detail::atomic_place<detail::AtomicTypeOf<op>>(m);
    if (at.place == nullptr) [[unlikely]]
      return m.trap(at.trap);
    write<Dest::AccAndSlot>(m, static_cast<ResultOf<op>>(__atomic_load_n(at.place, __ATOMIC_SEQ_CST)));
    return Flow::Next;
  }
};

template <Opcode op>
struct AtomicStore {
  template <class M>
  static Flow run(M& m) {
    using T = detail::AtomicTypeOf<op>;
    auto at = detail::atomic_place<T>(m);
    if (at.place == nullptr) [[unlikely]]
      return m.trap(at.trap);
    __atomic_store_n(at.place, static_cast<T>(detail::atomic_operand<ParamOf<op, 1>>(m, 0)),
                     __ATOMIC_SEQ_CST);
    return Flow::Next;
  }
};

template <Opcode op>
struct AtomicRmw {
  template <class M>
  static Flow run(M& m) {
    using T = detail::AtomicTypeOf<op>;
    auto at = detail::atomic_place<T>(m);
    if (at.place == nullptr) [[unlikely]]
      return m.trap(at.trap);
    auto value = static_cast<T>(detail::atomic_operand<ParamOf<op, 1>>(m, 0));
    write<Dest::AccAndSlot>(m, static_cast<ResultOf<op>>(detail::read_modify_write<op>(at.place, value)));
    return Flow::Next;
  }
};

// The expected value is compared as a whole: one that does not fit the access is never found.
template <Opcode op>
struct AtomicCmpxchg {
  template <class M>
  static Flow run(M& m) {
    using T = detail::AtomicTypeOf<op>;
    auto at = detail::atomic_place<T>(m);
    if (at.place == nullptr) [[unlikely]]
      return m.trap(at.trap);
    auto wanted = detail::atomic_operand<ParamOf<op, 1>>(m, 0);
    auto expected = static_cast<T>(wanted);
    if (expected != wanted) {
      expected = __atomic_load_n(at.place, __ATOMIC_SEQ_CST);
    } else {
      auto value = static_cast<T>(detail::atomic_operand<ParamOf<op, 2>>(m, 1));
      __atomic_compare_exchange_n(at.place, &expected, value, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    }
    write<Dest::AccAndSlot>(m, static_cast<ResultOf<op>>(expected));
    return Flow::Next;
  }
};

// Waits and polls in a helper, so it is no handler that waits.
template <Opcode op>
struct AtomicWait {
  template <class M>
  static Flow run(M& m) {
    using T = detail::AtomicTypeOf<op>;
    auto at = detail::atomic_place<T>(m);
    if (at.place == nullptr) [[unlikely]]
      return m.trap(at.trap);
    auto memory = static_cast<uint32_t>(m.template literal<uint64_t>(1));
    if constexpr (op == Opcode::memory_atomic_notify) {
      uint32_t count = detail::atomic_operand<uint32_t>(m, 0);
      write<Dest::AccAndSlot>(m, helpers::atomic_notify(m.ctx(), memory, at.place, count));
      return Flow::Next;
    } else {
      using Value = ParamOf<op, 1>;
      helpers::AtomicOutcome outcome =
          helpers::atomic_wait<Value>(m.ctx(), memory, at.place, detail::atomic_operand<Value>(m, 0),
                                      static_cast<int64_t>(detail::atomic_operand<uint64_t>(m, 1)));
      if (outcome.trap != Trap::None) [[unlikely]]
        return m.trap(outcome.trap);
      write<Dest::AccAndSlot>(m, outcome.value);
      return m.interrupted() ? m.trap(Trap::Interrupted) : Flow::Next;
    }
  }
};

template <Opcode>
struct AtomicFence {
  template <class M>
  static Flow run(M&) {
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return Flow::Next;
  }
};

}  // namespace godwit::code::ops
