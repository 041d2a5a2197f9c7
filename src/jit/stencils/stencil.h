// The form of stencils: one function per op, compiled to an object file that is never linked. Its code, with holes
// where the cell's fields belong, is what the compiler of register code copies.
//
// A stencil has the whole machine in registers, the same as the interpreter's handlers (interp/handler.h), and goes on
// by a tail call of a hole. Further registers pass through it untouched, for slots that are kept in them (emitter.h): ip
// and aux, which plain ops do not use, and those that are called pin_. It keeps nothing on the native stack and calls nothing: an op that needs more is done by
// the interpreter's handler.
#pragma once

#include <type_traits>

#include "base/bytes.h"
#include "code/cell.h"
#include "code/machine.h"
#include "jit/stencils/fields.h"
#include "runtime/numeric_simd.h"
#include "runtime/vm.h"

namespace godwit::jit {

using code::Cell;
using runtime::Slot;
using runtime::Trap;
using runtime::VmContext;

#define GODWIT_STENCIL_PARAMS                                                                                \
  [[maybe_unused]] const ::godwit::jit::Cell *ip, [[maybe_unused]] ::godwit::jit::Slot *fp,                  \
      [[maybe_unused]] ::godwit::jit::VmContext *ctx, [[maybe_unused]] uint8_t *mem,                         \
      [[maybe_unused]] uint64_t acc, [[maybe_unused]] double f64_acc, [[maybe_unused]] uint64_t aux,         \
      [[maybe_unused]] float f32_acc, [[maybe_unused]] ::godwit::runtime::V128 v128_acc,                     \
      [[maybe_unused]] uint64_t scratch_0, [[maybe_unused]] uint64_t scratch_1, uint64_t pin_r8,             \
      uint64_t pin_r9, uint64_t pin_r11, ::godwit::runtime::V128 pin_xmm3, ::godwit::runtime::V128 pin_xmm4, \
      ::godwit::runtime::V128 pin_xmm5, ::godwit::runtime::V128 pin_xmm6, ::godwit::runtime::V128 pin_xmm7
#define GODWIT_STENCIL_STATE                                                        \
  ip, fp, ctx, mem, acc, f64_acc, aux, f32_acc, v128_acc, ::godwit::jit::nothing(), \
      ::godwit::jit::nothing(), pin_r8, pin_r9, pin_r11, pin_xmm3, pin_xmm4, pin_xmm5, pin_xmm6, pin_xmm7

// A register that holds nothing: no code is made for it.
GODWIT_JIT_INLINE inline uint64_t nothing() {
  uint64_t value;
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wuninitialized"
  return value;
#pragma clang diagnostic pop
}

using Code = __attribute__((preserve_none)) void(GODWIT_STENCIL_PARAMS);

#define GODWIT_STENCIL(name)                                                               \
  extern "C" [[clang::preserve_none, gnu::used, gnu::flatten]] void godwit_stencil_##name( \
      GODWIT_STENCIL_PARAMS)

// Goes on at an address, or at a hole.
#define GODWIT_GO_ON(code)                                           \
  [[clang::musttail]] return reinterpret_cast<::godwit::jit::Code*>( \
      const_cast<void*>(static_cast<const void*>(code)))(GODWIT_STENCIL_STATE)
#define GODWIT_GO_ON_AT(hole) GODWIT_GO_ON(godwit_hole_##hole)

// A number of 64 bits in the code.
#define GODWIT_FAR_HOLE(type, hole)                             \
  __extension__({                                               \
    uint64_t far_hole;                                          \
    asm("movabsq $godwit_hole_" #hole ", %0" : "=r"(far_hole)); \
    std::bit_cast<type>(far_hole);                              \
  })

// The machine of code/machine.h, on a stencil's registers and holes.
struct Machine {
  Slot* fp;
  VmContext* context;
  uint8_t* mem;
  uint64_t int_acc;
  double f64_acc;
  float f32_acc;
  runtime::V128 v128_acc;
  Trap why = Trap::None;
  const void* target = nullptr;  // of a jump through a table
  bool is_table_jump = false;

  GODWIT_JIT_INLINE FieldA a() const { return {}; }
  GODWIT_JIT_INLINE FieldD d() const { return {}; }
  GODWIT_JIT_INLINE FieldB b() const { return {}; }

  template <class T>
  GODWIT_JIT_INLINE T literal(uint32_t index = 0) const {
    if constexpr (sizeof(T) == 16) {
      return T{index == 0 ? far<0>() : far<2>(), index == 0 ? far<1>() : far<3>()};
    } else {
      static_assert(sizeof(T) == 8);
      uint64_t bits;
      if (index == 0) bits = far<0>();
      else if (index == 1) bits = far<1>();
      else if (index == 2) bits = far<2>();
      else if (index == 3) bits = far<3>();
      else bits = far<4>();
      return std::bit_cast<T>(bits);
    }
  }

  template <class Index>
  GODWIT_JIT_INLINE uint8_t* place(Index index) const {
    if constexpr (requires { index.slot_bytes(); }) {
      return reinterpret_cast<uint8_t*>(fp) + index.slot_bytes();
    } else {
      return reinterpret_cast<uint8_t*>(fp + static_cast<uint32_t>(index)) +
             number_of<uintptr_t>(godwit_hole_any_slot);
    }
  }
  template <class T, class Index>
  GODWIT_JIT_INLINE T slot(Index index) const {
    return load_unaligned<T>(place(index));
  }
  template <class Index, class T>
  GODWIT_JIT_INLINE void set_slot(Index index, T value) {
    if constexpr (std::is_floating_point_v<T> || std::is_same_v<T, runtime::V128>)
      store_unaligned(place(index), value);
    else store_unaligned<uint64_t>(place(index), value);
  }

  template <class T>
  GODWIT_JIT_INLINE T acc() const {
    if constexpr (std::is_same_v<T, double>) return f64_acc;
    else if constexpr (std::is_same_v<T, float>) return f32_acc;
    else if constexpr (std::is_same_v<T, runtime::V128>) return v128_acc;
    else return static_cast<T>(int_acc);
  }
  template <class T>
  GODWIT_JIT_INLINE void set_acc(T value) {
    if constexpr (std::is_same_v<T, double>) f64_acc = value;
    else if constexpr (std::is_same_v<T, float>) f32_acc = value;
    else if constexpr (std::is_same_v<T, runtime::V128>) v128_acc = value;
    else int_acc = value;
  }

  template <class T>
  GODWIT_JIT_INLINE T load(uint64_t address) {
    return load_unaligned<T>(mem + address);
  }
  template <class T>
  GODWIT_JIT_INLINE void store(uint64_t address, T value) {
    store_unaligned(mem + address, value);
  }

  // Without a branch where there is an instruction for it.
  template <class T>
  GODWIT_JIT_INLINE T choose(bool condition, T left, T right) const {
    if constexpr (std::is_integral_v<T>) {
      asm("testb %2, %2\n\tcmoveq %1, %0" : "+r"(left) : "r"(right), "q"(condition) : "cc");
      return left;
    } else {
      asm("" : "+x"(left));
      return condition ? left : right;
    }
  }

  GODWIT_JIT_INLINE VmContext* ctx() const { return context; }
  GODWIT_JIT_INLINE code::ops::Flow trap(Trap reason) {
    why = reason;
    return code::ops::Flow::Trap;
  }
  // The store lies where rbp says, as long as the guest runs (platform/guest_entry.h).
  GODWIT_JIT_INLINE bool interrupted() const {
    bool is_set;
    asm volatile("cmpq $0, %c1(%%rbp)" : "=@ccne"(is_set) : "i"(offsetof(runtime::VmStore, interrupt)));
    return is_set;
  }
  // A branch whose condition comes last is one instruction.
  static constexpr bool kPollsFirst = true;
  // The compiler of register code knows where the op goes; where a table leads, its entries in native code say.
  template <class Distance>
  GODWIT_JIT_INLINE void jump_by(Distance) {}
  GODWIT_JIT_INLINE code::ops::Flow jump_through_entry(uint32_t index) {
    const auto* table = GODWIT_FAR_HOLE(const void* const*, table);
    target = table[index];
    is_table_jump = true;
    return code::ops::Flow::Jump;
  }

 private:
  template <int index>
  GODWIT_JIT_INLINE static uint64_t far() {
    if constexpr (index == 0) return GODWIT_FAR_HOLE(uint64_t, literal_0);
    else if constexpr (index == 1) return GODWIT_FAR_HOLE(uint64_t, literal_1);
    else if constexpr (index == 2) return GODWIT_FAR_HOLE(uint64_t, literal_2);
    else if constexpr (index == 3) return GODWIT_FAR_HOLE(uint64_t, literal_3);
    else return GODWIT_FAR_HOLE(uint64_t, literal_4);
  }
};

// Defines the stencil of the op `name` with the op body.
#define GODWIT_DEFINE_STENCIL(name, ...)                               \
  GODWIT_STENCIL(name) {                                               \
    using namespace code::ops;                                         \
    Machine m{fp, ctx, mem, acc, f64_acc, f32_acc, v128_acc};          \
    Flow flow = __VA_ARGS__::run(m);                                   \
    acc = m.int_acc;                                                   \
    f64_acc = m.f64_acc;                                               \
    f32_acc = m.f32_acc;                                               \
    v128_acc = m.v128_acc;                                             \
    if (flow == Flow::Trap) [[unlikely]] {                             \
      aux = static_cast<uint64_t>(m.why);                              \
      GODWIT_GO_ON_AT(trap);                                           \
    }                                                                  \
    if (flow == Flow::Branch) GODWIT_GO_ON_AT(branch);                 \
    if (flow == Flow::Jump && m.is_table_jump) GODWIT_GO_ON(m.target); \
    if (flow == Flow::Jump) GODWIT_GO_ON_AT(step_branch);              \
    GODWIT_GO_ON_AT(next);                                             \
  }

}  // namespace godwit::jit
