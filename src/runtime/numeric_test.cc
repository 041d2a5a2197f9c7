// The numeric functions at their edges.
#include "runtime/numeric.h"

#include <gtest/gtest.h>

#include <cmath>

namespace godwit::runtime::numeric {

namespace {

constexpr float kNan32 = std::bit_cast<float>(0x7FA0'0001u);  // signalling
constexpr double kNan64 = std::bit_cast<double>(uint64_t{0x7FF4'0000'0000'0001});
constexpr double kInf = std::numeric_limits<double>::infinity();

template <class T>
bool is_trap(const Checked<T>& result, Trap trap) {
  return result.trap == trap;
}
uint64_t bits(double x) { return std::bit_cast<uint64_t>(x); }
uint32_t bits(float x) { return std::bit_cast<uint32_t>(x); }

}  // namespace

TEST(Numeric, IntegersWrapAround) {
  EXPECT_EQ(i32_add(0xFFFF'FFFF, 1), 0u);
  EXPECT_EQ(i32_sub(0, 1), 0xFFFF'FFFFu);
  EXPECT_EQ(i32_mul(0x8000'0000, 2), 0u);
  EXPECT_EQ(i64_add(~uint64_t{0}, 2), 1u);
  EXPECT_EQ(i64_mul(uint64_t{1} << 63, 3), uint64_t{1} << 63);
}

TEST(Numeric, ShiftsTakeTheirCountModuloTheWidth) {
  EXPECT_EQ(i32_shl(1, 32), 1u);
  EXPECT_EQ(i32_shl(1, 33), 2u);
  EXPECT_EQ(i32_shr_s(0x8000'0000, 31), 0xFFFF'FFFFu);
  EXPECT_EQ(i32_shr_u(0x8000'0000, 63), 1u);
  EXPECT_EQ(i64_shl(1, 64), 1u);
  EXPECT_EQ(i64_shr_s(uint64_t{1} << 63, 127), ~uint64_t{0});
  EXPECT_EQ(i32_rotl(0x8000'0001, 1), 3u);
  EXPECT_EQ(i32_rotr(3, 33), 0x8000'0001u);
  EXPECT_EQ(i64_rotl(uint64_t{1} << 63, 65), 1u);
}

TEST(Numeric, DivisionTrapsWhereItHasNoResult) {
  EXPECT_TRUE(is_trap(i32_div_s(1, 0), Trap::IntegerDivideByZero));
  EXPECT_TRUE(is_trap(i32_div_s(0x8000'0000, 0xFFFF'FFFF), Trap::IntegerOverflow));
  EXPECT_TRUE(is_trap(i32_rem_s(1, 0), Trap::IntegerDivideByZero));
  EXPECT_TRUE(is_trap(i32_div_u(1, 0), Trap::IntegerDivideByZero));
  EXPECT_TRUE(is_trap(i64_rem_u(1, 0), Trap::IntegerDivideByZero));
  EXPECT_TRUE(is_trap(i64_div_s(uint64_t{1} << 63, ~uint64_t{0}), Trap::IntegerOverflow));
  EXPECT_EQ(i32_rem_s(0x8000'0000, 0xFFFF'FFFF).value, 0u);
  EXPECT_EQ(i64_rem_s(uint64_t{1} << 63, ~uint64_t{0}).value, 0u);
  EXPECT_EQ(i32_div_s(static_cast<uint32_t>(-7), 2).value, static_cast<uint32_t>(-3));
  EXPECT_EQ(i32_rem_s(static_cast<uint32_t>(-7), 2).value, static_cast<uint32_t>(-1));
}

TEST(Numeric, BitsAreCounted) {
  EXPECT_EQ(i32_clz(0), 32u);
  EXPECT_EQ(i32_ctz(0), 32u);
  EXPECT_EQ(i64_clz(1), 63u);
  EXPECT_EQ(i64_ctz(0), 64u);
  EXPECT_EQ(i64_popcnt(~uint64_t{0}), 64u);
  EXPECT_EQ(i32_extend8_s(0x80), 0xFFFF'FF80u);
  EXPECT_EQ(i64_extend32_s(0x8000'0000), 0xFFFF'FFFF'8000'0000u);
}

TEST(Numeric, RoundingKeepsTheSignOfZeroAndQuietsNan) {
  EXPECT_EQ(bits(f64_ceil(-0.5)), bits(-0.0));
  EXPECT_EQ(bits(f64_floor(-0.0)), bits(-0.0));
  EXPECT_EQ(f64_floor(-0.5), -1.0);
  EXPECT_EQ(f64_ceil(0.5), 1.0);
  EXPECT_EQ(bits(f64_trunc(-0.9)), bits(-0.0));
  EXPECT_EQ(bits(f64_nearest(-0.5)), bits(-0.0));
  EXPECT_EQ(f64_nearest(0.5), 0.0);
  EXPECT_EQ(f64_nearest(1.5), 2.0);
  EXPECT_EQ(f64_nearest(2.5), 2.0);
  EXPECT_EQ(f32_nearest(-3.5f), -4.0f);
  EXPECT_EQ(f32_nearest(8388607.5f), 8388608.0f);
  EXPECT_EQ(f64_floor(4503599627370497.0), 4503599627370497.0);
  EXPECT_EQ(f64_ceil(kInf), kInf);
  EXPECT_EQ(f64_floor(-kInf), -kInf);
  EXPECT_EQ(bits(f32_trunc(kNan32)), bits(kNan32) | 0x0040'0000);
  EXPECT_EQ(bits(f64_nearest(kNan64)), bits(kNan64) | 0x0008'0000'0000'0000);
}

TEST(Numeric, RoundingAgreesWithTheLibrary) {
  for (int i = -2000; i < 2000; ++i) {
    double x = i * 0.37;
    auto y = static_cast<float>(x);
    ASSERT_EQ(bits(f64_floor(x)), bits(std::floor(x))) << x;
    ASSERT_EQ(bits(f64_ceil(x)), bits(std::ceil(x))) << x;
    ASSERT_EQ(bits(f64_trunc(x)), bits(std::trunc(x))) << x;
    ASSERT_EQ(bits(f64_nearest(x)), bits(std::nearbyint(x))) << x;
    ASSERT_EQ(bits(f32_floor(y)), bits(std::floor(y))) << y;
    ASSERT_EQ(bits(f32_ceil(y)), bits(std::ceil(y))) << y;
    ASSERT_EQ(bits(f32_nearest(y)), bits(std::nearbyint(y))) << y;
  }
}

TEST(Numeric, MinAndMaxOrderZerosAndPassNan) {
  EXPECT_EQ(bits(f64_min(0.0, -0.0)), bits(-0.0));
  EXPECT_EQ(bits(f64_max(-0.0, 0.0)), bits(0.0));
  EXPECT_EQ(f32_min(1.0f, -kInf), -kInf);
  EXPECT_TRUE(std::isnan(f32_min(kNan32, 1.0f)));
  EXPECT_TRUE(std::isnan(f64_max(1.0, kNan64)));
  EXPECT_NE(bits(f64_max(1.0, kNan64)) & 0x0008'0000'0000'0000, 0u);
  EXPECT_EQ(bits(f32_copysign(kNan32, -1.0f)), bits(kNan32) | 0x8000'0000);
  EXPECT_EQ(bits(f64_neg(0.0)), bits(-0.0));
  EXPECT_EQ(bits(f32_abs(-kNan32)), bits(kNan32));
}

TEST(Numeric, TruncationTrapsOutsideItsRange) {
  EXPECT_EQ(i32_trunc_f64_s(-2147483648.9).value, 0x8000'0000u);
  EXPECT_TRUE(is_trap(i32_trunc_f64_s(-2147483649.0), Trap::IntegerOverflow));
  EXPECT_TRUE(is_trap(i32_trunc_f32_s(2147483648.0f), Trap::IntegerOverflow));
  EXPECT_EQ(i32_trunc_f64_u(-0.99).value, 0u);
  EXPECT_EQ(i32_trunc_f64_u(4294967295.9).value, 0xFFFF'FFFFu);
  EXPECT_TRUE(is_trap(i32_trunc_f32_u(-1.0f), Trap::IntegerOverflow));
  EXPECT_EQ(i64_trunc_f64_s(-9223372036854775808.0).value, uint64_t{1} << 63);
  EXPECT_TRUE(is_trap(i64_trunc_f32_s(9223372036854775808.0f), Trap::IntegerOverflow));
  EXPECT_EQ(i64_trunc_f64_u(18446744073709549568.0).value, 18446744073709549568u);
  EXPECT_TRUE(is_trap(i64_trunc_f64_u(18446744073709551616.0), Trap::IntegerOverflow));
  EXPECT_TRUE(is_trap(i64_trunc_f32_u(kNan32), Trap::InvalidConversionToInteger));
}

TEST(Numeric, SaturatingTruncationClamps) {
  EXPECT_EQ(i32_trunc_sat_f64_s(1e300), 0x7FFF'FFFFu);
  EXPECT_EQ(i32_trunc_sat_f64_s(-kInf), 0x8000'0000u);
  EXPECT_EQ(i32_trunc_sat_f32_u(-5.0f), 0u);
  EXPECT_EQ(i32_trunc_sat_f32_u(1e20f), 0xFFFF'FFFFu);
  EXPECT_EQ(i64_trunc_sat_f32_s(kNan32), 0u);
  EXPECT_EQ(i64_trunc_sat_f64_u(kInf), ~uint64_t{0});
  EXPECT_EQ(i64_trunc_sat_f64_s(-1.9), ~uint64_t{0});
}

TEST(Numeric, ConversionsRoundToNearest) {
  EXPECT_EQ(f32_convert_i32_u(0xFFFF'FFFF), 4294967296.0f);
  EXPECT_EQ(f32_convert_i64_u(~uint64_t{0}), 18446744073709551616.0f);
  EXPECT_EQ(f64_convert_i64_s(uint64_t{1} << 63), -9223372036854775808.0);
  EXPECT_EQ(f32_convert_i64_s(16777217), 16777216.0f);
  EXPECT_EQ(f32_demote_f64(1e300), std::numeric_limits<float>::infinity());
  EXPECT_EQ(i64_extend_i32_s(0x8000'0000), 0xFFFF'FFFF'8000'0000u);
}

TEST(Numeric, WideArithmeticCarries) {
  Wide sum = i64_add128(~uint64_t{0}, 1, 1, 2);
  EXPECT_EQ(sum.low, 0u);
  EXPECT_EQ(sum.high, 4u);
  Wide difference = i64_sub128(0, 5, 1, 2);
  EXPECT_EQ(difference.low, ~uint64_t{0});
  EXPECT_EQ(difference.high, 2u);
  Wide product = i64_mul_wide_s(~uint64_t{0}, 2);
  EXPECT_EQ(product.low, ~uint64_t{1});
  EXPECT_EQ(product.high, ~uint64_t{0});
  EXPECT_EQ(i64_mul_wide_u(~uint64_t{0}, 2).high, 1u);
}

TEST(Numeric, WideArithmeticIsThatOf128Bits) {
  using Uint128 = unsigned __int128;
  const auto whole = [](uint64_t low, uint64_t high) { return Uint128{high} << 64 | low; };
  const auto is = [&](Wide result, Uint128 wanted) { return whole(result.low, result.high) == wanted; };
  constexpr uint64_t kEdges[] = {
      0, 1, 2, 0x7FFF'FFFF'FFFF'FFFF, 0x8000'0000'0000'0000, ~uint64_t{0}, 0x1'0000'0001};
  for (const uint64_t a : kEdges) {
    for (const uint64_t b : kEdges) {
      for (const uint64_t c : kEdges) {
        for (const uint64_t d : kEdges) {
          EXPECT_TRUE(is(i64_add128(a, b, c, d), whole(a, b) + whole(c, d)))
              << a << ' ' << b << ' ' << c << ' ' << d;
          EXPECT_TRUE(is(i64_sub128(a, b, c, d), whole(a, b) - whole(c, d)))
              << a << ' ' << b << ' ' << c << ' ' << d;
        }
      }
      EXPECT_TRUE(is(i64_mul_wide_u(a, b), Uint128{a} * b)) << a << ' ' << b;
    }
  }
}

}  // namespace godwit::runtime::numeric
