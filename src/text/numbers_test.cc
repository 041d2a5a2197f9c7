// Numbers: what is one, what fits, and how floats are rounded.
#include "text/numbers.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdio>
#include <random>
#include <string>

namespace godwit::text {
namespace {

constexpr uint64_t kSyntax = 0xbad0'0000'0000'0001, kRange = 0xbad0'0000'0000'0002;

uint64_t code(const Number<uint64_t>& number) {
  if (number) return *number;
  return number.error() == NumberFault::Syntax ? kSyntax : kRange;
}
uint64_t f32(std::string_view text) { return code(parse_float(text, 32)); }
uint64_t f64(std::string_view text) { return code(parse_float(text, 64)); }
uint64_t bits(float value) { return std::bit_cast<uint32_t>(value); }
uint64_t bits(double value) { return std::bit_cast<uint64_t>(value); }

TEST(Numbers, IntegersFitWithAndWithoutASign) {
  EXPECT_EQ(code(parse_integer("4294967295", 32)), 0xffff'ffff);
  EXPECT_EQ(code(parse_integer("-2147483648", 32)), 0x8000'0000);
  EXPECT_EQ(code(parse_integer("-1", 64)), ~uint64_t{0});
  EXPECT_EQ(code(parse_integer("+0xFf", 8)), 0xff);
  EXPECT_EQ(code(parse_integer("1_000", 32)), 1000);
  EXPECT_EQ(code(parse_integer("0x0123_4567_89ab_cdef", 64)), 0x0123'4567'89ab'cdef);
  EXPECT_EQ(code(parse_integer("18446744073709551615", 64)), ~uint64_t{0});
  EXPECT_EQ(code(parse_integer("0000000000000000000000000000001", 32)), 1);
  for (const char* text : {"4294967296", "-2147483649", "0x100000000", "99999999999999999999999999"})
    EXPECT_EQ(code(parse_integer(text, 32)), kRange) << text;
  EXPECT_EQ(code(parse_integer("18446744073709551616", 64)), kRange);
  EXPECT_EQ(code(parse_integer("-9223372036854775809", 64)), kRange);
  EXPECT_EQ(code(parse_integer("256", 8)), kRange);
  EXPECT_EQ(code(parse_integer("-129", 8)), kRange);
  for (const char* text : {"", "-", "0x", "_1", "1_", "1__0", "0x_1", "1a", "0xg", "--1", "1.0", "0X1"})
    EXPECT_EQ(code(parse_integer(text, 32)), kSyntax) << text;
  EXPECT_EQ(code(parse_unsigned("+1", 10)), kSyntax);
}

TEST(Numbers, DecimalFloats) {
  EXPECT_EQ(f32("1"), bits(1.0f));
  EXPECT_EQ(f32("-0"), bits(-0.0f));
  EXPECT_EQ(f64("1."), bits(1.0));
  EXPECT_EQ(f64("1.e5"), bits(1e5));
  EXPECT_EQ(f64("1_0.5_0E+0_1"), bits(105.0));
  EXPECT_EQ(f32("3.4028234663852886e+38"), 0x7f7f'ffff);
  EXPECT_EQ(f32("340282356779733661637539395458142568447"), 0x7f7f'ffff) << "just below half way to infinity";
  EXPECT_EQ(f32("340282356779733661637539395458142568448"), kRange) << "half way to infinity";
  EXPECT_EQ(f64("1e400"), kRange);
  EXPECT_EQ(f64("1e99999999999999999999"), kRange);
  EXPECT_EQ(f64("0e99999999999999999999"), 0);
  EXPECT_EQ(f64("1e-400"), 0);
  EXPECT_EQ(f64("-1e-99999999999999999999"), bits(-0.0));
  EXPECT_EQ(f64("0.0000001e-999"), 0);
  EXPECT_EQ(f64("4.9406564584124654e-324"), 1);
  EXPECT_EQ(f32("1.4e-45"), 1);
  EXPECT_EQ(f64("1" + std::string(400, '0') + "e-400"), bits(1.0));
  EXPECT_EQ(f32("16777217"), bits(16777216.0f)) << "a tie goes to even";
  EXPECT_EQ(f32("16777219"), bits(16777220.0f));
  EXPECT_EQ(f32("16777217.000000000000000000000000000001"), bits(16777218.0f)) << "rounded once";
  for (const char* text :
       {"", ".5", "1e", "1e+", "1._5", "1_.5", "e5", "1.5.5", "0x1.8p", "1f", "infinity", "+nan:", "1 "})
    EXPECT_EQ(f64(text), kSyntax) << text;
}

TEST(Numbers, HexadecimalFloatsAreRoundedOnce) {
  EXPECT_EQ(f32("0x1p0"), bits(1.0f));
  EXPECT_EQ(f32("0x1.8"), bits(1.5f));
  EXPECT_EQ(f32("0xA.8p+1"), bits(21.0f));
  EXPECT_EQ(f32("-0x0p0"), bits(-0.0f));
  EXPECT_EQ(f32("0x0.000p99999999999999999999"), 0);
  // 24 bits fit; the 25th is a tie, which goes to the even neighbour.
  EXPECT_EQ(f32("0x1.000001p0"), bits(1.0f));
  EXPECT_EQ(f32("0x1.000003p0"), 0x3f80'0002);
  EXPECT_EQ(f32("0x1.00000100000000000000000000000001p0"), 0x3f80'0001) << "a little more than a tie";
  EXPECT_EQ(f32("0x1.000000ffffffffffffffffffffffffffp0"), 0x3f80'0000) << "a little less";
  EXPECT_EQ(f32("0x1.fffffep127"), 0x7f7f'ffff);
  EXPECT_EQ(f32("0x1.fffffe7p127"), 0x7f7f'ffff);
  EXPECT_EQ(f32("0x1.ffffffp127"), kRange);
  EXPECT_EQ(f32("0x1p128"), kRange);
  EXPECT_EQ(f64("0x1p99999999999999999999"), kRange);
  // subnormal numbers
  EXPECT_EQ(f32("0x1p-149"), 1);
  EXPECT_EQ(f32("0x1p-150"), 0) << "half of the least: the tie goes to zero";
  EXPECT_EQ(f32("0x1.000000000000000000001p-150"), 1);
  EXPECT_EQ(f32("0x1.8p-149"), 2);
  EXPECT_EQ(f32("0x1p-151"), 0);
  EXPECT_EQ(f32("0x1.fffffep-127"), 0x0080'0000) << "the tie goes up to the least normal number";
  EXPECT_EQ(f32("0x1.fffffcp-127"), 0x007f'ffff);
  EXPECT_EQ(f64("0x1p-1074"), 1);
  EXPECT_EQ(f64("0x1p-1075"), 0);
  EXPECT_EQ(f64("0x1.0000000000000800001p0"), 0x3ff0'0000'0000'0001);
  EXPECT_EQ(f64("0x1.00000000000008p0"), 0x3ff0'0000'0000'0000);
  EXPECT_EQ(f64("0x" + std::string(300, '0') + "1" + std::string(100, '0') + "p-400"), bits(1.0));
  EXPECT_EQ(f64("0x0." + std::string(100, '0') + "1p404"), bits(1.0));
  for (const char* text : {"0x", "0x.8", "0x1.8p", "0x1pf", "0x1_p0", "0x1.8p1.5", "0xg"})
    EXPECT_EQ(f64(text), kSyntax) << text;
}

TEST(Numbers, InfinityAndNan) {
  EXPECT_EQ(f32("inf"), 0x7f80'0000);
  EXPECT_EQ(f32("-inf"), 0xff80'0000);
  EXPECT_EQ(f32("nan"), 0x7fc0'0000);
  EXPECT_EQ(f64("+nan"), 0x7ff8'0000'0000'0000);
  EXPECT_EQ(f32("-nan:0x2_00000"), 0xffa0'0000);
  EXPECT_EQ(f32("nan:0x0"), kRange);
  EXPECT_EQ(f32("nan:0x800000"), kRange);
  EXPECT_EQ(f64("nan:0xfffffffffffff"), 0x7fff'ffff'ffff'ffff);
  EXPECT_EQ(f32("nan:1"), kSyntax);
}

// What printf writes in hexadecimal, exactly, is read as the same number.
TEST(Numbers, HexadecimalFloatsOfPrintfComeBack) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 100'000; ++i) {
    const uint64_t pattern = random();
    const double value = std::bit_cast<double>(pattern);
    if (!std::isfinite(value)) continue;
    char text[64];
    std::snprintf(text, sizeof text, "%a", value);
    ASSERT_EQ(f64(text), pattern) << text;
    std::snprintf(text, sizeof text, "%.17g", value);
    ASSERT_EQ(f64(text), pattern) << text;
    // to f32 in one rounding, as the machine does it
    const float narrow = static_cast<float>(value);
    std::snprintf(text, sizeof text, "%a", value);
    ASSERT_EQ(f32(text), std::isinf(narrow) ? kRange : bits(narrow)) << text;
  }
}

}  // namespace
}  // namespace godwit::text
