// Bodies of loads and stores.
// spec: https://webassembly.github.io/spec/core/exec/instructions.html#memory-instructions
#pragma once

#include "base/bytes.h"
#include "code/machine.h"
#include "runtime/guest_address.h"

namespace godwit::code::ops {

namespace detail {

// What lies in memory for a load, before it is widened.
template <Opcode op>
constexpr auto memory_type_of() {
  constexpr const wasm::OpInfo& kInfo = wasm::kOpcodes[static_cast<size_t>(op)];
  constexpr bool kSigned = kInfo.text.ends_with("_s");
  if constexpr (kInfo.op_class == wasm::OpClass::Load) {
    using Result = ResultOf<op>;
    if constexpr (sizeof(Result) == kInfo.access_bytes) return Result{};
    else if constexpr (kInfo.access_bytes == 1) return std::conditional_t<kSigned, int8_t, uint8_t>{};
    else if constexpr (kInfo.access_bytes == 2) return std::conditional_t<kSigned, int16_t, uint16_t>{};
    else return std::conditional_t<kSigned, int32_t, uint32_t>{};
  } else {
    using Value = ParamOf<op, 1>;
    if constexpr (sizeof(Value) == kInfo.access_bytes) return Value{};
    else if constexpr (kInfo.access_bytes == 1) return uint8_t{};
    else if constexpr (kInfo.access_bytes == 2) return uint16_t{};
    else return uint32_t{};
  }
}

}  // namespace detail

template <Opcode op>
using MemoryTypeOf = decltype(detail::memory_type_of<op>());

// Address in slot a (s), offset b. With a constant address (k), b is the effective address. Result: d.
template <Opcode op, Source address, Dest dest>
struct Load {
  template <class M>
  static Flow run(M& m) {
    // 32-bit address + 32-bit offset: cannot leave the reservation of memory 0
    uint64_t effective = m.b();
    if constexpr (address != Source::K) effective += read<uint32_t, address>(m, m.a());
    write<dest>(m, static_cast<ResultOf<op>>(m.template load<MemoryTypeOf<op>>(effective)));
    return Flow::Next;
  }
};

// Address in slot a (s), offset b, or (k) effective address b; value in slot d (s) or the signed 16 bits of d (k).
template <Opcode op, Source address, Source value>
struct Store {
  template <class M>
  static Flow run(M& m) {
    using Value = ParamOf<op, 1>;
    uint64_t effective = m.b();
    if constexpr (address != Source::K) effective += read<uint32_t, address>(m, m.a());
    if constexpr (value == Source::K) {
      if constexpr (std::is_floating_point_v<Value>) return m.trap(Trap::Unreachable);  // never made
      else m.store(effective, static_cast<MemoryTypeOf<op>>(signed_half(m.d())));
    } else {
      m.store(effective, static_cast<MemoryTypeOf<op>>(read<Value, value>(m, m.d())));
    }
    return Flow::Next;
  }
};

namespace detail {

// The effective address of an access whose address is a sum: wrapped to 32 bits, then the offset is added.
//   ss  slot a + slot (b & 0xFFFF), offset b >> 16      as sa  accumulator + slot a, offset b
//   sk  slot a + b, no offset                           ak     accumulator + b, no offset
template <Form sum, class M>
[[gnu::always_inline]] inline uint64_t sum_address(M& m) {
  uint32_t acc = m.template acc<uint32_t>();
  if constexpr (sum == Form::SS)
    return uint64_t{m.template slot<uint32_t>(m.a()) + m.template slot<uint32_t>(m.b() & 0xFFFF)} +
           (m.b() >> 16);
  else if constexpr (sum == Form::SK) return m.template slot<uint32_t>(m.a()) + m.b();
  else if constexpr (sum == Form::AK) return acc + m.b();
  else return uint64_t{acc + m.template slot<uint32_t>(m.a())} + m.b();
}

}  // namespace detail

// Result: d.
template <Opcode op, Form sum, Dest dest>
struct LoadAt {
  template <class M>
  static Flow run(M& m) {
    uint64_t effective = detail::sum_address<sum>(m);
    write<dest>(m, static_cast<ResultOf<op>>(m.template load<MemoryTypeOf<op>>(effective)));
    return Flow::Next;
  }
};

// Value in slot d (s) or the signed 16 bits of d (k); bits of floats are stored as integers.
template <Opcode op, Form sum, Source value>
struct StoreAt {
  template <class M>
  static Flow run(M& m) {
    using Value = ParamOf<op, 1>;
    if constexpr (std::is_floating_point_v<Value>) {
      return m.trap(Trap::Unreachable);  // never made
    } else {
      uint64_t effective = detail::sum_address<sum>(m);
      if constexpr (value == Source::K) m.store(effective, static_cast<MemoryTypeOf<op>>(signed_half(m.d())));
      else m.store(effective, static_cast<MemoryTypeOf<op>>(m.template slot<Value>(m.d())));
      return Flow::Next;
    }
  }
};

namespace detail {

// The effective address of a load that is the right operand of a binary op. If the left one is in the accumulator,
// a and b are as in the load alone; else a is the left one's slot, and b holds
//   s   slot | offset << 16              ss  slot | other slot << 16, no offset    a k ak  as in the load alone
//   sk  slot | signed addend << 16       sa  slot | offset << 16
template <Source left, Place place, class M>
[[gnu::always_inline]] inline uint64_t operand_address(M& m) {
  if constexpr (place == Place::K) {
    return m.b();
  } else if constexpr (place == Place::A) {
    return uint64_t{m.template acc<uint32_t>()} + m.b();
  } else if constexpr (place == Place::AK) {
    return sum_address<Form::AK>(m);
  } else if constexpr (left == Source::A) {
    if constexpr (place == Place::S) return uint64_t{m.template slot<uint32_t>(m.a())} + m.b();
    else if constexpr (place == Place::SS) return sum_address<Form::SS>(m);
    else if constexpr (place == Place::SK) return sum_address<Form::SK>(m);
    else return sum_address<Form::SA>(m);
  } else {
    uint32_t slot = m.template slot<uint32_t>(m.b() & 0xFFFF);
    uint32_t high = m.b() >> 16;
    if constexpr (place == Place::S) return uint64_t{slot} + high;
    else if constexpr (place == Place::SS) return slot + m.template slot<uint32_t>(high);
    else if constexpr (place == Place::SK)
      return slot + static_cast<uint32_t>(static_cast<int32_t>(m.b()) >> 16);
    else return uint64_t{m.template acc<uint32_t>() + slot} + high;
  }
}

}  // namespace detail

// Result: d.
template <Opcode op, Opcode load, Source left, Place place, Dest dest>
struct LoadBinary {
  template <class M>
  static Flow run(M& m) {
    using T = ParamOf<op>;
    uint64_t effective = detail::operand_address<left, place>(m);
    T left_value = read<T, left>(m, m.a());
    return deliver<dest>(m, Meaning<op>::apply(left_value, m.template load<T>(effective)));
  }
};

namespace detail {

// The place of `size` bytes at the address in slot a of any memory, or null if they are not all inside.
// The literals behind the cell: offset, memory (kWideAddress).
template <class M>
[[gnu::always_inline]] inline uint8_t* checked_place(M& m, uint64_t size) {
  auto where = m.template literal<uint64_t>(1);
  const runtime::VmMemory& memory = *m.ctx()->memories[static_cast<uint32_t>(where)];
  auto address = m.template slot<uint64_t>(m.a());
  if ((where & kWideAddress) == 0) address = static_cast<uint32_t>(address);
  uint64_t effective;
  if (__builtin_add_overflow(address, m.template literal<uint64_t>(0), &effective)) [[unlikely]]
    return nullptr;
  return runtime::checked_place(memory, effective, size);
}

}  // namespace detail

// Address in slot a; literals: offset, memory. Result: accumulator and slot d.
template <Opcode op>
struct CheckedLoad {
  template <class M>
  static Flow run(M& m) {
    using T = MemoryTypeOf<op>;
    const uint8_t* place = detail::checked_place(m, sizeof(T));
    if (place == nullptr) [[unlikely]]
      return m.trap(Trap::MemoryOutOfBounds);
    write<Dest::AccAndSlot>(m, static_cast<ResultOf<op>>(load_unaligned<T>(place)));
    return Flow::Next;
  }
};

// Address in slot a, value in slot d; literals: offset, memory.
template <Opcode op>
struct CheckedStore {
  template <class M>
  static Flow run(M& m) {
    using T = MemoryTypeOf<op>;
    uint8_t* place = detail::checked_place(m, sizeof(T));
    if (place == nullptr) [[unlikely]]
      return m.trap(Trap::MemoryOutOfBounds);
    store_unaligned(place, static_cast<T>(m.template slot<ParamOf<op, 1>>(m.d())));
    return Flow::Next;
  }
};

}  // namespace godwit::code::ops
