// The meaning of every vector instruction that has neither a lane nor a memory in its immediates: one function per
// row of opcodes.def, named as the row; and what the others are made of.
//
// A V128 is 16 bytes; lane 0 lies lowest. The relaxed instructions give what the deterministic profile of the
// specification says, on every processor: unfused multiply-add, the swizzle, truncation, minimum, maximum, selection
// and multiplication of the instructions that they relax, and a dot product of signed lanes.
// Comparisons give lanes of all ones or all zeroes. NaNs that come out are quiet, as in numeric.h.
// spec: https://webassembly.github.io/spec/core/exec/numerics.html
// spec: https://webassembly.github.io/spec/core/exec/instructions.html#vector-instructions
#pragma once

#include <bit>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "platform/byte_lookup.h"
#include "runtime/numeric.h"

namespace godwit::runtime {

using V128 = uint64_t __attribute__((vector_size(16)));

namespace numeric {

#define GODWIT_SIMD [[gnu::always_inline]] inline

namespace simd {

// A vector of 16 bytes, and one of 8.
template <class T>
using Lanes = T __attribute__((vector_size(16)));
template <class T>
using HalfLanes = T __attribute__((vector_size(8)));

template <class T>
inline constexpr unsigned kLanes = 16 / sizeof(T);

// The integers of a lane's width.
template <class T>
struct WidthOf {
  using Signed = std::make_signed_t<T>;
  using Unsigned = std::make_unsigned_t<T>;
};
template <>
struct WidthOf<float> {
  using Signed = int32_t;
  using Unsigned = uint32_t;
};
template <>
struct WidthOf<double> {
  using Signed = int64_t;
  using Unsigned = uint64_t;
};
template <class T>
using SignedOf = typename WidthOf<T>::Signed;
template <class T>
using UnsignedOf = typename WidthOf<T>::Unsigned;

template <class T>
struct Wider;
template <>
struct Wider<int8_t> {
  using Type = int16_t;
};
template <>
struct Wider<uint8_t> {
  using Type = uint16_t;
};
template <>
struct Wider<int16_t> {
  using Type = int32_t;
};
template <>
struct Wider<uint16_t> {
  using Type = uint32_t;
};
template <>
struct Wider<int32_t> {
  using Type = int64_t;
};
template <>
struct Wider<uint32_t> {
  using Type = uint64_t;
};
template <class T>
using WiderOf = typename Wider<T>::Type;

template <class T>
GODWIT_SIMD Lanes<T> lanes(V128 x) {
  return __builtin_bit_cast(Lanes<T>, x);
}
template <class Vector>
GODWIT_SIMD V128 bits(Vector x) {
  static_assert(sizeof(Vector) == 16);
  return __builtin_bit_cast(V128, x);
}

// All lanes the integer x.
template <class T>
GODWIT_SIMD Lanes<T> splat(T x) {
  static_assert(std::is_integral_v<T>);
  Lanes<T> result = {};
  for (unsigned lane = 0; lane < kLanes<T>; ++lane) result[lane] = x;
  return result;
}
template <class T>
GODWIT_SIMD Lanes<T> splat_float(T x) {
  return __builtin_bit_cast(Lanes<T>, splat<UnsignedOf<T>>(std::bit_cast<UnsignedOf<T>>(x)));
}

// Where `mask` is set x, else y, bit by bit.
GODWIT_SIMD V128 choose(V128 mask, V128 x, V128 y) { return (x & mask) | (y & ~mask); }

// The first or the second half of the lanes.
template <class T>
GODWIT_SIMD HalfLanes<T> low_half(Lanes<T> x) {
  uint64_t half = bits(x)[0];
  return __builtin_bit_cast(HalfLanes<T>, half);
}
template <class T>
GODWIT_SIMD HalfLanes<T> high_half(Lanes<T> x) {
  uint64_t half = bits(x)[1];
  return __builtin_bit_cast(HalfLanes<T>, half);
}
template <class T>
GODWIT_SIMD Lanes<WiderOf<T>> widen(HalfLanes<T> x) {
  return __builtin_convertvector(x, Lanes<WiderOf<T>>);
}
template <class T>
GODWIT_SIMD Lanes<WiderOf<T>> extend_low(V128 x) {
  return widen<T>(low_half<T>(lanes<T>(x)));
}
template <class T>
GODWIT_SIMD Lanes<WiderOf<T>> extend_high(V128 x) {
  return widen<T>(high_half<T>(lanes<T>(x)));
}

// The sums of neighbours, each widened.
template <class T>
GODWIT_SIMD V128 extadd_pairwise(V128 x) {
  using W = WiderOf<T>;
  constexpr int kBits = 8 * sizeof(T);
  Lanes<W> pairs = lanes<W>(x);
  Lanes<W> odd = pairs >> kBits;
  Lanes<W> even;
  if constexpr (std::is_signed_v<T>)
    even = __builtin_bit_cast(Lanes<W>, __builtin_bit_cast(Lanes<UnsignedOf<W>>, pairs) << kBits) >> kBits;
  else even = pairs & splat<W>(std::numeric_limits<T>::max());
  return bits(even + odd);
}

// x, limited to what To can hold.
template <class To, class From>
GODWIT_SIMD V128 narrow(V128 x, V128 y) {
  constexpr From kLow = std::numeric_limits<To>::min(), kHigh = std::numeric_limits<To>::max();
  auto limited = [](V128 wide) __attribute__((always_inline)) {
    Lanes<From> value = __builtin_elementwise_max(lanes<From>(wide), splat<From>(kLow));
    value = __builtin_elementwise_min(value, splat<From>(kHigh));
    return __builtin_bit_cast(uint64_t, __builtin_convertvector(value, HalfLanes<To>));
  };
  return V128{limited(x), limited(y)};
}

// --- Bits of all lanes ----------------------------------------------------------------------------------------------

GODWIT_SIMD bool any(V128 x) { return (x[0] | x[1]) != 0; }
template <class T>
GODWIT_SIMD bool all_true(V128 x) {
  return !any(bits(lanes<T>(x) == splat<T>(0)));
}
// The lanes' highest bits, lane 0 lowest.
template <class T>
GODWIT_SIMD uint32_t bitmask(V128 x) {
  auto negative = lanes<SignedOf<T>>(x) < splat<SignedOf<T>>(0);
  if constexpr (sizeof(T) == 1) {
    using Bools = bool __attribute__((ext_vector_type(16)));
    return __builtin_bit_cast(uint16_t, __builtin_convertvector(negative, Bools));
  } else if constexpr (sizeof(T) == 2) {
    using Bools = bool __attribute__((ext_vector_type(8)));
    return __builtin_bit_cast(uint8_t, __builtin_convertvector(negative, Bools));
  } else {
    uint32_t mask = 0;
    for (unsigned lane = 0; lane < kLanes<T>; ++lane)
      mask |= static_cast<uint32_t>(negative[lane] & 1) << lane;
    return mask;
  }
}

// --- Integers -------------------------------------------------------------------------------------------------------

// Rounded upwards, without overflow.
template <class T>
GODWIT_SIMD V128 average(V128 x, V128 y) {
  return bits(lanes<T>(x | y) - (lanes<T>(x ^ y) >> 1));
}

// Products of 15 fractional bits, rounded; the one that overflows is the square of -1.
GODWIT_SIMD V128 q15mulr_sat(V128 x, V128 y) {
  auto rounded = [](Lanes<int32_t> product) __attribute__((always_inline)) {
    return bits((product + splat<int32_t>(0x4000)) >> 15);
  };
  return narrow<int16_t, int32_t>(rounded(extend_low<int16_t>(x) * extend_low<int16_t>(y)),
                                  rounded(extend_high<int16_t>(x) * extend_high<int16_t>(y)));
}

// Sums of two neighbouring products.
GODWIT_SIMD V128 dot_i16x8(V128 x, V128 y) {
  auto even = [](V128 v) __attribute__((always_inline)) {
    return __builtin_convertvector(__builtin_shufflevector(lanes<int16_t>(v), lanes<int16_t>(v), 0, 2, 4, 6),
                                   Lanes<int32_t>);
  };
  auto odd = [](V128 v) __attribute__((always_inline)) {
    return __builtin_convertvector(__builtin_shufflevector(lanes<int16_t>(v), lanes<int16_t>(v), 1, 3, 5, 7),
                                   Lanes<int32_t>);
  };
  // unsigned: 2^30 + 2^30 wraps
  return bits(lanes<uint32_t>(bits(even(x) * even(y))) + lanes<uint32_t>(bits(odd(x) * odd(y))));
}
GODWIT_SIMD V128 dot_i8x16(V128 x, V128 y) {
  auto even = [](V128 v) __attribute__((always_inline)) {
    return lanes<int16_t>(bits(lanes<uint16_t>(v) << 8)) >> 8;
  };
  auto odd = [](V128 v) __attribute__((always_inline)) { return lanes<int16_t>(v) >> 8; };
  return bits(lanes<uint16_t>(bits(even(x) * even(y))) + lanes<uint16_t>(bits(odd(x) * odd(y))));
}

// --- Floating point -------------------------------------------------------------------------------------------------

template <class T>
GODWIT_SIMD V128 sign_bits() {
  return bits(splat<UnsignedOf<T>>(detail::FloatBits<T>::kSign));
}
template <class T>
GODWIT_SIMD Lanes<T> absolute(Lanes<T> x) {
  return lanes<T>(bits(x) & ~sign_bits<T>());
}
template <class T>
GODWIT_SIMD Lanes<T> with_sign_of(Lanes<T> x, Lanes<T> sign) {
  return lanes<T>(choose(sign_bits<T>(), bits(sign), bits(x)));
}

// What `rounded` makes of the lanes that may have a fraction; others stay, NaNs become quiet.
template <class T>
GODWIT_SIMD V128 where_fraction(Lanes<T> x, Lanes<T> rounded) {
  auto may_have = absolute<T>(x) < splat_float<T>(detail::FloatBits<T>::kAllIntegers);
  V128 quiet = bits(splat<UnsignedOf<T>>(detail::FloatBits<T>::kQuiet)) & bits(x != x);
  return choose(bits(may_have), bits(with_sign_of<T>(rounded, x)), bits(x) | quiet);
}
// Ties to even; for lanes that may have a fraction.
template <class T>
GODWIT_SIMD Lanes<T> small_nearest(Lanes<T> x) {
  Lanes<T> all_integers = splat_float<T>(detail::FloatBits<T>::kAllIntegers);
  return with_sign_of<T>((absolute<T>(x) + all_integers) - all_integers, x);
}
// 1 where the mask is set, else 0.
template <class T, class Mask>
GODWIT_SIMD Lanes<T> one_where(Mask mask) {
  return lanes<T>(bits(mask) & bits(splat_float<T>(1)));
}

template <class T>
GODWIT_SIMD V128 nearest(V128 v) {
  auto x = lanes<T>(v);
  return where_fraction<T>(x, small_nearest<T>(x));
}
template <class T>
GODWIT_SIMD V128 floor(V128 v) {
  auto x = lanes<T>(v);
  auto near = small_nearest<T>(x);
  return where_fraction<T>(x, near - one_where<T>(near > x));
}
template <class T>
GODWIT_SIMD V128 ceil(V128 v) {
  auto x = lanes<T>(v);
  auto near = small_nearest<T>(x);
  return where_fraction<T>(x, near + one_where<T>(near < x));
}
template <class T>
GODWIT_SIMD V128 trunc(V128 v) {
  auto x = lanes<T>(v);
  auto near = small_nearest<T>(absolute<T>(x));
  return where_fraction<T>(x, near - one_where<T>(near > absolute<T>(x)));
}

// x + y is a quiet NaN where one of them is a NaN.
template <class T>
GODWIT_SIMD V128 min(V128 v, V128 w) {
  auto x = lanes<T>(v), y = lanes<T>(w);
  V128 smaller = choose(bits(x < y), v, choose(bits(x == y), v | w, w));  // -0 below +0
  return choose(bits((x != x) | (y != y)), bits(x + y), smaller);
}
template <class T>
GODWIT_SIMD V128 max(V128 v, V128 w) {
  auto x = lanes<T>(v), y = lanes<T>(w);
  V128 larger = choose(bits(x > y), v, choose(bits(x == y), v & w, w));
  return choose(bits((x != x) | (y != y)), bits(x + y), larger);
}
template <class T>
GODWIT_SIMD V128 pmin(V128 v, V128 w) {
  return choose(bits(lanes<T>(w) < lanes<T>(v)), w, v);
}
template <class T>
GODWIT_SIMD V128 pmax(V128 v, V128 w) {
  return choose(bits(lanes<T>(v) < lanes<T>(w)), w, v);
}

// --- Conversions ----------------------------------------------------------------------------------------------------

GODWIT_SIMD V128 trunc_sat_f32x4_s(V128 v) {
  constexpr float kEnd = 2147483648.0f;
  auto x = lanes<float>(v);
  auto is_high = x >= splat_float<float>(kEnd);
  auto is_low = x < splat_float<float>(-kEnd);
  V128 inside = v & ~bits(is_high | is_low | (x != x));
  V128 converted = bits(__builtin_convertvector(lanes<float>(inside), Lanes<int32_t>));
  V128 limit = choose(bits(is_high), bits(splat<int32_t>(0x7FFF'FFFF)), bits(splat<int32_t>(INT32_MIN)));
  return choose(bits(is_high | is_low), limit, converted);
}
GODWIT_SIMD V128 trunc_sat_f32x4_u(V128 v) {
  auto x = lanes<float>(v);
  auto is_high = x >= splat_float<float>(4294967296.0f);
  V128 inside = v & bits(x > splat_float<float>(0)) & ~bits(is_high);
  return bits(__builtin_convertvector(lanes<float>(inside), Lanes<uint32_t>)) | bits(is_high);
}
// x between low and high; a NaN becomes 0.
GODWIT_SIMD Lanes<double> limited(V128 v, double low, double high) {
  Lanes<double> x = lanes<double>(v);
  x = lanes<double>(v & bits(x == x));
  x = lanes<double>(choose(bits(x < splat_float(low)), bits(splat_float(low)), bits(x)));
  return lanes<double>(choose(bits(x > splat_float(high)), bits(splat_float(high)), bits(x)));
}
template <class T>
GODWIT_SIMD V128 trunc_sat_f64x2_zero(V128 v) {
  auto x = limited(v, std::numeric_limits<T>::min(), std::numeric_limits<T>::max());
  return V128{__builtin_bit_cast(uint64_t, __builtin_convertvector(x, HalfLanes<T>)), 0};
}

// --- Bytes ----------------------------------------------------------------------------------------------------------

GODWIT_SIMD V128 swizzle(V128 x, V128 index) {
  // from 16 on, indices get their highest bit: 0 is looked up
  auto far = __builtin_elementwise_add_sat(lanes<uint8_t>(index), splat<uint8_t>(0x70));
  return bits(platform::lookup_bytes(lanes<uint8_t>(x), far));
}

// The lanes of x with these numbers; 0 where the number is 0xFF.
GODWIT_SIMD V128 pick(V128 x, V128 numbers) {
  return bits(platform::lookup_bytes(lanes<uint8_t>(x), lanes<uint8_t>(numbers)));
}

}  // namespace simd

// v128
GODWIT_SIMD V128 v128_not(V128 x) { return ~x; }
GODWIT_SIMD V128 v128_and(V128 x, V128 y) { return x & y; }
GODWIT_SIMD V128 v128_andnot(V128 x, V128 y) { return x & ~y; }
GODWIT_SIMD V128 v128_or(V128 x, V128 y) { return x | y; }
GODWIT_SIMD V128 v128_xor(V128 x, V128 y) { return x ^ y; }
GODWIT_SIMD V128 v128_bitselect(V128 x, V128 y, V128 z) { return simd::choose(z, x, y); }
GODWIT_SIMD bool v128_any_true(V128 x) { return simd::any(x); }

// i8x16
GODWIT_SIMD V128 i8x16_splat(uint32_t x) { return simd::bits(simd::splat<uint8_t>(static_cast<uint8_t>(x))); }
GODWIT_SIMD V128 i8x16_eq(V128 x, V128 y) {
  return simd::bits(simd::lanes<uint8_t>(x) == simd::lanes<uint8_t>(y));
}
GODWIT_SIMD V128 i8x16_ne(V128 x, V128 y) {
  return simd::bits(simd::lanes<uint8_t>(x) != simd::lanes<uint8_t>(y));
}
GODWIT_SIMD V128 i8x16_lt_s(V128 x, V128 y) {
  return simd::bits(simd::lanes<int8_t>(x) < simd::lanes<int8_t>(y));
}
GODWIT_SIMD V128 i8x16_lt_u(V128 x, V128 y) {
  return simd::bits(simd::lanes<uint8_t>(x) < simd::lanes<uint8_t>(y));
}
GODWIT_SIMD V128 i8x16_gt_s(V128 x, V128 y) {
  return simd::bits(simd::lanes<int8_t>(x) > simd::lanes<int8_t>(y));
}
GODWIT_SIMD V128 i8x16_gt_u(V128 x, V128 y) {
  return simd::bits(simd::lanes<uint8_t>(x) > simd::lanes<uint8_t>(y));
}
GODWIT_SIMD V128 i8x16_le_s(V128 x, V128 y) {
  return simd::bits(simd::lanes<int8_t>(x) <= simd::lanes<int8_t>(y));
}
GODWIT_SIMD V128 i8x16_le_u(V128 x, V128 y) {
  return simd::bits(simd::lanes<uint8_t>(x) <= simd::lanes<uint8_t>(y));
}
GODWIT_SIMD V128 i8x16_ge_s(V128 x, V128 y) {
  return simd::bits(simd::lanes<int8_t>(x) >= simd::lanes<int8_t>(y));
}
GODWIT_SIMD V128 i8x16_ge_u(V128 x, V128 y) {
  return simd::bits(simd::lanes<uint8_t>(x) >= simd::lanes<uint8_t>(y));
}
GODWIT_SIMD V128 i8x16_abs(V128 x) { return simd::bits(__builtin_elementwise_abs(simd::lanes<int8_t>(x))); }
GODWIT_SIMD V128 i8x16_neg(V128 x) { return simd::bits(-simd::lanes<uint8_t>(x)); }
GODWIT_SIMD bool i8x16_all_true(V128 x) { return simd::all_true<uint8_t>(x); }
GODWIT_SIMD uint32_t i8x16_bitmask(V128 x) { return simd::bitmask<uint8_t>(x); }
GODWIT_SIMD V128 i8x16_shl(V128 x, uint32_t y) {
  return simd::bits(simd::lanes<uint8_t>(x) << simd::splat<uint8_t>(static_cast<uint8_t>(y & 7)));
}
GODWIT_SIMD V128 i8x16_shr_s(V128 x, uint32_t y) {
  return simd::bits(simd::lanes<int8_t>(x) >> simd::splat<int8_t>(static_cast<int8_t>(y & 7)));
}
GODWIT_SIMD V128 i8x16_shr_u(V128 x, uint32_t y) {
  return simd::bits(simd::lanes<uint8_t>(x) >> simd::splat<uint8_t>(static_cast<uint8_t>(y & 7)));
}
GODWIT_SIMD V128 i8x16_add(V128 x, V128 y) {
  return simd::bits(simd::lanes<uint8_t>(x) + simd::lanes<uint8_t>(y));
}
GODWIT_SIMD V128 i8x16_sub(V128 x, V128 y) {
  return simd::bits(simd::lanes<uint8_t>(x) - simd::lanes<uint8_t>(y));
}
GODWIT_SIMD V128 i8x16_add_sat_s(V128 x, V128 y) {
  return simd::bits(__builtin_elementwise_add_sat(simd::lanes<int8_t>(x), simd::lanes<int8_t>(y)));
}
GODWIT_SIMD V128 i8x16_add_sat_u(V128 x, V128 y) {
  return simd::bits(__builtin_elementwise_add_sat(simd::lanes<uint8_t>(x), simd::lanes<uint8_t>(y)));
}
GODWIT_SIMD V128 i8x16_sub_sat_s(V128 x, V128 y) {
  return simd::bits(__builtin_elementwise_sub_sat(simd::lanes<int8_t>(x), simd::lanes<int8_t>(y)));
}
GODWIT_SIMD V128 i8x16_sub_sat_u(V128 x, V128 y) {
  return simd::bits(__builtin_elementwise_sub_sat(simd::lanes<uint8_t>(x), simd::lanes<uint8_t>(y)));
}
GODWIT_SIMD V128 i8x16_avgr_u(V128 x, V128 y) { return simd::average<uint8_t>(x, y); }
GODWIT_SIMD V128 i8x16_min_s(V128 x, V128 y) {
  return simd::bits(__builtin_elementwise_min(simd::lanes<int8_t>(x), simd::lanes<int8_t>(y)));
}
GODWIT_SIMD V128 i8x16_min_u(V128 x, V128 y) {
  return simd::bits(__builtin_elementwise_min(simd::lanes<uint8_t>(x), simd::lanes<uint8_t>(y)));
}
GODWIT_SIMD V128 i8x16_max_s(V128 x, V128 y) {
  return simd::bits(__builtin_elementwise_max(simd::lanes<int8_t>(x), simd::lanes<int8_t>(y)));
}
GODWIT_SIMD V128 i8x16_max_u(V128 x, V128 y) {
  return simd::bits(__builtin_elementwise_max(simd::lanes<uint8_t>(x), simd::lanes<uint8_t>(y)));
}
GODWIT_SIMD V128 i8x16_popcnt(V128 x) {
  return simd::bits(__builtin_elementwise_popcount(simd::lanes<uint8_t>(x)));
}
GODWIT_SIMD V128 i8x16_swizzle(V128 x, V128 y) { return simd::swizzle(x, y); }
GODWIT_SIMD V128 i8x16_narrow_i16x8_s(V128 x, V128 y) { return simd::narrow<int8_t, int16_t>(x, y); }
GODWIT_SIMD V128 i8x16_narrow_i16x8_u(V128 x, V128 y) { return simd::narrow<uint8_t, int16_t>(x, y); }

// i16x8
GODWIT_SIMD V128 i16x8_splat(uint32_t x) {
  return simd::bits(simd::splat<uint16_t>(static_cast<uint16_t>(x)));
}
GODWIT_SIMD V128 i16x8_eq(V128 x, V128 y) {
  return simd::bits(simd::lanes<uint16_t>(x) == simd::lanes<uint16_t>(y));
}
GODWIT_SIMD V128 i16x8_ne(V128 x, V128 y) {
  return simd::bits(simd::lanes<uint16_t>(x) != simd::lanes<uint16_t>(y));
}
GODWIT_SIMD V128 i16x8_lt_s(V128 x, V128 y) {
  return simd::bits(simd::lanes<int16_t>(x) < simd::lanes<int16_t>(y));
}
GODWIT_SIMD V128 i16x8_lt_u(V128 x, V128 y) {
  return simd::bits(simd::lanes<uint16_t>(x) < simd::lanes<uint16_t>(y));
}
GODWIT_SIMD V128 i16x8_gt_s(V128 x, V128 y) {
  return simd::bits(simd::lanes<int16_t>(x) > simd::lanes<int16_t>(y));
}
GODWIT_SIMD V128 i16x8_gt_u(V128 x, V128 y) {
  return simd::bits(simd::lanes<uint16_t>(x) > simd::lanes<uint16_t>(y));
}
GODWIT_SIMD V128 i16x8_le_s(V128 x, V128 y) {
  return simd::bits(simd::lanes<int16_t>(x) <= simd::lanes<int16_t>(y));
}
GODWIT_SIMD V128 i16x8_le_u(V128 x, V128 y) {
  return simd::bits(simd::lanes<uint16_t>(x) <= simd::lanes<uint16_t>(y));
}
GODWIT_SIMD V128 i16x8_ge_s(V128 x, V128 y) {
  return simd::bits(simd::lanes<int16_t>(x) >= simd::lanes<int16_t>(y));
}
GODWIT_SIMD V128 i16x8_ge_u(V128 x, V128 y) {
  return simd::bits(simd::lanes<uint16_t>(x) >= simd::lanes<uint16_t>(y));
}
GODWIT_SIMD V128 i16x8_abs(V128 x) { return simd::bits(__builtin_elementwise_abs(simd::lanes<int16_t>(x))); }
GODWIT_SIMD V128 i16x8_neg(V128 x) { return simd::bits(-simd::lanes<uint16_t>(x)); }
GODWIT_SIMD bool i16x8_all_true(V128 x) { return simd::all_true<uint16_t>(x); }
GODWIT_SIMD uint32_t i16x8_bitmask(V128 x) { return simd::bitmask<uint16_t>(x); }
GODWIT_SIMD V128 i16x8_shl(V128 x, uint32_t y) {
  return simd::bits(simd::lanes<uint16_t>(x) << simd::splat<uint16_t>(static_cast<uint16_t>(y & 15)));
}
GODWIT_SIMD V128 i16x8_shr_s(V128 x, uint32_t y) {
  return simd::bits(simd::lanes<int16_t>(x) >> simd::splat<int16_t>(static_cast<int16_t>(y & 15)));
}
GODWIT_SIMD V128 i16x8_shr_u(V128 x, uint32_t y) {
  return simd::bits(simd::lanes<uint16_t>(x) >> simd::splat<uint16_t>(static_cast<uint16_t>(y & 15)));
}
GODWIT_SIMD V128 i16x8_add(V128 x, V128 y) {
  return simd::bits(simd::lanes<uint16_t>(x) + simd::lanes<uint16_t>(y));
}
GODWIT_SIMD V128 i16x8_sub(V128 x, V128 y) {
  return simd::bits(simd::lanes<uint16_t>(x) - simd::lanes<uint16_t>(y));
}
GODWIT_SIMD V128 i16x8_mul(V128 x, V128 y) {
  return simd::bits(simd::lanes<uint16_t>(x) * simd::lanes<uint16_t>(y));
}
GODWIT_SIMD V128 i16x8_add_sat_s(V128 x, V128 y) {
  return simd::bits(__builtin_elementwise_add_sat(simd::lanes<int16_t>(x), simd::lanes<int16_t>(y)));
}
GODWIT_SIMD V128 i16x8_add_sat_u(V128 x, V128 y) {
  return simd::bits(__builtin_elementwise_add_sat(simd::lanes<uint16_t>(x), simd::lanes<uint16_t>(y)));
}
GODWIT_SIMD V128 i16x8_sub_sat_s(V128 x, V128 y) {
  return simd::bits(__builtin_elementwise_sub_sat(simd::lanes<int16_t>(x), simd::lanes<int16_t>(y)));
}
GODWIT_SIMD V128 i16x8_sub_sat_u(V128 x, V128 y) {
  return simd::bits(__builtin_elementwise_sub_sat(simd::lanes<uint16_t>(x), simd::lanes<uint16_t>(y)));
}
GODWIT_SIMD V128 i16x8_avgr_u(V128 x, V128 y) { return simd::average<uint16_t>(x, y); }
GODWIT_SIMD V128 i16x8_min_s(V128 x, V128 y) {
  return simd::bits(__builtin_elementwise_min(simd::lanes<int16_t>(x), simd::lanes<int16_t>(y)));
}
GODWIT_SIMD V128 i16x8_min_u(V128 x, V128 y) {
  return simd::bits(__builtin_elementwise_min(simd::lanes<uint16_t>(x), simd::lanes<uint16_t>(y)));
}
GODWIT_SIMD V128 i16x8_max_s(V128 x, V128 y) {
  return simd::bits(__builtin_elementwise_max(simd::lanes<int16_t>(x), simd::lanes<int16_t>(y)));
}
GODWIT_SIMD V128 i16x8_max_u(V128 x, V128 y) {
  return simd::bits(__builtin_elementwise_max(simd::lanes<uint16_t>(x), simd::lanes<uint16_t>(y)));
}
GODWIT_SIMD V128 i16x8_narrow_i32x4_s(V128 x, V128 y) { return simd::narrow<int16_t, int32_t>(x, y); }
GODWIT_SIMD V128 i16x8_narrow_i32x4_u(V128 x, V128 y) { return simd::narrow<uint16_t, int32_t>(x, y); }
GODWIT_SIMD V128 i16x8_extend_low_i8x16_s(V128 x) { return simd::bits(simd::extend_low<int8_t>(x)); }
GODWIT_SIMD V128 i16x8_extend_low_i8x16_u(V128 x) { return simd::bits(simd::extend_low<uint8_t>(x)); }
GODWIT_SIMD V128 i16x8_extend_high_i8x16_s(V128 x) { return simd::bits(simd::extend_high<int8_t>(x)); }
GODWIT_SIMD V128 i16x8_extend_high_i8x16_u(V128 x) { return simd::bits(simd::extend_high<uint8_t>(x)); }
GODWIT_SIMD V128 i16x8_extmul_low_i8x16_s(V128 x, V128 y) {
  return simd::bits(simd::extend_low<int8_t>(x) * simd::extend_low<int8_t>(y));
}
GODWIT_SIMD V128 i16x8_extmul_low_i8x16_u(V128 x, V128 y) {
  return simd::bits(simd::extend_low<uint8_t>(x) * simd::extend_low<uint8_t>(y));
}
GODWIT_SIMD V128 i16x8_extmul_high_i8x16_s(V128 x, V128 y) {
  return simd::bits(simd::extend_high<int8_t>(x) * simd::extend_high<int8_t>(y));
}
GODWIT_SIMD V128 i16x8_extmul_high_i8x16_u(V128 x, V128 y) {
  return simd::bits(simd::extend_high<uint8_t>(x) * simd::extend_high<uint8_t>(y));
}
GODWIT_SIMD V128 i16x8_extadd_pairwise_i8x16_s(V128 x) { return simd::extadd_pairwise<int8_t>(x); }
GODWIT_SIMD V128 i16x8_extadd_pairwise_i8x16_u(V128 x) { return simd::extadd_pairwise<uint8_t>(x); }
GODWIT_SIMD V128 i16x8_q15mulr_sat_s(V128 x, V128 y) { return simd::q15mulr_sat(x, y); }

// i32x4
GODWIT_SIMD V128 i32x4_splat(uint32_t x) { return simd::bits(simd::splat<uint32_t>(x)); }
GODWIT_SIMD V128 i32x4_eq(V128 x, V128 y) {
  return simd::bits(simd::lanes<uint32_t>(x) == simd::lanes<uint32_t>(y));
}
GODWIT_SIMD V128 i32x4_ne(V128 x, V128 y) {
  return simd::bits(simd::lanes<uint32_t>(x) != simd::lanes<uint32_t>(y));
}
GODWIT_SIMD V128 i32x4_lt_s(V128 x, V128 y) {
  return simd::bits(simd::lanes<int32_t>(x) < simd::lanes<int32_t>(y));
}
GODWIT_SIMD V128 i32x4_lt_u(V128 x, V128 y) {
  return simd::bits(simd::lanes<uint32_t>(x) < simd::lanes<uint32_t>(y));
}
GODWIT_SIMD V128 i32x4_gt_s(V128 x, V128 y) {
  return simd::bits(simd::lanes<int32_t>(x) > simd::lanes<int32_t>(y));
}
GODWIT_SIMD V128 i32x4_gt_u(V128 x, V128 y) {
  return simd::bits(simd::lanes<uint32_t>(x) > simd::lanes<uint32_t>(y));
}
GODWIT_SIMD V128 i32x4_le_s(V128 x, V128 y) {
  return simd::bits(simd::lanes<int32_t>(x) <= simd::lanes<int32_t>(y));
}
GODWIT_SIMD V128 i32x4_le_u(V128 x, V128 y) {
  return simd::bits(simd::lanes<uint32_t>(x) <= simd::lanes<uint32_t>(y));
}
GODWIT_SIMD V128 i32x4_ge_s(V128 x, V128 y) {
  return simd::bits(simd::lanes<int32_t>(x) >= simd::lanes<int32_t>(y));
}
GODWIT_SIMD V128 i32x4_ge_u(V128 x, V128 y) {
  return simd::bits(simd::lanes<uint32_t>(x) >= simd::lanes<uint32_t>(y));
}
GODWIT_SIMD V128 i32x4_abs(V128 x) { return simd::bits(__builtin_elementwise_abs(simd::lanes<int32_t>(x))); }
GODWIT_SIMD V128 i32x4_neg(V128 x) { return simd::bits(-simd::lanes<uint32_t>(x)); }
GODWIT_SIMD bool i32x4_all_true(V128 x) { return simd::all_true<uint32_t>(x); }
GODWIT_SIMD uint32_t i32x4_bitmask(V128 x) { return simd::bitmask<uint32_t>(x); }
GODWIT_SIMD V128 i32x4_shl(V128 x, uint32_t y) {
  return simd::bits(simd::lanes<uint32_t>(x) << simd::splat<uint32_t>(static_cast<uint32_t>(y & 31)));
}
GODWIT_SIMD V128 i32x4_shr_s(V128 x, uint32_t y) {
  return simd::bits(simd::lanes<int32_t>(x) >> simd::splat<int32_t>(static_cast<int32_t>(y & 31)));
}
GODWIT_SIMD V128 i32x4_shr_u(V128 x, uint32_t y) {
  return simd::bits(simd::lanes<uint32_t>(x) >> simd::splat<uint32_t>(static_cast<uint32_t>(y & 31)));
}
GODWIT_SIMD V128 i32x4_add(V128 x, V128 y) {
  return simd::bits(simd::lanes<uint32_t>(x) + simd::lanes<uint32_t>(y));
}
GODWIT_SIMD V128 i32x4_sub(V128 x, V128 y) {
  return simd::bits(simd::lanes<uint32_t>(x) - simd::lanes<uint32_t>(y));
}
GODWIT_SIMD V128 i32x4_mul(V128 x, V128 y) {
  return simd::bits(simd::lanes<uint32_t>(x) * simd::lanes<uint32_t>(y));
}
GODWIT_SIMD V128 i32x4_min_s(V128 x, V128 y) {
  return simd::bits(__builtin_elementwise_min(simd::lanes<int32_t>(x), simd::lanes<int32_t>(y)));
}
GODWIT_SIMD V128 i32x4_min_u(V128 x, V128 y) {
  return simd::bits(__builtin_elementwise_min(simd::lanes<uint32_t>(x), simd::lanes<uint32_t>(y)));
}
GODWIT_SIMD V128 i32x4_max_s(V128 x, V128 y) {
  return simd::bits(__builtin_elementwise_max(simd::lanes<int32_t>(x), simd::lanes<int32_t>(y)));
}
GODWIT_SIMD V128 i32x4_max_u(V128 x, V128 y) {
  return simd::bits(__builtin_elementwise_max(simd::lanes<uint32_t>(x), simd::lanes<uint32_t>(y)));
}
GODWIT_SIMD V128 i32x4_extend_low_i16x8_s(V128 x) { return simd::bits(simd::extend_low<int16_t>(x)); }
GODWIT_SIMD V128 i32x4_extend_low_i16x8_u(V128 x) { return simd::bits(simd::extend_low<uint16_t>(x)); }
GODWIT_SIMD V128 i32x4_extend_high_i16x8_s(V128 x) { return simd::bits(simd::extend_high<int16_t>(x)); }
GODWIT_SIMD V128 i32x4_extend_high_i16x8_u(V128 x) { return simd::bits(simd::extend_high<uint16_t>(x)); }
GODWIT_SIMD V128 i32x4_extmul_low_i16x8_s(V128 x, V128 y) {
  return simd::bits(simd::extend_low<int16_t>(x) * simd::extend_low<int16_t>(y));
}
GODWIT_SIMD V128 i32x4_extmul_low_i16x8_u(V128 x, V128 y) {
  return simd::bits(simd::extend_low<uint16_t>(x) * simd::extend_low<uint16_t>(y));
}
GODWIT_SIMD V128 i32x4_extmul_high_i16x8_s(V128 x, V128 y) {
  return simd::bits(simd::extend_high<int16_t>(x) * simd::extend_high<int16_t>(y));
}
GODWIT_SIMD V128 i32x4_extmul_high_i16x8_u(V128 x, V128 y) {
  return simd::bits(simd::extend_high<uint16_t>(x) * simd::extend_high<uint16_t>(y));
}
GODWIT_SIMD V128 i32x4_extadd_pairwise_i16x8_s(V128 x) { return simd::extadd_pairwise<int16_t>(x); }
GODWIT_SIMD V128 i32x4_extadd_pairwise_i16x8_u(V128 x) { return simd::extadd_pairwise<uint16_t>(x); }
GODWIT_SIMD V128 i32x4_dot_i16x8_s(V128 x, V128 y) { return simd::dot_i16x8(x, y); }

// i64x2
GODWIT_SIMD V128 i64x2_splat(uint64_t x) { return simd::bits(simd::splat<uint64_t>(x)); }
GODWIT_SIMD V128 i64x2_eq(V128 x, V128 y) {
  return simd::bits(simd::lanes<uint64_t>(x) == simd::lanes<uint64_t>(y));
}
GODWIT_SIMD V128 i64x2_ne(V128 x, V128 y) {
  return simd::bits(simd::lanes<uint64_t>(x) != simd::lanes<uint64_t>(y));
}
GODWIT_SIMD V128 i64x2_lt_s(V128 x, V128 y) {
  return simd::bits(simd::lanes<int64_t>(x) < simd::lanes<int64_t>(y));
}
GODWIT_SIMD V128 i64x2_gt_s(V128 x, V128 y) {
  return simd::bits(simd::lanes<int64_t>(x) > simd::lanes<int64_t>(y));
}
GODWIT_SIMD V128 i64x2_le_s(V128 x, V128 y) {
  return simd::bits(simd::lanes<int64_t>(x) <= simd::lanes<int64_t>(y));
}
GODWIT_SIMD V128 i64x2_ge_s(V128 x, V128 y) {
  return simd::bits(simd::lanes<int64_t>(x) >= simd::lanes<int64_t>(y));
}
GODWIT_SIMD V128 i64x2_abs(V128 x) { return simd::bits(__builtin_elementwise_abs(simd::lanes<int64_t>(x))); }
GODWIT_SIMD V128 i64x2_neg(V128 x) { return simd::bits(-simd::lanes<uint64_t>(x)); }
GODWIT_SIMD bool i64x2_all_true(V128 x) { return simd::all_true<uint64_t>(x); }
GODWIT_SIMD uint32_t i64x2_bitmask(V128 x) { return simd::bitmask<uint64_t>(x); }
GODWIT_SIMD V128 i64x2_shl(V128 x, uint32_t y) {
  return simd::bits(simd::lanes<uint64_t>(x) << simd::splat<uint64_t>(static_cast<uint64_t>(y & 63)));
}
GODWIT_SIMD V128 i64x2_shr_s(V128 x, uint32_t y) {
  return simd::bits(simd::lanes<int64_t>(x) >> simd::splat<int64_t>(static_cast<int64_t>(y & 63)));
}
GODWIT_SIMD V128 i64x2_shr_u(V128 x, uint32_t y) {
  return simd::bits(simd::lanes<uint64_t>(x) >> simd::splat<uint64_t>(static_cast<uint64_t>(y & 63)));
}
GODWIT_SIMD V128 i64x2_add(V128 x, V128 y) {
  return simd::bits(simd::lanes<uint64_t>(x) + simd::lanes<uint64_t>(y));
}
GODWIT_SIMD V128 i64x2_sub(V128 x, V128 y) {
  return simd::bits(simd::lanes<uint64_t>(x) - simd::lanes<uint64_t>(y));
}
GODWIT_SIMD V128 i64x2_mul(V128 x, V128 y) {
  return simd::bits(simd::lanes<uint64_t>(x) * simd::lanes<uint64_t>(y));
}
GODWIT_SIMD V128 i64x2_extend_low_i32x4_s(V128 x) { return simd::bits(simd::extend_low<int32_t>(x)); }
GODWIT_SIMD V128 i64x2_extend_low_i32x4_u(V128 x) { return simd::bits(simd::extend_low<uint32_t>(x)); }
GODWIT_SIMD V128 i64x2_extend_high_i32x4_s(V128 x) { return simd::bits(simd::extend_high<int32_t>(x)); }
GODWIT_SIMD V128 i64x2_extend_high_i32x4_u(V128 x) { return simd::bits(simd::extend_high<uint32_t>(x)); }
GODWIT_SIMD V128 i64x2_extmul_low_i32x4_s(V128 x, V128 y) {
  return simd::bits(simd::extend_low<int32_t>(x) * simd::extend_low<int32_t>(y));
}
GODWIT_SIMD V128 i64x2_extmul_low_i32x4_u(V128 x, V128 y) {
  return simd::bits(simd::extend_low<uint32_t>(x) * simd::extend_low<uint32_t>(y));
}
GODWIT_SIMD V128 i64x2_extmul_high_i32x4_s(V128 x, V128 y) {
  return simd::bits(simd::extend_high<int32_t>(x) * simd::extend_high<int32_t>(y));
}
GODWIT_SIMD V128 i64x2_extmul_high_i32x4_u(V128 x, V128 y) {
  return simd::bits(simd::extend_high<uint32_t>(x) * simd::extend_high<uint32_t>(y));
}

// f32x4
GODWIT_SIMD V128 f32x4_splat(float x) { return simd::bits(simd::splat_float<float>(x)); }
GODWIT_SIMD V128 f32x4_eq(V128 x, V128 y) {
  return simd::bits(simd::lanes<float>(x) == simd::lanes<float>(y));
}
GODWIT_SIMD V128 f32x4_ne(V128 x, V128 y) {
  return simd::bits(simd::lanes<float>(x) != simd::lanes<float>(y));
}
GODWIT_SIMD V128 f32x4_lt(V128 x, V128 y) {
  return simd::bits(simd::lanes<float>(x) < simd::lanes<float>(y));
}
GODWIT_SIMD V128 f32x4_gt(V128 x, V128 y) {
  return simd::bits(simd::lanes<float>(x) > simd::lanes<float>(y));
}
GODWIT_SIMD V128 f32x4_le(V128 x, V128 y) {
  return simd::bits(simd::lanes<float>(x) <= simd::lanes<float>(y));
}
GODWIT_SIMD V128 f32x4_ge(V128 x, V128 y) {
  return simd::bits(simd::lanes<float>(x) >= simd::lanes<float>(y));
}
GODWIT_SIMD V128 f32x4_abs(V128 x) { return x & ~simd::sign_bits<float>(); }
GODWIT_SIMD V128 f32x4_neg(V128 x) { return x ^ simd::sign_bits<float>(); }
GODWIT_SIMD V128 f32x4_sqrt(V128 x) { return simd::bits(__builtin_elementwise_sqrt(simd::lanes<float>(x))); }
GODWIT_SIMD V128 f32x4_ceil(V128 x) { return simd::ceil<float>(x); }
GODWIT_SIMD V128 f32x4_floor(V128 x) { return simd::floor<float>(x); }
GODWIT_SIMD V128 f32x4_trunc(V128 x) { return simd::trunc<float>(x); }
GODWIT_SIMD V128 f32x4_nearest(V128 x) { return simd::nearest<float>(x); }
GODWIT_SIMD V128 f32x4_add(V128 x, V128 y) {
  return simd::bits(simd::lanes<float>(x) + simd::lanes<float>(y));
}
GODWIT_SIMD V128 f32x4_sub(V128 x, V128 y) {
  return simd::bits(simd::lanes<float>(x) - simd::lanes<float>(y));
}
GODWIT_SIMD V128 f32x4_mul(V128 x, V128 y) {
  return simd::bits(simd::lanes<float>(x) * simd::lanes<float>(y));
}
GODWIT_SIMD V128 f32x4_div(V128 x, V128 y) {
  return simd::bits(simd::lanes<float>(x) / simd::lanes<float>(y));
}
GODWIT_SIMD V128 f32x4_min(V128 x, V128 y) { return simd::min<float>(x, y); }
GODWIT_SIMD V128 f32x4_max(V128 x, V128 y) { return simd::max<float>(x, y); }
GODWIT_SIMD V128 f32x4_pmin(V128 x, V128 y) { return simd::pmin<float>(x, y); }
GODWIT_SIMD V128 f32x4_pmax(V128 x, V128 y) { return simd::pmax<float>(x, y); }

// f64x2
GODWIT_SIMD V128 f64x2_splat(double x) { return simd::bits(simd::splat_float<double>(x)); }
GODWIT_SIMD V128 f64x2_eq(V128 x, V128 y) {
  return simd::bits(simd::lanes<double>(x) == simd::lanes<double>(y));
}
GODWIT_SIMD V128 f64x2_ne(V128 x, V128 y) {
  return simd::bits(simd::lanes<double>(x) != simd::lanes<double>(y));
}
GODWIT_SIMD V128 f64x2_lt(V128 x, V128 y) {
  return simd::bits(simd::lanes<double>(x) < simd::lanes<double>(y));
}
GODWIT_SIMD V128 f64x2_gt(V128 x, V128 y) {
  return simd::bits(simd::lanes<double>(x) > simd::lanes<double>(y));
}
GODWIT_SIMD V128 f64x2_le(V128 x, V128 y) {
  return simd::bits(simd::lanes<double>(x) <= simd::lanes<double>(y));
}
GODWIT_SIMD V128 f64x2_ge(V128 x, V128 y) {
  return simd::bits(simd::lanes<double>(x) >= simd::lanes<double>(y));
}
GODWIT_SIMD V128 f64x2_abs(V128 x) { return x & ~simd::sign_bits<double>(); }
GODWIT_SIMD V128 f64x2_neg(V128 x) { return x ^ simd::sign_bits<double>(); }
GODWIT_SIMD V128 f64x2_sqrt(V128 x) { return simd::bits(__builtin_elementwise_sqrt(simd::lanes<double>(x))); }
GODWIT_SIMD V128 f64x2_ceil(V128 x) { return simd::ceil<double>(x); }
GODWIT_SIMD V128 f64x2_floor(V128 x) { return simd::floor<double>(x); }
GODWIT_SIMD V128 f64x2_trunc(V128 x) { return simd::trunc<double>(x); }
GODWIT_SIMD V128 f64x2_nearest(V128 x) { return simd::nearest<double>(x); }
GODWIT_SIMD V128 f64x2_add(V128 x, V128 y) {
  return simd::bits(simd::lanes<double>(x) + simd::lanes<double>(y));
}
GODWIT_SIMD V128 f64x2_sub(V128 x, V128 y) {
  return simd::bits(simd::lanes<double>(x) - simd::lanes<double>(y));
}
GODWIT_SIMD V128 f64x2_mul(V128 x, V128 y) {
  return simd::bits(simd::lanes<double>(x) * simd::lanes<double>(y));
}
GODWIT_SIMD V128 f64x2_div(V128 x, V128 y) {
  return simd::bits(simd::lanes<double>(x) / simd::lanes<double>(y));
}
GODWIT_SIMD V128 f64x2_min(V128 x, V128 y) { return simd::min<double>(x, y); }
GODWIT_SIMD V128 f64x2_max(V128 x, V128 y) { return simd::max<double>(x, y); }
GODWIT_SIMD V128 f64x2_pmin(V128 x, V128 y) { return simd::pmin<double>(x, y); }
GODWIT_SIMD V128 f64x2_pmax(V128 x, V128 y) { return simd::pmax<double>(x, y); }

// Conversions
GODWIT_SIMD V128 i32x4_trunc_sat_f32x4_s(V128 x) { return simd::trunc_sat_f32x4_s(x); }
GODWIT_SIMD V128 i32x4_trunc_sat_f32x4_u(V128 x) { return simd::trunc_sat_f32x4_u(x); }
GODWIT_SIMD V128 i32x4_trunc_sat_f64x2_s_zero(V128 x) { return simd::trunc_sat_f64x2_zero<int32_t>(x); }
GODWIT_SIMD V128 i32x4_trunc_sat_f64x2_u_zero(V128 x) { return simd::trunc_sat_f64x2_zero<uint32_t>(x); }
GODWIT_SIMD V128 f32x4_convert_i32x4_s(V128 x) {
  return simd::bits(__builtin_convertvector(simd::lanes<int32_t>(x), simd::Lanes<float>));
}
GODWIT_SIMD V128 f32x4_convert_i32x4_u(V128 x) {
  return simd::bits(__builtin_convertvector(simd::lanes<uint32_t>(x), simd::Lanes<float>));
}
GODWIT_SIMD V128 f64x2_convert_low_i32x4_s(V128 x) {
  return simd::bits(
      __builtin_convertvector(simd::low_half<int32_t>(simd::lanes<int32_t>(x)), simd::Lanes<double>));
}
GODWIT_SIMD V128 f64x2_convert_low_i32x4_u(V128 x) {
  return simd::bits(
      __builtin_convertvector(simd::low_half<uint32_t>(simd::lanes<uint32_t>(x)), simd::Lanes<double>));
}
GODWIT_SIMD V128 f64x2_promote_low_f32x4(V128 x) {
  return simd::bits(
      __builtin_convertvector(simd::low_half<float>(simd::lanes<float>(x)), simd::Lanes<double>));
}
GODWIT_SIMD V128 f32x4_demote_f64x2_zero(V128 x) {
  auto low = __builtin_convertvector(simd::lanes<double>(x), simd::HalfLanes<float>);
  return V128{__builtin_bit_cast(uint64_t, low), 0};
}

// Relaxed: the first of the behaviours that the specification lists.
// spec: https://webassembly.github.io/spec/core/appendix/profiles.html#deterministic-profile-small-det
GODWIT_SIMD V128 i8x16_relaxed_swizzle(V128 x, V128 y) { return i8x16_swizzle(x, y); }
GODWIT_SIMD V128 i32x4_relaxed_trunc_f32x4_s(V128 x) { return i32x4_trunc_sat_f32x4_s(x); }
GODWIT_SIMD V128 i32x4_relaxed_trunc_f32x4_u(V128 x) { return i32x4_trunc_sat_f32x4_u(x); }
GODWIT_SIMD V128 i32x4_relaxed_trunc_f64x2_s_zero(V128 x) { return i32x4_trunc_sat_f64x2_s_zero(x); }
GODWIT_SIMD V128 i32x4_relaxed_trunc_f64x2_u_zero(V128 x) { return i32x4_trunc_sat_f64x2_u_zero(x); }
GODWIT_SIMD V128 f32x4_relaxed_madd(V128 x, V128 y, V128 z) { return f32x4_add(f32x4_mul(x, y), z); }
GODWIT_SIMD V128 f32x4_relaxed_nmadd(V128 x, V128 y, V128 z) {
  return f32x4_add(f32x4_mul(f32x4_neg(x), y), z);
}
GODWIT_SIMD V128 f64x2_relaxed_madd(V128 x, V128 y, V128 z) { return f64x2_add(f64x2_mul(x, y), z); }
GODWIT_SIMD V128 f64x2_relaxed_nmadd(V128 x, V128 y, V128 z) {
  return f64x2_add(f64x2_mul(f64x2_neg(x), y), z);
}
GODWIT_SIMD V128 i8x16_relaxed_laneselect(V128 x, V128 y, V128 z) { return v128_bitselect(x, y, z); }
GODWIT_SIMD V128 i16x8_relaxed_laneselect(V128 x, V128 y, V128 z) { return v128_bitselect(x, y, z); }
GODWIT_SIMD V128 i32x4_relaxed_laneselect(V128 x, V128 y, V128 z) { return v128_bitselect(x, y, z); }
GODWIT_SIMD V128 i64x2_relaxed_laneselect(V128 x, V128 y, V128 z) { return v128_bitselect(x, y, z); }
GODWIT_SIMD V128 f32x4_relaxed_min(V128 x, V128 y) { return f32x4_min(x, y); }
GODWIT_SIMD V128 f32x4_relaxed_max(V128 x, V128 y) { return f32x4_max(x, y); }
GODWIT_SIMD V128 f64x2_relaxed_min(V128 x, V128 y) { return f64x2_min(x, y); }
GODWIT_SIMD V128 f64x2_relaxed_max(V128 x, V128 y) { return f64x2_max(x, y); }
GODWIT_SIMD V128 i16x8_relaxed_q15mulr_s(V128 x, V128 y) { return i16x8_q15mulr_sat_s(x, y); }
GODWIT_SIMD V128 i16x8_relaxed_dot_i8x16_i7x16_s(V128 x, V128 y) { return simd::dot_i8x16(x, y); }
GODWIT_SIMD V128 i32x4_relaxed_dot_i8x16_i7x16_add_s(V128 x, V128 y, V128 z) {
  return i32x4_add(i32x4_extadd_pairwise_i16x8_s(i16x8_relaxed_dot_i8x16_i7x16_s(x, y)), z);
}

// A lane exchanged. `lane` is below the number of lanes.
template <class T>
GODWIT_SIMD V128 replace_lane(V128 x, T value, uint32_t lane) {
  using Unsigned = simd::UnsignedOf<T>;
  simd::Lanes<Unsigned> numbers = {};
  for (unsigned i = 0; i < simd::kLanes<T>; ++i) numbers[i] = static_cast<Unsigned>(i);
  auto is_it = numbers == simd::splat<Unsigned>(static_cast<Unsigned>(lane));
  return simd::choose(simd::bits(is_it), simd::bits(simd::splat<Unsigned>(std::bit_cast<Unsigned>(value))),
                      x);
}

#undef GODWIT_SIMD

}  // namespace numeric
}  // namespace godwit::runtime
