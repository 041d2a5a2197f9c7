// Bodies of the vector ops.
// spec: https://webassembly.github.io/spec/core/exec/instructions.html#vector-instructions
#pragma once

#include <utility>

#include "base/bytes.h"
#include "code/machine.h"
#include "code/ops_memory.h"
#include "code/ops_wide.h"
#include "code/shuffle.h"
#include "runtime/numeric_simd.h"
#include "wasm/opcode_relations.h"

namespace godwit::code::ops {

using runtime::V128;

// numeric_simd.h's function for an instruction.
template <Opcode op>
struct SimdMeaning;
#define GODWIT_MEANING(name)                           \
  template <>                                          \
  struct SimdMeaning<Opcode::name> {                   \
    template <class... T>                              \
    [[gnu::always_inline]] static auto apply(T... x) { \
      return runtime::numeric::name(x...);             \
    }                                                  \
  };
#define GODWIT_MEANING_SimdSplat(name) GODWIT_MEANING(name)
#define GODWIT_MEANING_SimdTest(name) GODWIT_MEANING(name)
#define GODWIT_MEANING_SimdCompare(name) GODWIT_MEANING(name)
#define GODWIT_MEANING_SimdUnary(name) GODWIT_MEANING(name)
#define GODWIT_MEANING_SimdBinary(name) GODWIT_MEANING(name)
#define GODWIT_MEANING_SimdTernary(name) GODWIT_MEANING(name)
#define GODWIT_MEANING_SimdShift(name) GODWIT_MEANING(name)
#define GODWIT_MEANING_SimdConvert(name) GODWIT_MEANING(name)
#define GODWIT_MEANING_Control(name)
#define GODWIT_MEANING_Parametric(name)
#define GODWIT_MEANING_Variable(name)
#define GODWIT_MEANING_Table(name)
#define GODWIT_MEANING_Memory(name)
#define GODWIT_MEANING_Const(name)
#define GODWIT_MEANING_Wide(name)
#define GODWIT_MEANING_Ref(name)
#define GODWIT_MEANING_Gc(name)
#define GODWIT_MEANING_Exception(name)
#define GODWIT_MEANING_Binary(name)
#define GODWIT_MEANING_Compare(name)
#define GODWIT_MEANING_Unary(name)
#define GODWIT_MEANING_Test(name)
#define GODWIT_MEANING_Convert(name)
#define GODWIT_MEANING_Load(name)
#define GODWIT_MEANING_Store(name)
#define GODWIT_MEANING_SimdLoad(name)
#define GODWIT_MEANING_SimdStore(name)
#define GODWIT_MEANING_SimdLoadLane(name)
#define GODWIT_MEANING_SimdStoreLane(name)
#define GODWIT_MEANING_SimdConst(name)
#define GODWIT_MEANING_SimdShuffle(name)
#define GODWIT_MEANING_SimdExtract(name)
#define GODWIT_MEANING_SimdReplace(name)
#define GODWIT_MEANING_AtomicLoad(name)
#define GODWIT_MEANING_AtomicStore(name)
#define GODWIT_MEANING_AtomicRmw(name)
#define GODWIT_MEANING_AtomicCmpxchg(name)
#define GODWIT_MEANING_AtomicWait(name)
#define GODWIT_MEANING_AtomicFence(name)
#define GODWIT_OP(prefix, code, name, text, imm, sig, access, feature, op_class) \
  GODWIT_MEANING_##op_class(name)
#include "wasm/opcodes.def"
#undef GODWIT_OP
#undef GODWIT_MEANING
#undef GODWIT_MEANING_SimdSplat
#undef GODWIT_MEANING_SimdTest
#undef GODWIT_MEANING_SimdCompare
#undef GODWIT_MEANING_SimdUnary
#undef GODWIT_MEANING_SimdBinary
#undef GODWIT_MEANING_SimdTernary
#undef GODWIT_MEANING_SimdShift
#undef GODWIT_MEANING_SimdConvert
#undef GODWIT_MEANING_Control
#undef GODWIT_MEANING_Parametric
#undef GODWIT_MEANING_Variable
#undef GODWIT_MEANING_Table
#undef GODWIT_MEANING_Memory
#undef GODWIT_MEANING_Const
#undef GODWIT_MEANING_Wide
#undef GODWIT_MEANING_Ref
#undef GODWIT_MEANING_Gc
#undef GODWIT_MEANING_Exception
#undef GODWIT_MEANING_Binary
#undef GODWIT_MEANING_Compare
#undef GODWIT_MEANING_Unary
#undef GODWIT_MEANING_Test
#undef GODWIT_MEANING_Convert
#undef GODWIT_MEANING_Load
#undef GODWIT_MEANING_Store
#undef GODWIT_MEANING_SimdLoad
#undef GODWIT_MEANING_SimdStore
#undef GODWIT_MEANING_SimdLoadLane
#undef GODWIT_MEANING_SimdStoreLane
#undef GODWIT_MEANING_SimdConst
#undef GODWIT_MEANING_SimdShuffle
#undef GODWIT_MEANING_SimdExtract
#undef GODWIT_MEANING_SimdReplace
#undef GODWIT_MEANING_AtomicLoad
#undef GODWIT_MEANING_AtomicStore
#undef GODWIT_MEANING_AtomicRmw
#undef GODWIT_MEANING_AtomicCmpxchg
#undef GODWIT_MEANING_AtomicWait
#undef GODWIT_MEANING_AtomicFence

namespace detail {

template <>
struct ValueOf<wasm::Signature::Type::V128> {
  using Type = V128;
};

template <Source source, class M, class Index>
[[gnu::always_inline]] inline V128 read_vector(M& m, Index slot) {
  if constexpr (source == Source::A) return m.template acc<V128>();
  else return m.template slot<V128>(slot);
}

// The unsigned integer that is as wide as what an access reads or writes.
template <Opcode op>
constexpr auto memory_integer_of() {
  constexpr uint32_t kBytes = wasm::kOpcodes[static_cast<size_t>(op)].access_bytes;
  if constexpr (kBytes == 1) return uint8_t{};
  else if constexpr (kBytes == 2) return uint16_t{};
  else if constexpr (kBytes == 4) return uint32_t{};
  else if constexpr (kBytes == 8) return uint64_t{};
  else return V128{};
}
template <Opcode op>
using MemoryIntegerOf = decltype(memory_integer_of<op>());

// The lane of "v128.load16x4_s": the integer that each of the loaded numbers is.
template <Opcode op>
constexpr auto loaded_lane_of() {
  constexpr std::string_view kText = wasm::text_of(op);
  constexpr bool kSigned = kText.ends_with("_s");
  if constexpr (kText.find("load8x") != kText.npos) return std::conditional_t<kSigned, int8_t, uint8_t>{};
  else if constexpr (kText.find("load16x") != kText.npos)
    return std::conditional_t<kSigned, int16_t, uint16_t>{};
  else return std::conditional_t<kSigned, int32_t, uint32_t>{};
}

// What a load makes of what lies in memory: as it is, widened, splat, or followed by zeroes.
template <Opcode op>
[[gnu::always_inline]] inline V128 loaded(MemoryIntegerOf<op> value) {
  namespace simd = runtime::numeric::simd;
  constexpr std::string_view kText = wasm::text_of(op);
  if constexpr (sizeof(value) == 16) return value;
  else if constexpr (kText.ends_with("_zero")) return V128{value, 0};
  else if constexpr (kText.ends_with("_splat")) return simd::bits(simd::splat(value));
  else return simd::bits(simd::extend_low<decltype(loaded_lane_of<op>())>(V128{value, 0}));
}

}  // namespace detail

// Operands in slots a and b (s). Result: d.
template <Opcode op, Source left, Source right, Dest dest>
struct SimdBinary {
  template <class M>
  static Flow run(M& m) {
    V128 x = detail::read_vector<left>(m, m.a()), y = detail::read_vector<right>(m, m.b());
    return deliver<dest>(m, SimdMeaning<op>::apply(x, y));
  }
};

// Operand in slot a (s). Result: d.
template <Opcode op, Source source, Dest dest>
struct SimdUnary {
  template <class M>
  static Flow run(M& m) {
    return deliver<dest>(m, SimdMeaning<op>::apply(read<ParamOf<op>, source>(m, m.a())));
  }
};

// Operands in slots a, b & 0xFFFF and b >> 16 (s). Result: d.
template <Opcode op, Source first, Source second, Source third, Dest dest>
struct SimdTernary {
  template <class M>
  static Flow run(M& m) {
    V128 x = detail::read_vector<first>(m, m.a()), y = detail::read_vector<second>(m, m.b() & 0xFFFF),
         z = detail::read_vector<third>(m, m.b() >> 16);
    return deliver<dest>(m, SimdMeaning<op>::apply(x, y, z));
  }
};

// Vector in slot a (s), count in slot b (s) or b (k). Result: d.
template <Opcode op, Source vector, Source count, Dest dest>
struct SimdShift {
  template <class M>
  static Flow run(M& m) {
    V128 x = detail::read_vector<vector>(m, m.a());
    return deliver<dest>(m, SimdMeaning<op>::apply(x, read<uint32_t, count>(m, m.b())));
  }
};

// The lane that begins at bit b of slot a. Result: d.
template <Opcode op, Dest dest>
struct SimdExtract {
  template <class M>
  static Flow run(M& m) {
    constexpr bool kSigned = wasm::text_of(op).ends_with("_s");
    uint64_t bits = m.template slot<uint64_t>(m.a()) >> uint32_t{m.b()};
    if constexpr (wasm::lane_bytes_of(op) == 1)
      write<dest>(m, static_cast<uint32_t>(static_cast<std::conditional_t<kSigned, int8_t, uint8_t>>(bits)));
    else if constexpr (wasm::lane_bytes_of(op) == 2)
      write<dest>(m,
                  static_cast<uint32_t>(static_cast<std::conditional_t<kSigned, int16_t, uint16_t>>(bits)));
    else if constexpr (std::is_same_v<ResultOf<op>, float>)
      write<dest>(m, std::bit_cast<float>(static_cast<uint32_t>(bits)));
    else if constexpr (std::is_same_v<ResultOf<op>, double>) write<dest>(m, std::bit_cast<double>(bits));
    else write<dest>(m, static_cast<ResultOf<op>>(bits));
    return Flow::Next;
  }
};

// Vector in slot a (s), the lane's new value in slot b & 0xFFFF (s); the lane's number is b >> 16. Result: d.
template <Opcode op, Source vector, Source value, Dest dest>
struct SimdReplace {
  template <class M>
  static Flow run(M& m) {
    V128 x = detail::read_vector<vector>(m, m.a());
    auto lane = read<ParamOf<op, 1>, value>(m, m.b() & 0xFFFF);
    uint32_t number = m.b() >> 16;
    if constexpr (wasm::lane_bytes_of(op) == 1)
      write<dest>(m, runtime::numeric::replace_lane(x, static_cast<uint8_t>(lane), number));
    else if constexpr (wasm::lane_bytes_of(op) == 2)
      write<dest>(m, runtime::numeric::replace_lane(x, static_cast<uint16_t>(lane), number));
    else write<dest>(m, runtime::numeric::replace_lane(x, lane, number));
    return Flow::Next;
  }
};

// The literal of 16 bytes. Result: d.
template <Opcode, Dest dest>
struct SimdConst {
  template <class M>
  static Flow run(M& m) {
    write<dest>(m, m.template literal<V128>());
    return Flow::Next;
  }
};

// A shuffle of shuffles.def: left vector in slot a (s), right one in slot b (s). Result: d.
template <Shuffle shuffle, Source left, Source right, Dest dest>
struct SimdShuffle {
  template <class M>
  static Flow run(M& m) {
    V128 x = detail::read_vector<left>(m, m.a());
    V128 y = detail::read_vector<right>(m, m.b());
    write<dest>(m, shuffled(x, y, std::make_index_sequence<16>()));
    return Flow::Next;
  }

 private:
  template <size_t... lane>
  [[gnu::always_inline]] static V128 shuffled(V128 x, V128 y, std::index_sequence<lane...>) {
    using runtime::numeric::simd::lanes, runtime::numeric::simd::bits;
    return bits(__builtin_shufflevector(lanes<uint8_t>(x), lanes<uint8_t>(y),
                                        kShuffles[static_cast<size_t>(shuffle)][lane]...));
  }
};

// The lanes that literals 0 and 1 number, of the vector in slot a (s); where the number is 0xFF: 0. Result: d.
template <Source source, Dest dest>
struct PickLanes {
  template <class M>
  static Flow run(M& m) {
    V128 x = detail::read_vector<source>(m, m.a());
    write<dest>(m, runtime::numeric::simd::pick(x, m.template literal<V128>(0)));
    return Flow::Next;
  }
};

// The accumulator, and where it is 0 the lanes that literals 0 and 1 number, of the vector in slot a. Result: d.
template <Dest dest>
struct PickMoreLanes {
  template <class M>
  static Flow run(M& m) {
    V128 x = m.template slot<V128>(m.a());
    write<dest>(m, m.template acc<V128>() | runtime::numeric::simd::pick(x, m.template literal<V128>(0)));
    return Flow::Next;
  }
};

// --- Memory: the fields are those of the loads and stores of numbers ------------------------------------------------

template <Opcode op, Source address, Dest dest>
struct SimdLoad {
  template <class M>
  static Flow run(M& m) {
    uint64_t effective = m.b();
    if constexpr (address != Source::K) effective += read<uint32_t, address>(m, m.a());
    write<dest>(m, detail::loaded<op>(m.template load<detail::MemoryIntegerOf<op>>(effective)));
    return Flow::Next;
  }
};

template <Opcode op, Form sum, Dest dest>
struct SimdLoadAt {
  template <class M>
  static Flow run(M& m) {
    uint64_t effective = detail::sum_address<sum>(m);
    write<dest>(m, detail::loaded<op>(m.template load<detail::MemoryIntegerOf<op>>(effective)));
    return Flow::Next;
  }
};

template <Opcode op>
struct CheckedSimdLoad {
  template <class M>
  static Flow run(M& m) {
    using T = detail::MemoryIntegerOf<op>;
    const uint8_t* place = detail::checked_place(m, sizeof(T));
    if (place == nullptr) [[unlikely]]
      return m.trap(Trap::MemoryOutOfBounds);
    write<Dest::AccAndSlot>(m, detail::loaded<op>(load_unaligned<T>(place)));
    return Flow::Next;
  }
};

template <Source address, Source value>
struct SimdStore {
  template <class M>
  static Flow run(M& m) {
    uint64_t effective = m.b();
    if constexpr (address != Source::K) effective += read<uint32_t, address>(m, m.a());
    m.store(effective, detail::read_vector<value>(m, m.d()));
    return Flow::Next;
  }
};

template <Form sum>
struct SimdStoreAt {
  template <class M>
  static Flow run(M& m) {
    uint64_t effective = detail::sum_address<sum>(m);
    m.store(effective, m.template slot<V128>(m.d()));
    return Flow::Next;
  }
};

struct CheckedSimdStore {
  template <class M>
  static Flow run(M& m) {
    uint8_t* place = detail::checked_place(m, sizeof(V128));
    if (place == nullptr) [[unlikely]]
      return m.trap(Trap::MemoryOutOfBounds);
    store_unaligned(place, m.template slot<V128>(m.d()));
    return Flow::Next;
  }
};

// Memory 0 by 64-bit addresses: see ops_wide.h.
template <Source address, Dest dest>
struct WideSimdLoad {
  template <class M>
  static Flow run(M& m) {
    uint64_t effective;
    if (!detail::wide_address<address>(m, sizeof(V128), effective)) [[unlikely]]
      return m.trap(Trap::MemoryOutOfBounds);
    write<dest>(m, m.template load<V128>(effective));
    return Flow::Next;
  }
};

template <Source address, Source value>
struct WideSimdStore {
  template <class M>
  static Flow run(M& m) {
    uint64_t effective;
    if (!detail::wide_address<address>(m, sizeof(V128), effective)) [[unlikely]]
      return m.trap(Trap::MemoryOutOfBounds);
    m.store(effective, detail::read_vector<value>(m, m.d()));
    return Flow::Next;
  }
};

// Address in slot a; literals: offset, memory, lane, slot of the vector. Result: accumulator and slot d.
template <Opcode op>
struct SimdLoadLane {
  template <class M>
  static Flow run(M& m) {
    uint64_t effective = m.template slot<uint32_t>(m.a()) + m.template literal<uint64_t>(0);
    auto value = m.template load<detail::MemoryIntegerOf<op>>(effective);
    V128 x = m.template slot<V128>(static_cast<uint32_t>(m.template literal<uint64_t>(3)));
    auto lane = static_cast<uint32_t>(m.template literal<uint64_t>(2));
    write<Dest::AccAndSlot>(m, runtime::numeric::replace_lane(x, value, lane));
    return Flow::Next;
  }
};

template <Opcode op>
struct CheckedSimdLoadLane {
  template <class M>
  static Flow run(M& m) {
    using T = detail::MemoryIntegerOf<op>;
    const uint8_t* place = detail::checked_place(m, sizeof(T));
    if (place == nullptr) [[unlikely]]
      return m.trap(Trap::MemoryOutOfBounds);
    V128 x = m.template slot<V128>(static_cast<uint32_t>(m.template literal<uint64_t>(3)));
    auto lane = static_cast<uint32_t>(m.template literal<uint64_t>(2));
    write<Dest::AccAndSlot>(m, runtime::numeric::replace_lane(x, load_unaligned<T>(place), lane));
    return Flow::Next;
  }
};

// Address in slot a; the lane begins at the bit literal 2 of slot d; literals 0 and 1: offset, memory.
template <Opcode op>
struct SimdStoreLane {
  template <class M>
  static Flow run(M& m) {
    uint64_t effective = m.template slot<uint32_t>(m.a()) + m.template literal<uint64_t>(0);
    uint64_t bits = m.template slot<uint64_t>(m.d()) >> m.template literal<uint64_t>(2);
    m.store(effective, static_cast<detail::MemoryIntegerOf<op>>(bits));
    return Flow::Next;
  }
};

template <Opcode op>
struct CheckedSimdStoreLane {
  template <class M>
  static Flow run(M& m) {
    using T = detail::MemoryIntegerOf<op>;
    uint8_t* place = detail::checked_place(m, sizeof(T));
    if (place == nullptr) [[unlikely]]
      return m.trap(Trap::MemoryOutOfBounds);
    store_unaligned(place,
                    static_cast<T>(m.template slot<uint64_t>(m.d()) >> m.template literal<uint64_t>(2)));
    return Flow::Next;
  }
};

}  // namespace godwit::code::ops
