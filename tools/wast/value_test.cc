// Results of scripts: what matches and, as important, what does not.
#include "wast/value.h"

#include <gtest/gtest.h>

#include <bit>

namespace godwit::wast {
namespace {

using wasm::HeapType;
using wasm::ValKind;
using wasm::ValType;

uint64_t host_number(runtime::Ref slot) { return slot - 1; }

// The value that `text` is in a script.
Value parse(const std::string& text) {
  const std::string script = "(assert_return (invoke \"f\") " + text + ")";
  Result<text::Script> parsed = text::parse_script({.name = "test", .text = script});
  EXPECT_TRUE(parsed.has_value()) << text;
  return parsed ? parsed->commands.at(0).expected.at(0) : Value{};
}

bool fits(const std::string& text, ValType type, runtime::Slot low, runtime::Slot high = 0) {
  const runtime::Slot slots[2] = {low, high};
  return matches(parse(text), type, slots, host_number);
}

TEST(WastValue, IntegersCompareByBitsOfTheirWidth) {
  EXPECT_TRUE(fits("(i32.const -1)", ValKind::I32, 0xffff'ffff));
  EXPECT_TRUE(fits("(i32.const -1)", ValKind::I32, ~uint64_t{0})) << "the high half is unspecified";
  EXPECT_FALSE(fits("(i32.const -1)", ValKind::I32, 0x7fff'ffff));
  EXPECT_FALSE(fits("(i32.const 1)", ValKind::I64, 1)) << "another type";
  EXPECT_TRUE(fits("(i64.const -9223372036854775808)", ValKind::I64, uint64_t{1} << 63));
  EXPECT_FALSE(fits("(i64.const 1)", ValKind::I64, uint64_t{1} << 32 | 1));
}

TEST(WastValue, FloatsCompareByBitPattern) {
  EXPECT_TRUE(fits("(f32.const 1)", ValKind::F32, std::bit_cast<uint32_t>(1.0f)));
  EXPECT_FALSE(fits("(f32.const 0)", ValKind::F32, 0x8000'0000)) << "minus zero is not zero";
  EXPECT_TRUE(fits("(f64.const 1)", ValKind::F64, std::bit_cast<uint64_t>(1.0)));
}

TEST(WastValue, CanonicalNanHasOnlyTheTopBitOfThePayload) {
  const std::string f32 = "(f32.const nan:canonical)";
  EXPECT_TRUE(fits(f32, ValKind::F32, 0x7fc0'0000));
  EXPECT_TRUE(fits(f32, ValKind::F32, 0xffc0'0000));
  EXPECT_FALSE(fits(f32, ValKind::F32, 0x7fc0'0001));
  EXPECT_FALSE(fits(f32, ValKind::F32, 0x7fa0'0000));
  EXPECT_FALSE(fits(f32, ValKind::F32, 0x7f80'0000)) << "infinity";
  const std::string f64 = "(f64.const nan:canonical)";
  EXPECT_TRUE(fits(f64, ValKind::F64, 0xfff8'0000'0000'0000));
  EXPECT_FALSE(fits(f64, ValKind::F64, 0x7ff8'0000'0000'0001));
}

TEST(WastValue, ArithmeticNanHasAtLeastTheTopBitOfThePayload) {
  const std::string f32 = "(f32.const nan:arithmetic)";
  EXPECT_TRUE(fits(f32, ValKind::F32, 0x7fc0'0000));
  EXPECT_TRUE(fits(f32, ValKind::F32, 0xffff'ffff));
  EXPECT_FALSE(fits(f32, ValKind::F32, 0x7fbf'ffff)) << "a signalling NaN";
  EXPECT_FALSE(fits(f32, ValKind::F32, 0x3f80'0000)) << "one";
  EXPECT_FALSE(fits("(f64.const nan:arithmetic)", ValKind::F64, 0x7ff7'ffff'ffff'ffff));
}

TEST(WastValue, ExactNanComparesItsPayload) {
  EXPECT_TRUE(fits("(f32.const nan:0x200000)", ValKind::F32, 0x7fa0'0000));
  EXPECT_FALSE(fits("(f32.const nan:0x200000)", ValKind::F32, 0x7fc0'0000));
}

TEST(WastValue, VectorsCompareLaneByLane) {
  const std::string bytes = "(v128.const i8x16 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 -1)";
  EXPECT_TRUE(fits(bytes, ValKind::V128, 0x0706'0504'0302'0100, 0xff0e'0d0c'0b0a'0908));
  EXPECT_FALSE(fits(bytes, ValKind::V128, 0x0706'0504'0302'0100, 0x0f0e'0d0c'0b0a'0908)) << "the last lane";
  const std::string floats = "(v128.const f32x4 nan:canonical 0 nan:arithmetic 0)";
  EXPECT_TRUE(fits(floats, ValKind::V128, 0x7fc0'0000, 0x7fc1'0000));
  EXPECT_FALSE(fits(floats, ValKind::V128, 0x7fc1'0000, 0x7fc1'0000)) << "each lane has its own pattern";
}

TEST(WastValue, ReferencesAreNullHostOrNotNull) {
  EXPECT_TRUE(fits("(ref.null extern)", wasm::kExternRef, 0));
  EXPECT_FALSE(fits("(ref.null extern)", wasm::kExternRef, 8));
  EXPECT_FALSE(fits("(ref.null extern)", wasm::kFuncRef, 0)) << "another hierarchy";
  EXPECT_TRUE(fits("(ref.extern 7)", wasm::kExternRef, 8));
  EXPECT_FALSE(fits("(ref.extern 7)", wasm::kExternRef, 9));
  EXPECT_FALSE(fits("(ref.extern 7)", wasm::kExternRef, 0));
  EXPECT_TRUE(fits("(ref.func)", wasm::kFuncRef, 16));
  EXPECT_FALSE(fits("(ref.func)", wasm::kFuncRef, 0)) << "any function, but not null";
  EXPECT_TRUE(fits("(ref.null nofunc)", wasm::kFuncRef, 0));
  EXPECT_FALSE(fits("(ref.null nofunc)", wasm::kFuncRef, 16));
  EXPECT_TRUE(fits("(ref.null)", wasm::kExternRef, 0));
  EXPECT_TRUE(fits("(ref.null)", ValType::ref(HeapType(wasm::TypeIdx(3)), true), 0));
  EXPECT_FALSE(fits("(ref.null)", wasm::kExternRef, 8));
  EXPECT_FALSE(fits("(ref.null)", ValKind::I32, 0)) << "a number is no reference";
}

TEST(WastValue, EitherIsAnyOfItsAlternatives) {
  const std::string either = "(either (i32.const 1) (i32.const 3))";
  EXPECT_TRUE(fits(either, ValKind::I32, 1));
  EXPECT_TRUE(fits(either, ValKind::I32, 3));
  EXPECT_FALSE(fits(either, ValKind::I32, 2));
}

}  // namespace
}  // namespace godwit::wast
