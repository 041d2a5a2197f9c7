// What plain instructions do, for the compiler: numeric.h and numeric_simd.h as LLVM's bitcode, one function
// godwit_op_<name> per row of opcodes.def, which is put in the place of every use.
//
// Where an instruction of the processor's does exactly what an operation is, and LLVM would not find it in the code of
// numeric.h, the operation is said in LLVM's terms here; the tests hold all of them against numeric.h.
#include "code/machine.h"
#include "code/ops_simd.h"
#include "meanings_gc.h"

namespace godwit::llvm_tier {
namespace {

using code::ops::Meaning;
using code::ops::ParamOf;
using code::ops::SimdMeaning;
using runtime::V128;
using wasm::Opcode;

}  // namespace

// Replaced by the way out of the guest.
extern "C" [[noreturn]] void godwit_trap(uint32_t why);

namespace {

// The value of what a function of numeric.h returned; its trap, if it is one.
template <class T>
[[gnu::always_inline]] inline auto value_of(T result) {
  if constexpr (std::is_same_v<T, bool>) {
    return static_cast<uint32_t>(result);
  } else if constexpr (requires { result.trap; }) {
    if (result.trap != runtime::Trap::None) [[unlikely]]
      godwit_trap(static_cast<uint32_t>(result.trap));
    return result.value;
  } else {
    return result;
  }
}

template <Opcode op>
constexpr bool does(std::string_view what) {
  return wasm::text_of(op).ends_with(what);
}

// Rounding to integers. Arguments are numbers or vectors of them.
template <Opcode op>
constexpr bool kRounds =
    does<op>(".floor") || does<op>(".ceil") || does<op>(".trunc") || does<op>(".nearest");

template <Opcode op, class T>
[[gnu::always_inline]] inline T rounded(T x) {
  if constexpr (does<op>(".floor")) return __builtin_elementwise_floor(x);
  else if constexpr (does<op>(".ceil")) return __builtin_elementwise_ceil(x);
  else if constexpr (does<op>(".trunc")) return __builtin_elementwise_trunc(x);
  else return __builtin_elementwise_roundeven(x);
}

template <Opcode op, class T>
[[gnu::always_inline]] inline auto unary(T x) {
  if constexpr (!kRounds<op>) return value_of(Meaning<op>::apply(x));
  else return rounded<op>(x);
}

template <Opcode op, class T>
[[gnu::always_inline]] inline auto simd_unary(T x) {
  namespace simd = runtime::numeric::simd;
  if constexpr (!kRounds<op>) return value_of(SimdMeaning<op>::apply(x));
  else if constexpr (wasm::lane_bytes_of(op) == 4) return simd::bits(rounded<op>(simd::lanes<float>(x)));
  else return simd::bits(rounded<op>(simd::lanes<double>(x)));
}

}  // namespace

// C linkage for the sake of the names: nobody but the compiler calls these.
#pragma clang diagnostic ignored "-Wreturn-type-c-linkage"
#define GODWIT_MEANING [[gnu::always_inline]] auto
#define GODWIT_OP_Unary(name) \
  extern "C" GODWIT_MEANING godwit_op_##name(ParamOf<Opcode::name> x) { return unary<Opcode::name>(x); }
#define GODWIT_OP_Binary(name)                                                                      \
  extern "C" GODWIT_MEANING godwit_op_##name(ParamOf<Opcode::name> x, ParamOf<Opcode::name, 1> y) { \
    return value_of(Meaning<Opcode::name>::apply(x, y));                                            \
  }
#define GODWIT_OP_Test GODWIT_OP_Unary
#define GODWIT_OP_Convert GODWIT_OP_Unary
#define GODWIT_OP_Compare GODWIT_OP_Binary
#define GODWIT_OP_SimdUnary(name) \
  extern "C" GODWIT_MEANING godwit_op_##name(ParamOf<Opcode::name> x) { return simd_unary<Opcode::name>(x); }
#define GODWIT_OP_SimdBinary(name)                                                                  \
  extern "C" GODWIT_MEANING godwit_op_##name(ParamOf<Opcode::name> x, ParamOf<Opcode::name, 1> y) { \
    return value_of(SimdMeaning<Opcode::name>::apply(x, y));                                        \
  }
#define GODWIT_OP_SimdTernary(name)                                    \
  extern "C" GODWIT_MEANING godwit_op_##name(V128 x, V128 y, V128 z) { \
    return SimdMeaning<Opcode::name>::apply(x, y, z);                  \
  }
#define GODWIT_OP_SimdSplat GODWIT_OP_SimdUnary
#define GODWIT_OP_SimdTest GODWIT_OP_SimdUnary
#define GODWIT_OP_SimdConvert GODWIT_OP_SimdUnary
#define GODWIT_OP_SimdCompare GODWIT_OP_SimdBinary
#define GODWIT_OP_SimdShift GODWIT_OP_SimdBinary
// Of what lies in memory.
#define GODWIT_OP_SimdLoad(name)                                                                   \
  extern "C" GODWIT_MEANING godwit_op_##name(code::ops::detail::MemoryIntegerOf<Opcode::name> x) { \
    return code::ops::detail::loaded<Opcode::name>(x);                                             \
  }
// The other classes are the translator's own.
#define GODWIT_OP_Wide(name)
#define GODWIT_OP_Control(name)
#define GODWIT_OP_Parametric(name)
#define GODWIT_OP_Variable(name)
#define GODWIT_OP_Table(name)
#define GODWIT_OP_Memory(name)
#define GODWIT_OP_Load(name)
#define GODWIT_OP_Store(name)
#define GODWIT_OP_Const(name)
#define GODWIT_OP_Ref(name)
#define GODWIT_OP_Gc(name)
#define GODWIT_OP_Exception(name)
#define GODWIT_OP_SimdStore(name)
#define GODWIT_OP_SimdLoadLane(name)
#define GODWIT_OP_SimdStoreLane(name)
#define GODWIT_OP_SimdConst(name)
#define GODWIT_OP_SimdShuffle(name)
#define GODWIT_OP_SimdExtract(name)
#define GODWIT_OP_SimdReplace(name)
#define GODWIT_OP_AtomicLoad(name)
#define GODWIT_OP_AtomicStore(name)
#define GODWIT_OP_AtomicRmw(name)
#define GODWIT_OP_AtomicCmpxchg(name)
#define GODWIT_OP_AtomicWait(name)
#define GODWIT_OP_AtomicFence(name)
#define GODWIT_OP(prefix, code, name, text, imm, sig, access, feature, op_class) GODWIT_OP_##op_class(name)
#include "wasm/opcodes.def"
#undef GODWIT_OP

}  // namespace godwit::llvm_tier
