// Tests of wasm values as text.
#include "value_text.h"

#include <gtest/gtest.h>

namespace godwit::cli {
namespace {

std::string round_trip(ValType type, std::string_view text) {
  const auto value = parse_value(type, text);
  return value ? text_of(*value) : "refused";
}

TEST(ValueText, IntegersAreSignedAndTakeUnsigned) {
  EXPECT_EQ(round_trip(ValType::I32, "-2147483648"), "-2147483648");
  EXPECT_EQ(round_trip(ValType::I32, "4294967295"), "-1");
  EXPECT_EQ(round_trip(ValType::I32, "0xff"), "255");
  EXPECT_EQ(round_trip(ValType::I32, "+7"), "7");
  EXPECT_EQ(round_trip(ValType::I64, "18446744073709551615"), "-1");
  EXPECT_EQ(round_trip(ValType::I64, "-9223372036854775808"), "-9223372036854775808");
  EXPECT_EQ(round_trip(ValType::I64, "-0x1"), "-1");
}

TEST(ValueText, IntegersOutOfRangeAreRefused) {
  for (const char* text :
       {"4294967296", "-2147483649", "", "-", "+", "0x", "1.0", "one", " 1", "1 ", "--1", "0xg"})
    EXPECT_EQ(round_trip(ValType::I32, text), "refused") << text;
  EXPECT_EQ(round_trip(ValType::I64, "18446744073709551616"), "refused");
}

TEST(ValueText, FloatsReadBackAsTheSameValue) {
  EXPECT_EQ(round_trip(ValType::F32, "0.1"), "0.1");
  EXPECT_EQ(round_trip(ValType::F64, "0.1"), "0.1");
  EXPECT_EQ(round_trip(ValType::F64, "0.30000000000000004"), "0.30000000000000004");
  EXPECT_EQ(round_trip(ValType::F32, "16777217"), "16777216");
  EXPECT_EQ(round_trip(ValType::F64, "-0"), "-0");
  EXPECT_EQ(round_trip(ValType::F64, "inf"), "inf");
  EXPECT_EQ(round_trip(ValType::F64, "-inf"), "-inf");
  EXPECT_EQ(round_trip(ValType::F64, "nan"), "nan");
  EXPECT_EQ(round_trip(ValType::F64, "0x1p-2"), "0.25");
  EXPECT_EQ(round_trip(ValType::F64, "1e400"), "inf");
  EXPECT_EQ(round_trip(ValType::F64, "1,5"), "refused");
  EXPECT_EQ(round_trip(ValType::F64, ""), "refused");
}

TEST(ValueText, VectorsAreUnsignedNumbers) {
  EXPECT_EQ(round_trip(ValType::V128, "340282366920938463463374607431768211455"),
            "340282366920938463463374607431768211455");
  EXPECT_EQ(round_trip(ValType::V128, "340282366920938463463374607431768211456"), "refused");
  EXPECT_EQ(round_trip(ValType::V128, "0x10000000000000000"), "18446744073709551616");
  EXPECT_EQ(round_trip(ValType::V128, "-1"), "refused");
}

TEST(ValueText, ReferencesAreNullOrNamed) {
  EXPECT_EQ(round_trip(ValType::ExternRef, "null"), "<null>");
  EXPECT_EQ(round_trip(ValType::FuncRef, "1"), "refused");
  EXPECT_EQ(text_of(Value::from_bits(ValType::FuncRef, 1, 0)), "<funcref>");
}

}  // namespace
}  // namespace godwit::cli
