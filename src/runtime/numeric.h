// The meaning of every plain numeric instruction: one function per row of opcodes.def, named as the row.
// Integers are unsigned here, whatever the instruction makes of them; shifts and wrap-around are therefore defined.
// An instruction that can trap returns Checked. Floating-point results follow the processor's rounding to nearest,
// ties to even; a NaN that comes out is quiet, as the specification wants it ("arithmetic").
// spec: https://webassembly.github.io/spec/core/exec/numerics.html
#pragma once

#include <bit>
#include <cstdint>
#include <limits>

#include "runtime/trap.h"
#include "wasm/opcodes.h"

namespace godwit::runtime::numeric {

// A result, or the trap instead of it.
template <class T>
struct Checked {
  T value{};
  Trap trap = Trap::None;
};

namespace detail {

template <class Float>
struct FloatBits;
template <>
struct FloatBits<float> {
  using Unsigned = uint32_t;
  using Signed = int32_t;
  static constexpr Unsigned kSign = 0x8000'0000, kQuiet = 0x0040'0000;
  static constexpr float kAllIntegers = 8388608.0f;  // from here on every value is an integer
};
template <>
struct FloatBits<double> {
  using Unsigned = uint64_t;
  using Signed = int64_t;
  static constexpr Unsigned kSign = 0x8000'0000'0000'0000, kQuiet = 0x0008'0000'0000'0000;
  static constexpr double kAllIntegers = 4503599627370496.0;
};

template <class Float>
constexpr auto bits_of(Float x) {
  return std::bit_cast<typename FloatBits<Float>::Unsigned>(x);
}

template <class Float>
constexpr Float absolute(Float x) {
  return std::bit_cast<Float>(bits_of(x) & ~FloatBits<Float>::kSign);
}

template <class Float>
constexpr Float negate(Float x) {
  return std::bit_cast<Float>(bits_of(x) ^ FloatBits<Float>::kSign);
}

template <class Float>
constexpr Float copy_sign(Float x, Float sign) {
  constexpr auto kSign = FloatBits<Float>::kSign;
  return std::bit_cast<Float>((bits_of(x) & ~kSign) | (bits_of(sign) & kSign));
}

template <class Float>
constexpr Float quiet(Float nan) {
  return std::bit_cast<Float>(bits_of(nan) | FloatBits<Float>::kQuiet);
}

// Rounds towards zero; for |x| below kAllIntegers only.
template <class Float>
constexpr Float small_trunc(Float x) {
  return copy_sign(static_cast<Float>(static_cast<typename FloatBits<Float>::Signed>(x)), x);
}

// What rounding makes of values that have no fraction: themselves, or a quiet NaN.
template <class Float>
constexpr Float without_fraction(Float x) {
  return x != x ? quiet(x) : x;
}

template <class Float>
constexpr Float trunc(Float x) {
  return absolute(x) < FloatBits<Float>::kAllIntegers ? small_trunc(x) : without_fraction(x);
}

template <class Float>
constexpr Float floor(Float x) {
  if (!(absolute(x) < FloatBits<Float>::kAllIntegers)) return without_fraction(x);
  Float towards_zero = small_trunc(x);
  return towards_zero > x ? towards_zero - 1 : towards_zero;
}

template <class Float>
constexpr Float ceil(Float x) {
  if (!(absolute(x) < FloatBits<Float>::kAllIntegers)) return without_fraction(x);
  Float towards_zero = small_trunc(x);
  return towards_zero < x ? copy_sign(towards_zero + 1, x) : towards_zero;
}

// To the nearest integer, ties to even: adding kAllIntegers makes the processor round exactly so.
template <class Float>
constexpr Float nearest(Float x) {
  if (!(absolute(x) < FloatBits<Float>::kAllIntegers)) return without_fraction(x);
  Float rounded = (absolute(x) + FloatBits<Float>::kAllIntegers) - FloatBits<Float>::kAllIntegers;
  return copy_sign(rounded, x);
}

template <class Float>
constexpr Float min(Float x, Float y) {
  if (x != x) return quiet(x);
  if (y != y) return quiet(y);
  if (x == y) return std::bit_cast<Float>(bits_of(x) | bits_of(y));  // -0 below +0
  return x < y ? x : y;
}

template <class Float>
constexpr Float max(Float x, Float y) {
  if (x != x) return quiet(x);
  if (y != y) return quiet(y);
  if (x == y) return std::bit_cast<Float>(bits_of(x) & bits_of(y));
  return x > y ? x : y;
}

// The values that truncate into Int: from kLow (inclusive or not) up to below kHigh. All bounds are exact.
template <class Int, class Float>
constexpr bool truncates_into(Float x) {
  constexpr Float kHigh = static_cast<Float>(Int{1} << (std::numeric_limits<Int>::digits - 1)) * 2;
  if constexpr (!std::numeric_limits<Int>::is_signed) return x > Float{-1} && x < kHigh;
  else if constexpr (sizeof(Float) > sizeof(Int)) return x > -kHigh - 1 && x < kHigh;
  else return x >= -kHigh && x < kHigh;
}

// spec: https://webassembly.github.io/spec/core/exec/numerics.html#op-trunc-u
template <class Int, class Float>
constexpr auto trunc_to(Float x) {
  using Result = Checked<std::make_unsigned_t<Int>>;
  if (truncates_into<Int>(x)) [[likely]]
    return Result{static_cast<std::make_unsigned_t<Int>>(static_cast<Int>(x))};
  return Result{0, x != x ? Trap::InvalidConversionToInteger : Trap::IntegerOverflow};
}

// spec: https://webassembly.github.io/spec/core/exec/numerics.html#op-trunc-sat-u
template <class Int, class Float>
constexpr auto trunc_sat_to(Float x) {
  using Unsigned = std::make_unsigned_t<Int>;
  if (truncates_into<Int>(x)) [[likely]]
    return static_cast<Unsigned>(static_cast<Int>(x));
  if (x != x) return Unsigned{0};
  return static_cast<Unsigned>(x < 0 ? std::numeric_limits<Int>::min() : std::numeric_limits<Int>::max());
}

template <class Int>
constexpr auto div_s(Int x, Int y) {
  using Result = Checked<std::make_unsigned_t<Int>>;
  if (y == 0) [[unlikely]]
    return Result{0, Trap::IntegerDivideByZero};
  if (x == std::numeric_limits<Int>::min() && y == -1) [[unlikely]]
    return Result{0, Trap::IntegerOverflow};
  return Result{static_cast<std::make_unsigned_t<Int>>(x / y)};
}

template <class Int>
constexpr auto rem_s(Int x, Int y) {
  using Result = Checked<std::make_unsigned_t<Int>>;
  if (y == 0) [[unlikely]]
    return Result{0, Trap::IntegerDivideByZero};
  if (y == -1) [[unlikely]]
    return Result{0};
  return Result{static_cast<std::make_unsigned_t<Int>>(x % y)};
}

template <class Int>
constexpr Checked<Int> div_u(Int x, Int y) {
  if (y == 0) [[unlikely]]
    return {0, Trap::IntegerDivideByZero};
  return {x / y};
}

template <class Int>
constexpr Checked<Int> rem_u(Int x, Int y) {
  if (y == 0) [[unlikely]]
    return {0, Trap::IntegerDivideByZero};
  return {x % y};
}

}  // namespace detail

// i32
constexpr bool i32_eqz(uint32_t x) { return x == 0; }
constexpr bool i32_eq(uint32_t x, uint32_t y) { return x == y; }
constexpr bool i32_ne(uint32_t x, uint32_t y) { return x != y; }
constexpr bool i32_lt_s(uint32_t x, uint32_t y) { return static_cast<int32_t>(x) < static_cast<int32_t>(y); }
constexpr bool i32_lt_u(uint32_t x, uint32_t y) { return x < y; }
constexpr bool i32_gt_s(uint32_t x, uint32_t y) { return static_cast<int32_t>(x) > static_cast<int32_t>(y); }
constexpr bool i32_gt_u(uint32_t x, uint32_t y) { return x > y; }
constexpr bool i32_le_s(uint32_t x, uint32_t y) { return static_cast<int32_t>(x) <= static_cast<int32_t>(y); }
constexpr bool i32_le_u(uint32_t x, uint32_t y) { return x <= y; }
constexpr bool i32_ge_s(uint32_t x, uint32_t y) { return static_cast<int32_t>(x) >= static_cast<int32_t>(y); }
constexpr bool i32_ge_u(uint32_t x, uint32_t y) { return x >= y; }
constexpr uint32_t i32_clz(uint32_t x) { return static_cast<uint32_t>(std::countl_zero(x)); }
constexpr uint32_t i32_ctz(uint32_t x) { return static_cast<uint32_t>(std::countr_zero(x)); }
constexpr uint32_t i32_popcnt(uint32_t x) { return static_cast<uint32_t>(std::popcount(x)); }
constexpr uint32_t i32_add(uint32_t x, uint32_t y) { return x + y; }
constexpr uint32_t i32_sub(uint32_t x, uint32_t y) { return x - y; }
constexpr uint32_t i32_mul(uint32_t x, uint32_t y) { return x * y; }
constexpr Checked<uint32_t> i32_div_s(uint32_t x, uint32_t y) {
  return detail::div_s(static_cast<int32_t>(x), static_cast<int32_t>(y));
}
constexpr Checked<uint32_t> i32_div_u(uint32_t x, uint32_t y) { return detail::div_u(x, y); }
constexpr Checked<uint32_t> i32_rem_s(uint32_t x, uint32_t y) {
  return detail::rem_s(static_cast<int32_t>(x), static_cast<int32_t>(y));
}
constexpr Checked<uint32_t> i32_rem_u(uint32_t x, uint32_t y) { return detail::rem_u(x, y); }
constexpr uint32_t i32_and(uint32_t x, uint32_t y) { return x & y; }
constexpr uint32_t i32_or(uint32_t x, uint32_t y) { return x | y; }
constexpr uint32_t i32_xor(uint32_t x, uint32_t y) { return x ^ y; }
constexpr uint32_t i32_shl(uint32_t x, uint32_t y) { return x << (y & 31); }
constexpr uint32_t i32_shr_s(uint32_t x, uint32_t y) {
  return static_cast<uint32_t>(static_cast<int32_t>(x) >> (y & 31));
}
constexpr uint32_t i32_shr_u(uint32_t x, uint32_t y) { return x >> (y & 31); }
constexpr uint32_t i32_rotl(uint32_t x, uint32_t y) { return std::rotl(x, static_cast<int>(y & 31)); }
constexpr uint32_t i32_rotr(uint32_t x, uint32_t y) { return std::rotr(x, static_cast<int>(y & 31)); }
constexpr uint32_t i32_extend8_s(uint32_t x) { return static_cast<uint32_t>(static_cast<int8_t>(x)); }
constexpr uint32_t i32_extend16_s(uint32_t x) { return static_cast<uint32_t>(static_cast<int16_t>(x)); }

// i64
constexpr bool i64_eqz(uint64_t x) { return x == 0; }
constexpr bool i64_eq(uint64_t x, uint64_t y) { return x == y; }
constexpr bool i64_ne(uint64_t x, uint64_t y) { return x != y; }
constexpr bool i64_lt_s(uint64_t x, uint64_t y) { return static_cast<int64_t>(x) < static_cast<int64_t>(y); }
constexpr bool i64_lt_u(uint64_t x, uint64_t y) { return x < y; }
constexpr bool i64_gt_s(uint64_t x, uint64_t y) { return static_cast<int64_t>(x) > static_cast<int64_t>(y); }
constexpr bool i64_gt_u(uint64_t x, uint64_t y) { return x > y; }
constexpr bool i64_le_s(uint64_t x, uint64_t y) { return static_cast<int64_t>(x) <= static_cast<int64_t>(y); }
constexpr bool i64_le_u(uint64_t x, uint64_t y) { return x <= y; }
constexpr bool i64_ge_s(uint64_t x, uint64_t y) { return static_cast<int64_t>(x) >= static_cast<int64_t>(y); }
constexpr bool i64_ge_u(uint64_t x, uint64_t y) { return x >= y; }
constexpr uint64_t i64_clz(uint64_t x) { return static_cast<uint64_t>(std::countl_zero(x)); }
constexpr uint64_t i64_ctz(uint64_t x) { return static_cast<uint64_t>(std::countr_zero(x)); }
constexpr uint64_t i64_popcnt(uint64_t x) { return static_cast<uint64_t>(std::popcount(x)); }
constexpr uint64_t i64_add(uint64_t x, uint64_t y) { return x + y; }
constexpr uint64_t i64_sub(uint64_t x, uint64_t y) { return x - y; }
constexpr uint64_t i64_mul(uint64_t x, uint64_t y) { return x * y; }
constexpr Checked<uint64_t> i64_div_s(uint64_t x, uint64_t y) {
  return detail::div_s(static_cast<int64_t>(x), static_cast<int64_t>(y));
}
constexpr Checked<uint64_t> i64_div_u(uint64_t x, uint64_t y) { return detail::div_u(x, y); }
constexpr Checked<uint64_t> i64_rem_s(uint64_t x, uint64_t y) {
  return detail::rem_s(static_cast<int64_t>(x), static_cast<int64_t>(y));
}
constexpr Checked<uint64_t> i64_rem_u(uint64_t x, uint64_t y) { return detail::rem_u(x, y); }
constexpr uint64_t i64_and(uint64_t x, uint64_t y) { return x & y; }
constexpr uint64_t i64_or(uint64_t x, uint64_t y) { return x | y; }
constexpr uint64_t i64_xor(uint64_t x, uint64_t y) { return x ^ y; }
constexpr uint64_t i64_shl(uint64_t x, uint64_t y) { return x << (y & 63); }
constexpr uint64_t i64_shr_s(uint64_t x, uint64_t y) {
  return static_cast<uint64_t>(static_cast<int64_t>(x) >> (y & 63));
}
constexpr uint64_t i64_shr_u(uint64_t x, uint64_t y) { return x >> (y & 63); }
constexpr uint64_t i64_rotl(uint64_t x, uint64_t y) { return std::rotl(x, static_cast<int>(y & 63)); }
constexpr uint64_t i64_rotr(uint64_t x, uint64_t y) { return std::rotr(x, static_cast<int>(y & 63)); }
constexpr uint64_t i64_extend8_s(uint64_t x) { return static_cast<uint64_t>(static_cast<int8_t>(x)); }
constexpr uint64_t i64_extend16_s(uint64_t x) { return static_cast<uint64_t>(static_cast<int16_t>(x)); }
constexpr uint64_t i64_extend32_s(uint64_t x) { return static_cast<uint64_t>(static_cast<int32_t>(x)); }

// f32
constexpr bool f32_eq(float x, float y) { return x == y; }
constexpr bool f32_ne(float x, float y) { return x != y; }
constexpr bool f32_lt(float x, float y) { return x < y; }
constexpr bool f32_gt(float x, float y) { return x > y; }
constexpr bool f32_le(float x, float y) { return x <= y; }
constexpr bool f32_ge(float x, float y) { return x >= y; }
constexpr float f32_abs(float x) { return detail::absolute(x); }
constexpr float f32_neg(float x) { return detail::negate(x); }
constexpr float f32_ceil(float x) { return detail::ceil(x); }
constexpr float f32_floor(float x) { return detail::floor(x); }
constexpr float f32_trunc(float x) { return detail::trunc(x); }
constexpr float f32_nearest(float x) { return detail::nearest(x); }
inline float f32_sqrt(float x) { return __builtin_sqrtf(x); }
constexpr float f32_add(float x, float y) { return x + y; }
constexpr float f32_sub(float x, float y) { return x - y; }
constexpr float f32_mul(float x, float y) { return x * y; }
constexpr float f32_div(float x, float y) { return x / y; }
constexpr float f32_min(float x, float y) { return detail::min(x, y); }
constexpr float f32_max(float x, float y) { return detail::max(x, y); }
constexpr float f32_copysign(float x, float y) { return detail::copy_sign(x, y); }

// f64
constexpr bool f64_eq(double x, double y) { return x == y; }
constexpr bool f64_ne(double x, double y) { return x != y; }
constexpr bool f64_lt(double x, double y) { return x < y; }
constexpr bool f64_gt(double x, double y) { return x > y; }
constexpr bool f64_le(double x, double y) { return x <= y; }
constexpr bool f64_ge(double x, double y) { return x >= y; }
constexpr double f64_abs(double x) { return detail::absolute(x); }
constexpr double f64_neg(double x) { return detail::negate(x); }
constexpr double f64_ceil(double x) { return detail::ceil(x); }
constexpr double f64_floor(double x) { return detail::floor(x); }
constexpr double f64_trunc(double x) { return detail::trunc(x); }
constexpr double f64_nearest(double x) { return detail::nearest(x); }
inline double f64_sqrt(double x) { return __builtin_sqrt(x); }
constexpr double f64_add(double x, double y) { return x + y; }
constexpr double f64_sub(double x, double y) { return x - y; }
constexpr double f64_mul(double x, double y) { return x * y; }
constexpr double f64_div(double x, double y) { return x / y; }
constexpr double f64_min(double x, double y) { return detail::min(x, y); }
constexpr double f64_max(double x, double y) { return detail::max(x, y); }
constexpr double f64_copysign(double x, double y) { return detail::copy_sign(x, y); }

// Conversions
constexpr uint32_t i32_wrap_i64(uint64_t x) { return static_cast<uint32_t>(x); }
constexpr Checked<uint32_t> i32_trunc_f32_s(float x) { return detail::trunc_to<int32_t>(x); }
constexpr Checked<uint32_t> i32_trunc_f32_u(float x) { return detail::trunc_to<uint32_t>(x); }
constexpr Checked<uint32_t> i32_trunc_f64_s(double x) { return detail::trunc_to<int32_t>(x); }
constexpr Checked<uint32_t> i32_trunc_f64_u(double x) { return detail::trunc_to<uint32_t>(x); }
constexpr uint64_t i64_extend_i32_s(uint32_t x) { return static_cast<uint64_t>(static_cast<int32_t>(x)); }
constexpr uint64_t i64_extend_i32_u(uint32_t x) { return x; }
constexpr Checked<uint64_t> i64_trunc_f32_s(float x) { return detail::trunc_to<int64_t>(x); }
constexpr Checked<uint64_t> i64_trunc_f32_u(float x) { return detail::trunc_to<uint64_t>(x); }
constexpr Checked<uint64_t> i64_trunc_f64_s(double x) { return detail::trunc_to<int64_t>(x); }
constexpr Checked<uint64_t> i64_trunc_f64_u(double x) { return detail::trunc_to<uint64_t>(x); }
constexpr float f32_convert_i32_s(uint32_t x) { return static_cast<float>(static_cast<int32_t>(x)); }
constexpr float f32_convert_i32_u(uint32_t x) { return static_cast<float>(x); }
constexpr float f32_convert_i64_s(uint64_t x) { return static_cast<float>(static_cast<int64_t>(x)); }
constexpr float f32_convert_i64_u(uint64_t x) { return static_cast<float>(x); }
constexpr double f64_convert_i32_s(uint32_t x) { return static_cast<double>(static_cast<int32_t>(x)); }
constexpr double f64_convert_i32_u(uint32_t x) { return static_cast<double>(x); }
constexpr double f64_convert_i64_s(uint64_t x) { return static_cast<double>(static_cast<int64_t>(x)); }
constexpr double f64_convert_i64_u(uint64_t x) { return static_cast<double>(x); }
constexpr float f32_demote_f64(double x) { return static_cast<float>(x); }
constexpr double f64_promote_f32(float x) { return static_cast<double>(x); }
constexpr uint32_t i32_reinterpret_f32(float x) { return std::bit_cast<uint32_t>(x); }
constexpr uint64_t i64_reinterpret_f64(double x) { return std::bit_cast<uint64_t>(x); }
constexpr float f32_reinterpret_i32(uint32_t x) { return std::bit_cast<float>(x); }
constexpr double f64_reinterpret_i64(uint64_t x) { return std::bit_cast<double>(x); }
constexpr uint32_t i32_trunc_sat_f32_s(float x) { return detail::trunc_sat_to<int32_t>(x); }
constexpr uint32_t i32_trunc_sat_f32_u(float x) { return detail::trunc_sat_to<uint32_t>(x); }
constexpr uint32_t i32_trunc_sat_f64_s(double x) { return detail::trunc_sat_to<int32_t>(x); }
constexpr uint32_t i32_trunc_sat_f64_u(double x) { return detail::trunc_sat_to<uint32_t>(x); }
constexpr uint64_t i64_trunc_sat_f32_s(float x) { return detail::trunc_sat_to<int64_t>(x); }
constexpr uint64_t i64_trunc_sat_f32_u(float x) { return detail::trunc_sat_to<uint64_t>(x); }
constexpr uint64_t i64_trunc_sat_f64_s(double x) { return detail::trunc_sat_to<int64_t>(x); }
constexpr uint64_t i64_trunc_sat_f64_u(double x) { return detail::trunc_sat_to<uint64_t>(x); }

// 128-bit integers as pairs of i64.
// spec: https://github.com/WebAssembly/wide-arithmetic/blob/main/proposals/wide-arithmetic/Overview.md
struct Wide {
  uint64_t low, high;
};
constexpr Wide i64_add128(uint64_t x_low, uint64_t x_high, uint64_t y_low, uint64_t y_high) {
  uint64_t low = x_low + y_low;
  return {low, x_high + y_high + (low < x_low ? 1 : 0)};
}
constexpr Wide i64_sub128(uint64_t x_low, uint64_t x_high, uint64_t y_low, uint64_t y_high) {
  return {x_low - y_low, x_high - y_high - (x_low < y_low ? 1 : 0)};
}
constexpr Wide i64_mul_wide_u(uint64_t x, uint64_t y) {
  unsigned __int128 product = static_cast<unsigned __int128>(x) * y;
  return {static_cast<uint64_t>(product), static_cast<uint64_t>(product >> 64)};
}
constexpr Wide i64_mul_wide_s(uint64_t x, uint64_t y) {
  auto product = static_cast<unsigned __int128>(static_cast<__int128>(static_cast<int64_t>(x)) *
                                                static_cast<int64_t>(y));
  return {static_cast<uint64_t>(product), static_cast<uint64_t>(product >> 64)};
}

// What becomes a product if the divisor is a constant (code/divisor.h), and what is left to do behind it.
inline constexpr wasm::Opcode kUnsignedDivision = wasm::Opcode::i64_div_u,
                              kUnsignedShift = wasm::Opcode::i64_shr_u;

}  // namespace godwit::runtime::numeric
