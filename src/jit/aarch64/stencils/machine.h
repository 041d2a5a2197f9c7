// The machine of stencils on aarch64: a hole is a field of an instruction, or several, which relocations mark.
//
// Slots near the frame pointer are reached by one instruction with the distance inside; numbers of 64 bits lie behind the
// function's code. x29 holds the store as long as the guest runs (platform/guest_entry.h).
#pragma once

#include <cstddef>
#include <cstdint>

#define GODWIT_HOLE_LINKAGE
#define GODWIT_FAR_HOLE(type, hole)                                                                  \
  __extension__({                                                                                    \
    type far_hole;                                                                                   \
    if constexpr (std::is_same_v<type, double>) asm("ldr %d0, godwit_hole_" #hole : "=w"(far_hole)); \
    else asm("ldr %x0, godwit_hole_" #hole : "=r"(far_hole));                                        \
    far_hole;                                                                                        \
  })
#define GODWIT_JUMP_TABLE()                              \
  __extension__({                                        \
    const void* const* jump_table;                       \
    asm("adr %0, godwit_hole_table" : "=r"(jump_table)); \
    jump_table;                                          \
  })
#define GODWIT_NUMBER(type, hole) static_cast<type>(::godwit::jit::number_##hole())

#define GODWIT_LOAD_SLOT(field, constraint, modifier)                              \
  asm volatile("ldr %" modifier "0, [%1, :lo12:godwit_hole_slot_" #field " + %c2]" \
               : "=" constraint(value)                                             \
               : "r"(fp), "i"(8 * plus)                                            \
               : "memory")
#define GODWIT_STORE_SLOT(field, constraint, modifier)                             \
  asm volatile("str %" modifier "0, [%1, :lo12:godwit_hole_slot_" #field " + %c2]" \
               :                                                                   \
               : constraint(value), "r"(fp), "i"(8 * plus)                         \
               : "memory")
#define GODWIT_SLOT_ACCESS(field)                                                                    \
  GODWIT_JIT_INLINE uintptr_t slot_bytes() const {                                                   \
    uintptr_t bytes;                                                                                 \
    asm("movz %0, #:abs_g0:godwit_hole_slot_" #field " + %c1" : "=r"(bytes) : "i"(8 * plus));        \
    return bytes;                                                                                    \
  }                                                                                                  \
  GODWIT_JIT_INLINE uint32_t load_narrow(const void* fp) const {                                     \
    uint64_t value;                                                                                  \
    GODWIT_LOAD_SLOT(field, "r", "w");                                                               \
    return ::godwit::jit::narrow(value);                                                             \
  }                                                                                                  \
  template <class T>                                                                                 \
  GODWIT_JIT_INLINE T load(const void* fp) const {                                                   \
    T value;                                                                                         \
    if constexpr (sizeof(T) == 16)                                                                   \
      value = load_unaligned<T>(static_cast<const uint8_t*>(fp) + slot_bytes());                     \
    else if constexpr (std::is_same_v<T, double>) GODWIT_LOAD_SLOT(field, "w", "d");                 \
    else if constexpr (std::is_same_v<T, float>) GODWIT_LOAD_SLOT(field, "w", "s");                  \
    else if constexpr (sizeof(T) == 4) value = load_narrow(fp);                                      \
    else GODWIT_LOAD_SLOT(field, "r", "x");                                                          \
    return value;                                                                                    \
  }                                                                                                  \
  template <class T>                                                                                 \
  GODWIT_JIT_INLINE void store(void* fp, T value) const {                                            \
    if constexpr (sizeof(T) == 16) store_unaligned(static_cast<uint8_t*>(fp) + slot_bytes(), value); \
    else if constexpr (std::is_same_v<T, double>) GODWIT_STORE_SLOT(field, "w", "d");                \
    else if constexpr (std::is_same_v<T, float>) GODWIT_STORE_SLOT(field, "w", "s");                 \
    else GODWIT_STORE_SLOT(field, "r", "x");                                                         \
  }

#include "base/bytes.h"

namespace godwit::jit {

// Of a register whose upper half is 0.
[[gnu::always_inline]] inline uint32_t narrow(uint64_t value) {
  __builtin_assume(value >> 32 == 0);
  return static_cast<uint32_t>(value);
}

// Numbers of 16 bits, of 16 bits with a sign, and of 32 bits.
#define GODWIT_NUMBER_16(hole)                                   \
  [[gnu::always_inline]] inline uint32_t number_##hole() {       \
    uint64_t number;                                             \
    asm("movz %w0, #:abs_g0:godwit_hole_" #hole : "=r"(number)); \
    return narrow(number);                                       \
  }
#define GODWIT_SIGNED_16(hole)                                     \
  [[gnu::always_inline]] inline int32_t number_##hole() {          \
    int32_t number;                                                \
    asm("movz %w0, #:abs_g0_s:godwit_hole_" #hole : "=r"(number)); \
    return number;                                                 \
  }
#define GODWIT_NUMBER_32(hole)                                                                 \
  [[gnu::always_inline]] inline uint32_t number_##hole() {                                     \
    uint64_t number;                                                                           \
    asm("movz %w0, #:abs_g1:godwit_hole_" #hole "\n\tmovk %w0, #:abs_g0_nc:godwit_hole_" #hole \
        : "=r"(number));                                                                       \
    return narrow(number);                                                                     \
  }
GODWIT_NUMBER_16(a)
GODWIT_NUMBER_16(d)
GODWIT_NUMBER_16(b_low)
GODWIT_NUMBER_16(b_high)
GODWIT_SIGNED_16(d_signed)
GODWIT_SIGNED_16(b_high_signed)
GODWIT_NUMBER_32(b)
GODWIT_NUMBER_32(ad)
GODWIT_NUMBER_32(offset_b)
GODWIT_NUMBER_32(global_b)
GODWIT_NUMBER_32(pointer_b)
GODWIT_NUMBER_32(pointer_d)
#undef GODWIT_NUMBER_16
#undef GODWIT_SIGNED_16
#undef GODWIT_NUMBER_32

}  // namespace godwit::jit

#include "jit/stencils/machine_state.h"

namespace godwit::jit {

#define GODWIT_STENCIL_PARAMS                                                                        \
  [[maybe_unused]] const ::godwit::jit::Cell *ip, [[maybe_unused]] ::godwit::jit::Slot *fp,          \
      [[maybe_unused]] ::godwit::jit::VmContext *ctx, [[maybe_unused]] uint8_t *mem,                 \
      [[maybe_unused]] uint64_t acc, [[maybe_unused]] double f64_acc, [[maybe_unused]] uint64_t aux, \
      [[maybe_unused]] float f32_acc, [[maybe_unused]] ::godwit::runtime::V128 v128_acc
#define GODWIT_STENCIL_STATE ip, fp, ctx, mem, acc, f64_acc, aux, f32_acc, v128_acc

struct Machine : MachineState {
  template <class Index>
  GODWIT_JIT_INLINE uint8_t* place(Index index) const {
    return reinterpret_cast<uint8_t*>(fp + static_cast<uint32_t>(index));
  }
  template <class T, class Index>
  GODWIT_JIT_INLINE T slot(Index index) const {
    if constexpr (requires { index.template load<T>(fp); }) return index.template load<T>(fp);
    else return load_unaligned<T>(place(index));
  }
  template <class Index, class T>
  GODWIT_JIT_INLINE void set_slot(Index index, T value) {
    constexpr bool kIsWhole = std::is_floating_point_v<T> || std::is_same_v<T, runtime::V128>;
    using Stored = std::conditional_t<kIsWhole, T, uint64_t>;
    if constexpr (requires { index.slot_bytes(); }) index.store(fp, static_cast<Stored>(value));
    else store_unaligned(place(index), static_cast<Stored>(value));
  }

  template <class T>
  GODWIT_JIT_INLINE T choose(uint32_t condition, T left, T right) const {
    return condition != 0 ? left : right;
  }

  GODWIT_JIT_INLINE bool interrupted_in_leaf() const { return interrupted(); }
  GODWIT_JIT_INLINE bool interrupted() const {
    uint64_t word;
    asm volatile("ldr %0, [x29, %1]" : "=r"(word) : "i"(offsetof(runtime::VmStore, interrupt)));
    return word != 0;
  }
  static constexpr bool kPollsFirst = true;
};

GODWIT_JIT_INLINE inline bool is_beyond_entry_limit(const Slot* end) {
  const Slot* limit;
  asm volatile("ldr %0, [x29, %1]" : "=r"(limit) : "i"(offsetof(runtime::VmStore, entry_limit)));
  return end > limit;
}

}  // namespace godwit::jit
