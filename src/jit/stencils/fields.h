// A cell's fields as holes: what the machine of stencils gives to op bodies for a(), d() and b().
//
// How a processor has a hole's number in its code, its machine.h says before it includes this:
//
//   GODWIT_NUMBER(type, hole)     the number, as that type
//   GODWIT_HOLE_LINKAGE           attributes of the symbols that stand for holes
//   GODWIT_SLOT_ACCESS(field)     members of a field's class that reach the slot that it names, `plus` slots further
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

extern "C" {
#define GODWIT_HOLE(name, width) \
  extern const char godwit_hole_##name[] __attribute__((GODWIT_HOLE_LINKAGE visibility("hidden")));
#include "jit/holes.def"
}

namespace godwit::jit {

#define GODWIT_JIT_INLINE [[gnu::always_inline]]

// Bodies shift fields by 16 and mask their low 16 bits, nothing else.
[[gnu::error("a field of a cell is not a half")]] void not_a_half();
GODWIT_JIT_INLINE inline void check_half(int operand, int expected) {
  if (operand != expected) not_a_half();
}

// A field that is a number, or names the slot `plus` slots further.
#define GODWIT_FIELD_BASICS(Name, field)                                                        \
  uint32_t plus = 0;                                                                            \
  GODWIT_JIT_INLINE operator uint32_t() const { return GODWIT_NUMBER(uint32_t, field) + plus; } \
  GODWIT_SLOT_ACCESS(field)                                                                     \
  template <class Slots>                                                                        \
    requires std::is_integral_v<Slots>                                                          \
  GODWIT_JIT_INLINE friend Name operator+(Name at, Slots slots) {                               \
    return {at.plus + static_cast<uint32_t>(slots)};                                            \
  }

struct LowOfB {
  GODWIT_FIELD_BASICS(LowOfB, b_low)
};

struct HighOfB {
  GODWIT_FIELD_BASICS(HighOfB, b_high)
};

struct FieldB {
  GODWIT_FIELD_BASICS(FieldB, b)
  // As an offset of an address it is added in 64 bits.
  GODWIT_JIT_INLINE operator uint64_t() const { return GODWIT_NUMBER(uint64_t, offset_b); }
  GODWIT_JIT_INLINE explicit operator int32_t() const { return GODWIT_NUMBER(int32_t, b); }
  GODWIT_JIT_INLINE explicit operator int16_t() const { return GODWIT_NUMBER(int16_t, b_low); }
  GODWIT_JIT_INLINE friend HighOfB operator>>(FieldB, int bits) {
    check_half(bits, 16);
    return {};
  }
  GODWIT_JIT_INLINE friend LowOfB operator&(FieldB, int mask) {
    check_half(mask, 0xFFFF);
    return {};
  }
  GODWIT_JIT_INLINE friend uint64_t operator+(uint64_t address, FieldB offset) {
    return address + static_cast<uint64_t>(offset);
  }
  GODWIT_JIT_INLINE friend uint32_t operator+(uint32_t left, FieldB right) {
    return left + static_cast<uint32_t>(right);
  }
};

struct FieldA {
  GODWIT_FIELD_BASICS(FieldA, a)
};

struct HighOfAd {
  GODWIT_JIT_INLINE friend uint32_t operator|(HighOfAd, FieldA) { return GODWIT_NUMBER(uint32_t, ad); }
};

struct FieldD {
  GODWIT_FIELD_BASICS(FieldD, d)
  GODWIT_JIT_INLINE int32_t signed_half() const { return GODWIT_NUMBER(int32_t, d_signed); }
  GODWIT_JIT_INLINE friend HighOfAd operator<<(FieldD, int bits) {
    check_half(bits, 16);
    return {};
  }
};

#undef GODWIT_FIELD_BASICS

}  // namespace godwit::jit
