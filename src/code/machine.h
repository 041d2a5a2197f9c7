// What an op body may do, and how it says where to go on.
//
// Each op is a class with `static Flow run(M& m)`, written once for all tiers. M is the tier's machine; it offers
//
//   uint32_t a(), d(), b()            the cell's fields
//   T literal<T>()                    the literal at distance b behind the cell
//   T slot<T>(index), set_slot(index, T)
//   T acc<T>(), set_acc(T)            the accumulator of T's class: integers, f32, f64
//   T load<T>(address), store(address, T)   memory 0 by effective address; faults end in a trap at this cell
//   T choose(uint32_t condition, T left, T right)
//   VmContext* ctx()
//   Slot* slot_address(index)         where a slot lies
//   void lose_accs()                  what the accumulators hold does not matter any more
//   Flow trap(Trap)
//   bool interrupted()                the poll word is set
//   bool kPollsFirst                  a branch back polls whether it is taken or not, before its condition
//   void jump_by(distance)            the next cell is that many bytes from this one; Flow::Jump follows
//   Flow jump_through_entry(index)    goes where the cell leads that lies `index` cells behind the next one
//   M next_cell()                     the machine for the cell after this one (ops_sequence.h)
//
// An i32 is the low half of its slot or of the accumulator; what the high half is, nobody may rely on. Integers are
// written in 8 bytes, f32 in 4: whoever copies an f32 copies 4 bytes.
#pragma once

#include <cstdint>
#include <type_traits>

#include "code/form.h"
#include "runtime/numeric.h"
#include "runtime/trap.h"
#include "runtime/vm.h"
#include "wasm/opcodes.h"

namespace godwit::code::ops {

using runtime::Ref;
using runtime::Slot;
using runtime::Trap;
using wasm::Opcode;

enum class Flow : uint8_t {
  Next,    // the cell after this one
  Branch,  // the cell at distance b
  Jump,    // the cell that jump_by named
  Trap,    // stop: the machine knows why
};

namespace detail {

template <wasm::Signature::Type type>
struct ValueOf;
template <>
struct ValueOf<wasm::Signature::Type::I32> {
  using Type = uint32_t;
};
template <>
struct ValueOf<wasm::Signature::Type::I64> {
  using Type = uint64_t;
};
template <>
struct ValueOf<wasm::Signature::Type::F32> {
  using Type = float;
};
template <>
struct ValueOf<wasm::Signature::Type::F64> {
  using Type = double;
};

}  // namespace detail

constexpr const wasm::Signature& signature(Opcode op) {
  return wasm::kOpcodes[static_cast<size_t>(op)].signature;
}

// The C++ types of a plain instruction's operands and result.
template <Opcode op, size_t index = 0>
using ParamOf = typename detail::ValueOf<signature(op).params()[index]>::Type;
template <Opcode op>
using ResultOf = typename detail::ValueOf<signature(op).results()[0]>::Type;

// numeric.h's function for an instruction.
template <Opcode op>
struct Meaning;
#define GODWIT_MEANING(name)                           \
  template <>                                          \
  struct Meaning<Opcode::name> {                       \
    template <class... T>                              \
    [[gnu::always_inline]] static auto apply(T... x) { \
      return runtime::numeric::name(x...);             \
    }                                                  \
  };
#define GODWIT_MEANING_Test(name) GODWIT_MEANING(name)
#define GODWIT_MEANING_Compare(name) GODWIT_MEANING(name)
#define GODWIT_MEANING_Unary(name) GODWIT_MEANING(name)
#define GODWIT_MEANING_Binary(name) GODWIT_MEANING(name)
#define GODWIT_MEANING_Convert(name) GODWIT_MEANING(name)
#define GODWIT_MEANING_Wide(name) GODWIT_MEANING(name)
#define GODWIT_MEANING_Load(name)
#define GODWIT_MEANING_Store(name)
#define GODWIT_MEANING_Control(name)
#define GODWIT_MEANING_Parametric(name)
#define GODWIT_MEANING_Variable(name)
#define GODWIT_MEANING_Table(name)
#define GODWIT_MEANING_Memory(name)
#define GODWIT_MEANING_Const(name)
#define GODWIT_MEANING_Ref(name)
#define GODWIT_MEANING_Gc(name)
#define GODWIT_MEANING_Exception(name)
#define GODWIT_MEANING_SimdLoad(name)
#define GODWIT_MEANING_SimdStore(name)
#define GODWIT_MEANING_SimdLoadLane(name)
#define GODWIT_MEANING_SimdStoreLane(name)
#define GODWIT_MEANING_SimdConst(name)
#define GODWIT_MEANING_SimdShuffle(name)
#define GODWIT_MEANING_SimdSplat(name)
#define GODWIT_MEANING_SimdExtract(name)
#define GODWIT_MEANING_SimdReplace(name)
#define GODWIT_MEANING_SimdTest(name)
#define GODWIT_MEANING_SimdCompare(name)
#define GODWIT_MEANING_SimdUnary(name)
#define GODWIT_MEANING_SimdBinary(name)
#define GODWIT_MEANING_SimdTernary(name)
#define GODWIT_MEANING_SimdShift(name)
#define GODWIT_MEANING_SimdConvert(name)
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
#undef GODWIT_MEANING_Test
#undef GODWIT_MEANING_Compare
#undef GODWIT_MEANING_Unary
#undef GODWIT_MEANING_Binary
#undef GODWIT_MEANING_Convert
#undef GODWIT_MEANING_Wide
#undef GODWIT_MEANING_Load
#undef GODWIT_MEANING_Store
#undef GODWIT_MEANING_Control
#undef GODWIT_MEANING_Parametric
#undef GODWIT_MEANING_Variable
#undef GODWIT_MEANING_Table
#undef GODWIT_MEANING_Memory
#undef GODWIT_MEANING_Const
#undef GODWIT_MEANING_Ref
#undef GODWIT_MEANING_Gc
#undef GODWIT_MEANING_Exception
#undef GODWIT_MEANING_SimdLoad
#undef GODWIT_MEANING_SimdStore
#undef GODWIT_MEANING_SimdLoadLane
#undef GODWIT_MEANING_SimdStoreLane
#undef GODWIT_MEANING_SimdConst
#undef GODWIT_MEANING_SimdShuffle
#undef GODWIT_MEANING_SimdSplat
#undef GODWIT_MEANING_SimdExtract
#undef GODWIT_MEANING_SimdReplace
#undef GODWIT_MEANING_SimdTest
#undef GODWIT_MEANING_SimdCompare
#undef GODWIT_MEANING_SimdUnary
#undef GODWIT_MEANING_SimdBinary
#undef GODWIT_MEANING_SimdTernary
#undef GODWIT_MEANING_SimdShift
#undef GODWIT_MEANING_SimdConvert
#undef GODWIT_MEANING_AtomicLoad
#undef GODWIT_MEANING_AtomicStore
#undef GODWIT_MEANING_AtomicRmw
#undef GODWIT_MEANING_AtomicCmpxchg
#undef GODWIT_MEANING_AtomicWait
#undef GODWIT_MEANING_AtomicFence

// The number of 16 bits, with a sign, that a field holds.
template <class Field>
[[gnu::always_inline]] inline int32_t signed_half(Field field) {
  if constexpr (requires { field.signed_half(); }) return field.signed_half();
  else return static_cast<int16_t>(field);
}

// Reads an operand of type T. `slot` is the slot if it lies in one. Constants of 32 bits are b, those of 64 bits the
// literal.
template <class T, Source source, class M, class Index>
[[gnu::always_inline]] inline T read(M& m, Index slot) {
  if constexpr (source == Source::S) return m.template slot<T>(slot);
  else if constexpr (source == Source::A) return m.template acc<T>();
  else if constexpr (std::is_same_v<T, uint32_t>) return m.b();
  else if constexpr (std::is_same_v<T, float>) return std::bit_cast<float>(uint32_t{m.b()});
  else return m.template literal<T>();
}

// Delivers a result.
template <Dest dest, class T, class M>
[[gnu::always_inline]] inline void write(M& m, T value) {
  m.set_acc(value);
  if constexpr (dest == Dest::AccAndSlot) m.set_slot(m.d(), value);
}

// Delivers what a function of numeric.h returned: a value, a truth value, or one that may be a trap.
template <Dest dest, class T, class M>
[[gnu::always_inline]] inline Flow deliver(M& m, T result) {
  if constexpr (std::is_same_v<T, bool>) {
    write<dest>(m, static_cast<uint32_t>(result));
  } else if constexpr (requires { result.trap; }) {
    if (result.trap != Trap::None) [[unlikely]]
      return m.trap(result.trap);
    write<dest>(m, result.value);
  } else {
    write<dest>(m, result);
  }
  return Flow::Next;
}

}  // namespace godwit::code::ops
