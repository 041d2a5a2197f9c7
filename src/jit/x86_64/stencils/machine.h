// The machine of stencils on x86-64: a hole is the address of a symbol that does not exist, which the instructions that
// use it have inside them.
//
// Further registers pass through a stencil untouched, for slots that are kept in them (pins.h): ip and aux, which plain
// ops do not use, and those that are called pin_.
#pragma once

#define GODWIT_FAR_HOLE(type, hole)                             \
  __extension__({                                               \
    uint64_t far_hole;                                          \
    asm("movabsq $godwit_hole_" #hole ", %0" : "=r"(far_hole)); \
    std::bit_cast<type>(far_hole);                              \
  })
// Weak, so that no hole is taken for surely not 0.
#define GODWIT_HOLE_LINKAGE weak,
#define GODWIT_JUMP_TABLE() GODWIT_FAR_HOLE(const void* const*, table)
#define GODWIT_NUMBER(type, hole) static_cast<type>(reinterpret_cast<uintptr_t>(godwit_hole_##hole))
#define GODWIT_SLOT_ACCESS(field)                                                       \
  GODWIT_JIT_INLINE uintptr_t slot_bytes() const {                                      \
    return reinterpret_cast<uintptr_t>(godwit_hole_slot_##field + 8 * ptrdiff_t{plus}); \
  }
#include "jit/stencils/machine_state.h"

namespace godwit::jit {

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
  return value;  // NOLINT(clang-analyzer-core.uninitialized.UndefReturn)
#pragma clang diagnostic pop
}

struct Machine : MachineState {
  template <class Index>
  GODWIT_JIT_INLINE uint8_t* place(Index index) const {
    if constexpr (requires { index.slot_bytes(); }) {
      return reinterpret_cast<uint8_t*>(fp) + index.slot_bytes();
    } else {
      return reinterpret_cast<uint8_t*>(fp + static_cast<uint32_t>(index)) +
             GODWIT_NUMBER(uintptr_t, any_slot);
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

  // Without a branch where there is an instruction for it.
  template <class T>
  GODWIT_JIT_INLINE T choose(uint32_t condition, T left, T right) const {
    if constexpr (std::is_integral_v<T>) {
      asm("testl %2, %2\n\tcmoveq %1, %0" : "+r"(left) : "r"(right), "r"(condition) : "cc");
      return left;
    } else {
      asm("" : "+x"(left));
      return condition != 0 ? left : right;
    }
  }

  // The store lies where rbp says, as long as the guest runs (platform/guest_entry.h).
  GODWIT_JIT_INLINE bool interrupted_in_leaf() const { return interrupted(); }
  GODWIT_JIT_INLINE bool interrupted() const {
    bool is_set;
    asm volatile("cmpq $0, %c1(%%rbp)" : "=@ccne"(is_set) : "i"(offsetof(runtime::VmStore, interrupt)));
    return is_set;
  }
  // A branch whose condition comes last is one instruction.
  static constexpr bool kPollsFirst = true;
};

// The store lies where rbp says.
GODWIT_JIT_INLINE inline bool is_beyond_entry_limit(const Slot* end) {
  bool is_beyond;
  asm volatile("cmpq %c2(%%rbp), %1"
               : "=@cca"(is_beyond)
               : "r"(end), "i"(offsetof(runtime::VmStore, entry_limit)));
  return is_beyond;
}

}  // namespace godwit::jit
