// Values of scripts: what matches and, as important, what does not.
#include "value.h"

#include <gtest/gtest.h>

#include <bit>

namespace godwit::spec {
namespace {

using wasm::HeapType;
using wasm::ValKind;
using wasm::ValType;

uint64_t host_number(runtime::Ref slot) { return slot - 1; }

Value parse(std::string_view text) {
  Result<Value> value = parse_value(boost::json::parse({text.data(), text.size()}));
  EXPECT_TRUE(value.has_value()) << text;
  return value ? std::move(*value) : Value{};
}

bool fits(std::string_view text, ValType type, runtime::Slot low, runtime::Slot high = 0) {
  const runtime::Slot slots[2] = {low, high};
  return matches(parse(text), type, slots, host_number);
}

TEST(SpecValue, IntegersCompareByBitsOfTheirWidth) {
  EXPECT_TRUE(fits(R"({"type":"i32","value":"-1"})", ValKind::I32, 0xffff'ffff));
  EXPECT_TRUE(fits(R"({"type":"i32","value":"-1"})", ValKind::I32, ~uint64_t{0}))
      << "the high half is unspecified";
  EXPECT_FALSE(fits(R"({"type":"i32","value":"-1"})", ValKind::I32, 0x7fff'ffff));
  EXPECT_FALSE(fits(R"({"type":"i32","value":"1"})", ValKind::I64, 1)) << "another type";
  EXPECT_TRUE(fits(R"({"type":"i64","value":"-9223372036854775808"})", ValKind::I64, uint64_t{1} << 63));
  EXPECT_FALSE(fits(R"({"type":"i64","value":"1"})", ValKind::I64, uint64_t{1} << 32 | 1));
}

TEST(SpecValue, FloatsCompareByBitPattern) {
  EXPECT_TRUE(fits(R"({"type":"f32","value":"1065353216"})", ValKind::F32, std::bit_cast<uint32_t>(1.0f)));
  EXPECT_FALSE(fits(R"({"type":"f32","value":"0"})", ValKind::F32, 0x8000'0000)) << "minus zero is not zero";
  EXPECT_TRUE(
      fits(R"({"type":"f64","value":"4607182418800017408"})", ValKind::F64, std::bit_cast<uint64_t>(1.0)));
}

TEST(SpecValue, CanonicalNanHasOnlyTheTopBitOfThePayload) {
  constexpr std::string_view f32 = R"({"type":"f32","value":"nan:canonical"})";
  EXPECT_TRUE(fits(f32, ValKind::F32, 0x7fc0'0000));
  EXPECT_TRUE(fits(f32, ValKind::F32, 0xffc0'0000));
  EXPECT_FALSE(fits(f32, ValKind::F32, 0x7fc0'0001));
  EXPECT_FALSE(fits(f32, ValKind::F32, 0x7fa0'0000));
  EXPECT_FALSE(fits(f32, ValKind::F32, 0x7f80'0000)) << "infinity";
  constexpr std::string_view f64 = R"({"type":"f64","value":"nan:canonical"})";
  EXPECT_TRUE(fits(f64, ValKind::F64, 0xfff8'0000'0000'0000));
  EXPECT_FALSE(fits(f64, ValKind::F64, 0x7ff8'0000'0000'0001));
}

TEST(SpecValue, ArithmeticNanHasAtLeastTheTopBitOfThePayload) {
  constexpr std::string_view f32 = R"({"type":"f32","value":"nan:arithmetic"})";
  EXPECT_TRUE(fits(f32, ValKind::F32, 0x7fc0'0000));
  EXPECT_TRUE(fits(f32, ValKind::F32, 0xffff'ffff));
  EXPECT_FALSE(fits(f32, ValKind::F32, 0x7fbf'ffff)) << "a signalling NaN";
  EXPECT_FALSE(fits(f32, ValKind::F32, 0x3f80'0000)) << "one";
  EXPECT_FALSE(fits(R"({"type":"f64","value":"nan:arithmetic"})", ValKind::F64, 0x7ff7'ffff'ffff'ffff));
}

TEST(SpecValue, ExactNanComparesItsPayload) {
  EXPECT_TRUE(fits(R"({"type":"f32","value":"2141192192"})", ValKind::F32, 0x7fa0'0000));
  EXPECT_FALSE(fits(R"({"type":"f32","value":"2141192192"})", ValKind::F32, 0x7fc0'0000));
}

TEST(SpecValue, VectorsCompareLaneByLane) {
  constexpr std::string_view bytes =
      R"({"type":"v128","lane_type":"i8","value":["0","1","2","3","4","5","6","7","8","9","10","11","12","13","14","-1"]})";
  EXPECT_TRUE(fits(bytes, ValKind::V128, 0x0706'0504'0302'0100, 0xff0e'0d0c'0b0a'0908));
  EXPECT_FALSE(fits(bytes, ValKind::V128, 0x0706'0504'0302'0100, 0x0f0e'0d0c'0b0a'0908)) << "the last lane";
  constexpr std::string_view floats =
      R"({"type":"v128","lane_type":"f32","value":["nan:canonical","0","nan:arithmetic","0"]})";
  EXPECT_TRUE(fits(floats, ValKind::V128, 0x7fc0'0000, 0x7fc1'0000));
  EXPECT_FALSE(fits(floats, ValKind::V128, 0x7fc1'0000, 0x7fc1'0000)) << "each lane has its own pattern";
}

TEST(SpecValue, ReferencesAreNullHostOrNotNull) {
  EXPECT_TRUE(fits(R"({"type":"externref","value":"null"})", wasm::kExternRef, 0));
  EXPECT_FALSE(fits(R"({"type":"externref","value":"null"})", wasm::kExternRef, 8));
  EXPECT_FALSE(fits(R"({"type":"externref","value":"null"})", wasm::kFuncRef, 0)) << "another hierarchy";
  EXPECT_TRUE(fits(R"({"type":"externref","value":"7"})", wasm::kExternRef, 8));
  EXPECT_FALSE(fits(R"({"type":"externref","value":"7"})", wasm::kExternRef, 9));
  EXPECT_FALSE(fits(R"({"type":"externref","value":"7"})", wasm::kExternRef, 0));
  EXPECT_TRUE(fits(R"({"type":"funcref"})", wasm::kFuncRef, 16));
  EXPECT_FALSE(fits(R"({"type":"funcref"})", wasm::kFuncRef, 0)) << "any function, but not null";
  EXPECT_TRUE(fits(R"({"type":"nullfuncref"})", wasm::kFuncRef, 0));
  EXPECT_FALSE(fits(R"({"type":"nullfuncref"})", wasm::kFuncRef, 16));
  EXPECT_TRUE(fits(R"({"type":"refnull"})", wasm::kExternRef, 0));
  EXPECT_TRUE(fits(R"({"type":"refnull"})", ValType::ref(HeapType(wasm::TypeIdx(3)), true), 0));
  EXPECT_FALSE(fits(R"({"type":"refnull"})", wasm::kExternRef, 8));
  EXPECT_FALSE(fits(R"({"type":"refnull"})", ValKind::I32, 0)) << "a number is no reference";
}

TEST(SpecValue, EitherIsAnyOfItsAlternatives) {
  constexpr std::string_view either =
      R"({"type":"either","values":[{"type":"i32","value":"1"},{"type":"i32","value":"3"}]})";
  EXPECT_TRUE(fits(either, ValKind::I32, 1));
  EXPECT_TRUE(fits(either, ValKind::I32, 3));
  EXPECT_FALSE(fits(either, ValKind::I32, 2));
}

TEST(SpecValue, RefusesWhatItDoesNotKnow) {
  for (std::string_view text : {R"({"type":"i33","value":"1"})", R"({"type":"i32","value":"4294967296"})",
                                R"({"type":"i32","value":"1x"})", R"({"type":"i32"})",
                                R"({"type":"v128","lane_type":"i8","value":["1"]})", R"("i32")"})
    EXPECT_FALSE(parse_value(boost::json::parse({text.data(), text.size()})).has_value()) << text;
}

}  // namespace
}  // namespace godwit::spec
