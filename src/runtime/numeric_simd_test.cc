// The vector functions at their edges, and against the scalar functions lane by lane.
#include "runtime/numeric_simd.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

namespace godwit::runtime::numeric {

namespace {

template <class T>
using Array = std::array<T, 16 / sizeof(T)>;

template <class T>
V128 vector(const Array<T>& lanes) {
  return std::bit_cast<V128>(lanes);
}
template <class T>
Array<T> array(V128 x) {
  return std::bit_cast<Array<T>>(x);
}

constexpr float kNan = std::bit_cast<float>(0x7FA0'0001u);  // signalling
constexpr float kInf = std::numeric_limits<float>::infinity();

constexpr float kFloats[] = {0.0f,       -0.0f,       0.3f,          -0.3f,          0.5f,          -0.5f,
                             1.5f,       -1.5f,       2.5f,          -2.5f,          0.999f,        -0.75f,
                             8388607.5f, -8388607.5f, 8388608.0f,    16777217.0f,    1e20f,         -1e20f,
                             kInf,       -kInf,       2147483648.0f, -2147483648.0f, 4294967296.0f, 1e-40f};

bool is_same(float x, float y) {
  return std::bit_cast<uint32_t>(x) == std::bit_cast<uint32_t>(y) || (x != x && y != y);
}
bool is_same(double x, double y) {
  return std::bit_cast<uint64_t>(x) == std::bit_cast<uint64_t>(y) || (x != x && y != y);
}

using Unary = V128 (*)(V128);
using Binary = V128 (*)(V128, V128);

void expect_lanes(Unary of_f32x4, Unary of_f64x2, float (*f32)(float), double (*f64)(double)) {
  for (float x : kFloats) {
    EXPECT_TRUE(is_same(array<float>(of_f32x4(vector<float>({1, x, 2, x})))[1], f32(x))) << x;
    EXPECT_TRUE(is_same(array<double>(of_f64x2(vector<double>({2, x})))[1], f64(x))) << x;
  }
  EXPECT_EQ(array<uint32_t>(of_f32x4(vector<float>({kNan, 0, 0, 0})))[0] & 0x7FC0'0000, 0x7FC0'0000u);
}

void expect_lanes(Binary of_f32x4, Binary of_f64x2, float (*f32)(float, float),
                  double (*f64)(double, double)) {
  for (float x : kFloats) {
    for (float y : {kFloats[0], kFloats[1], 1.5f, kInf, -kInf, kNan}) {
      EXPECT_TRUE(is_same(array<float>(of_f32x4(vector<float>({1, x, 2, 3}), vector<float>({1, y, 0, 0})))[1],
                          f32(x, y)));
      EXPECT_TRUE(is_same(array<float>(of_f32x4(vector<float>({1, y, 2, 3}), vector<float>({1, x, 0, 0})))[1],
                          f32(y, x)));
      EXPECT_TRUE(
          is_same(array<double>(of_f64x2(vector<double>({1, x}), vector<double>({1, y})))[1], f64(x, y)));
    }
  }
}

}  // namespace

TEST(NumericSimd, RoundsAsTheScalarFunctionsDo) {
  expect_lanes(f32x4_nearest, f64x2_nearest, f32_nearest, f64_nearest);
  expect_lanes(f32x4_trunc, f64x2_trunc, f32_trunc, f64_trunc);
  expect_lanes(f32x4_floor, f64x2_floor, f32_floor, f64_floor);
  expect_lanes(f32x4_ceil, f64x2_ceil, f32_ceil, f64_ceil);
}

TEST(NumericSimd, MinimumAndMaximumAreThoseOfTheScalarFunctions) {
  expect_lanes(f32x4_min, f64x2_min, f32_min, f64_min);
  expect_lanes(f32x4_max, f64x2_max, f32_max, f64_max);
}

TEST(NumericSimd, PseudoMinimumKeepsTheFirstOfWhatDoesNotCompare) {
  auto x = vector<float>({kNan, 1, 0.0f, 5}), y = vector<float>({1, kNan, -0.0f, 3});
  EXPECT_EQ(array<uint32_t>(f32x4_pmin(x, y)), array<uint32_t>(vector<float>({kNan, 1, 0.0f, 3})));
  EXPECT_EQ(array<uint32_t>(f32x4_pmax(x, y)), array<uint32_t>(vector<float>({kNan, 1, 0.0f, 5})));
}

TEST(NumericSimd, TruncationSaturates) {
  for (float x : kFloats) {
    auto v = vector<float>({0, x, kNan, 1});
    EXPECT_EQ(array<uint32_t>(i32x4_trunc_sat_f32x4_s(v)), (Array<uint32_t>{0, i32_trunc_sat_f32_s(x), 0, 1}))
        << x;
    EXPECT_EQ(array<uint32_t>(i32x4_trunc_sat_f32x4_u(v)), (Array<uint32_t>{0, i32_trunc_sat_f32_u(x), 0, 1}))
        << x;
    auto w = vector<double>({std::nan(""), x});
    EXPECT_EQ(array<uint32_t>(i32x4_trunc_sat_f64x2_s_zero(w)),
              (Array<uint32_t>{0, i32_trunc_sat_f64_s(x), 0, 0}))
        << x;
    EXPECT_EQ(array<uint32_t>(i32x4_trunc_sat_f64x2_u_zero(w)),
              (Array<uint32_t>{0, i32_trunc_sat_f64_u(x), 0, 0}))
        << x;
  }
}

TEST(NumericSimd, ConvertsUnsignedLanesOfAnySize) {
  auto v = vector<uint32_t>({0xFFFF'FFFF, 0x8000'0000, 0x0100'0001, 0x7FFF'FFFF});
  EXPECT_EQ(array<float>(f32x4_convert_i32x4_u(v)),
            (Array<float>{4294967296.0f, 2147483648.0f, 16777216.0f, 2147483648.0f}));
  EXPECT_EQ(array<double>(f64x2_convert_low_i32x4_u(v)), (Array<double>{4294967295.0, 2147483648.0}));
  EXPECT_EQ(array<double>(f64x2_convert_low_i32x4_s(v)), (Array<double>{-1.0, -2147483648.0}));
}

TEST(NumericSimd, NarrowingTakesSignedLanesToTheNearest) {
  auto x = vector<int16_t>({-32768, -129, -128, -1, 0, 127, 128, 255}), y = vector<int16_t>({256, 32767});
  EXPECT_EQ(array<int8_t>(i8x16_narrow_i16x8_s(x, y)),
            (Array<int8_t>{-128, -128, -128, -1, 0, 127, 127, 127, 127, 127, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(array<uint8_t>(i8x16_narrow_i16x8_u(x, y)),
            (Array<uint8_t>{0, 0, 0, 0, 0, 127, 128, 255, 255, 255, 0, 0, 0, 0, 0, 0}));
}

TEST(NumericSimd, HalvesAreTakenFromTheirEnd) {
  auto x = vector<int8_t>({1, -2, 3, -4, 5, -6, 7, -8, 9, -10, 11, -12, 13, -14, 15, -16});
  EXPECT_EQ(array<int16_t>(i16x8_extend_low_i8x16_s(x)), (Array<int16_t>{1, -2, 3, -4, 5, -6, 7, -8}));
  EXPECT_EQ(array<int16_t>(i16x8_extend_high_i8x16_s(x)),
            (Array<int16_t>{9, -10, 11, -12, 13, -14, 15, -16}));
  EXPECT_EQ(array<uint16_t>(i16x8_extend_high_i8x16_u(x))[1], 246u);
  EXPECT_EQ(array<int16_t>(i16x8_extmul_high_i8x16_s(x, x))[7], 256);
  EXPECT_EQ(array<int16_t>(i16x8_extadd_pairwise_i8x16_s(x)),
            (Array<int16_t>{-1, -1, -1, -1, -1, -1, -1, -1}));
  EXPECT_EQ(array<uint16_t>(i16x8_extadd_pairwise_i8x16_u(x))[0], 255u);
}

TEST(NumericSimd, ProductsAtTheirLimits) {
  auto lowest = vector<int16_t>({-32768, -32768, -32768, 32767, 3, -3, 16384, 0});
  EXPECT_EQ(array<int16_t>(i16x8_q15mulr_sat_s(lowest, lowest)),
            (Array<int16_t>{32767, 32767, 32767, 32766, 0, 0, 8192, 0}));
  EXPECT_EQ(array<uint32_t>(i32x4_dot_i16x8_s(lowest, lowest))[0], 0x8000'0000u);
  EXPECT_EQ(array<int32_t>(i32x4_dot_i16x8_s(lowest, lowest))[2], 18);
  auto bytes = vector<int8_t>({-128, -128, 127, 127, 1, 2});
  EXPECT_EQ(array<uint16_t>(i16x8_relaxed_dot_i8x16_i7x16_s(bytes, bytes))[0], 0x8000u);
  EXPECT_EQ(array<int32_t>(i32x4_relaxed_dot_i8x16_i7x16_add_s(bytes, bytes, vector<int32_t>({1, 10})))[1],
            15);
}

TEST(NumericSimd, AveragesDoNotOverflow) {
  auto x = vector<uint8_t>({255, 255, 0, 1}), y = vector<uint8_t>({255, 254, 1, 1});
  EXPECT_EQ((array<uint8_t>(i8x16_avgr_u(x, y))), (Array<uint8_t>{255, 255, 1, 1}));
  EXPECT_EQ(array<uint16_t>(i16x8_avgr_u(vector<uint16_t>({65535, 65535}), vector<uint16_t>({65535, 0})))[1],
            32768u);
}

TEST(NumericSimd, BytesAreLookedUpWithinTheirSixteen) {
  Array<uint8_t> bytes;
  for (uint8_t i = 0; i < 16; ++i) bytes[i] = static_cast<uint8_t>(100 + i);
  Array<uint8_t> index{0, 15, 16, 31, 127, 128, 143, 255, 1};
  EXPECT_EQ(array<uint8_t>(i8x16_swizzle(vector<uint8_t>(bytes), vector<uint8_t>(index))),
            (Array<uint8_t>{100, 115, 0, 0, 0, 0, 0, 0, 101, 100, 100, 100, 100, 100, 100, 100}));
}

TEST(NumericSimd, ShiftsTakeTheirCountModuloTheLanesWidth) {
  EXPECT_EQ(array<uint8_t>(i8x16_shl(vector<uint8_t>({0x81, 1}), 9)), (Array<uint8_t>{2, 2}));
  EXPECT_EQ(array<int8_t>(i8x16_shr_s(vector<int8_t>({-128}), 15))[0], -1);
  EXPECT_EQ(array<int64_t>(i64x2_shr_s(vector<int64_t>({INT64_MIN, 5}), 127)), (Array<int64_t>{-1, 0}));
}

TEST(NumericSimd, MasksAndTests) {
  EXPECT_EQ(i8x16_bitmask(vector<int8_t>({-1, 0, -128, 127, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1})), 0x8005u);
  EXPECT_EQ(i16x8_bitmask(vector<int16_t>({0, -1, 0, 0, 0, 0, 0, -1})), 0x82u);
  EXPECT_EQ(i32x4_bitmask(vector<int32_t>({-1, 0, 1, -1})), 9u);
  EXPECT_EQ(i64x2_bitmask(vector<int64_t>({1, -1})), 2u);
  EXPECT_FALSE(i32x4_all_true(vector<int32_t>({1, 1, 0, 1})));
  EXPECT_TRUE(i64x2_all_true(vector<int64_t>({1, INT64_MIN})));
  EXPECT_TRUE(v128_any_true(vector<int8_t>({0, 0, 0, 0, 0, 0, 0, 0, 0, 1})));
}

TEST(NumericSimd, OneLaneIsReplaced) {
  auto x = vector<float>({1, 2, 3, 4});
  EXPECT_EQ(array<float>(replace_lane(x, -0.5f, 2)), (Array<float>{1, 2, -0.5f, 4}));
  EXPECT_EQ(array<uint8_t>(replace_lane(V128{}, uint8_t{7}, 15))[15], 7);
}

TEST(NumericSimd, RelaxedMultiplyAddRoundsTwice) {
  float x = 1.0f + std::ldexp(1.0f, -12);
  auto v = vector<float>({x, x, x, x});
  auto minus = vector<float>({-x * x, 0, 0, 0});
  EXPECT_EQ(array<float>(f32x4_relaxed_madd(v, v, minus))[0], 0.0f);
  EXPECT_EQ(array<double>(
                f64x2_relaxed_nmadd(vector<double>({2, 3}), vector<double>({4, 5}), vector<double>({1, 1}))),
            (Array<double>{-7, -14}));
}

}  // namespace godwit::runtime::numeric
