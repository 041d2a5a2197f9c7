// Values of scripts: reading and matching.
#include "value.h"

#include <fmt/format.h>

#include <charconv>
#include <cstring>
#include <optional>
#include <string_view>

namespace godwit::spec {
namespace {

using wasm::HeapType;
using wasm::ValKind;
namespace json = boost::json;

std::string_view text_of(const json::value& value) {
  return value.is_string() ? std::string_view(value.get_string().data(), value.get_string().size())
                           : std::string_view();
}

std::unexpected<Error> not_a_value(const json::value& value) {
  return fail(ErrorKind::Usage, fmt::format("cannot read the value {}", json::serialize(value)));
}

uint64_t low_bits(uint64_t value, uint32_t bits) {
  return bits == 64 ? value : value & ((uint64_t{1} << bits) - 1);
}

// The whole of `text` as a decimal number.
template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number number = 0;
  auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || stop != text.data() + text.size()) return {};
  return number;
}

// Integers are written in decimal with a sign, floats as the number of their bit pattern or a NaN class.
std::optional<Lane> parse_lane(std::string_view text, uint32_t bits) {
  if (text == "nan:canonical") return Lane{0, LanePattern::CanonicalNan};
  if (text == "nan:arithmetic") return Lane{0, LanePattern::ArithmeticNan};
  if (text.starts_with('-')) {
    const std::optional<int64_t> number = parse_number<int64_t>(text);
    if (!number) return {};
    return Lane{low_bits(static_cast<uint64_t>(*number), bits), LanePattern::Exact};
  }
  const std::optional<uint64_t> number = parse_number<uint64_t>(text);
  if (!number || *number != low_bits(*number, bits)) return {};
  return Lane{*number, LanePattern::Exact};
}

struct NumberType {
  std::string_view name;
  ValKind kind;
  uint32_t bits;
};
constexpr NumberType kNumberTypes[] = {{"i32", ValKind::I32, 32},
                                       {"i64", ValKind::I64, 64},
                                       {"f32", ValKind::F32, 32},
                                       {"f64", ValKind::F64, 64}};

struct LaneType {
  std::string_view name;
  uint32_t bits;
};
constexpr LaneType kLaneTypes[] = {{"i8", 8},   {"i16", 16}, {"i32", 32},
                                   {"i64", 64}, {"f32", 32}, {"f64", 64}};

// `is_null`: the type alone means the null reference, not any that is not null.
struct ReferenceType {
  std::string_view name;
  HeapType::Abstract heap;
  bool is_null;
};
constexpr ReferenceType kReferenceTypes[] = {{"funcref", HeapType::Abstract::Func, false},
                                             {"externref", HeapType::Abstract::Extern, false},
                                             {"anyref", HeapType::Abstract::Any, false},
                                             {"eqref", HeapType::Abstract::Eq, false},
                                             {"i31ref", HeapType::Abstract::I31, false},
                                             {"structref", HeapType::Abstract::Struct, false},
                                             {"arrayref", HeapType::Abstract::Array, false},
                                             {"exnref", HeapType::Abstract::Exn, false},
                                             {"nullref", HeapType::Abstract::None, true},
                                             {"nullfuncref", HeapType::Abstract::NoFunc, true},
                                             {"nullexternref", HeapType::Abstract::NoExtern, true},
                                             {"nullexnref", HeapType::Abstract::NoExn, true}};

Result<Value> parse_vector(const json::object& object, const json::value& whole) {
  Value value{.number = ValKind::V128};
  const json::value* lane_type = object.if_contains("lane_type");
  const json::value* lanes = object.if_contains("value");
  if (!lane_type || !lanes || !lanes->is_array()) return not_a_value(whole);
  for (const LaneType& type : kLaneTypes)
    if (type.name == text_of(*lane_type)) {
      value.lane_bits = type.bits;
      for (const json::value& text : lanes->get_array()) {
        std::optional<Lane> lane = parse_lane(text_of(text), type.bits);
        if (!lane) return not_a_value(whole);
        value.lanes.push_back(*lane);
      }
      if (value.lanes.size() * type.bits != 128) return not_a_value(whole);
      return value;
    }
  return not_a_value(whole);
}

Result<Value> parse_reference(const ReferenceType& type, const json::value* content,
                              const json::value& whole) {
  Value value{.kind = ValueKind::Reference, .heap = type.heap};
  if (!content || content->is_null()) {
    value.reference = type.is_null ? ReferencePattern::Null : ReferencePattern::NotNull;
    return value;
  }
  if (text_of(*content) == "null") return value;
  std::optional<Lane> number = parse_lane(text_of(*content), 64);
  if (!number) return not_a_value(whole);
  value.reference = ReferencePattern::Host;
  value.host = number->bits;
  return value;
}

// The parts of a float's bit pattern.
struct FloatLayout {
  uint64_t sign, quiet_nan;  // quiet_nan: all of the exponent and the top bit of the payload
};
constexpr FloatLayout layout_of(uint32_t bits) {
  return bits == 32 ? FloatLayout{0x8000'0000, 0x7fc0'0000}
                    : FloatLayout{uint64_t{1} << 63, 0x7ff8'0000'0000'0000};
}

// spec: https://webassembly.github.io/spec/core/syntax/values.html#floating-point
bool lane_matches(const Lane& expected, uint32_t bits, uint64_t actual) {
  const FloatLayout layout = layout_of(bits);
  switch (expected.pattern) {
    case LanePattern::Exact: return actual == expected.bits;
    case LanePattern::CanonicalNan: return (actual & ~layout.sign) == layout.quiet_nan;
    case LanePattern::ArithmeticNan: return (actual & layout.quiet_nan) == layout.quiet_nan;
  }
  return false;
}

uint64_t lane_of(const runtime::Slot* slots, size_t lane, uint32_t bits) {
  uint64_t value = 0;
  std::memcpy(&value, reinterpret_cast<const uint8_t*>(slots) + lane * bits / 8, bits / 8);
  return value;
}

// The top of the hierarchy a heap type belongs to.
// spec: https://webassembly.github.io/spec/core/valid/matching.html#heap-types
HeapType::Abstract top_of(HeapType::Abstract heap) {
  switch (heap) {
    case HeapType::Abstract::Func:
    case HeapType::Abstract::NoFunc: return HeapType::Abstract::Func;
    case HeapType::Abstract::Extern:
    case HeapType::Abstract::NoExtern: return HeapType::Abstract::Extern;
    case HeapType::Abstract::Exn:
    case HeapType::Abstract::NoExn: return HeapType::Abstract::Exn;
    default: return HeapType::Abstract::Any;
  }
}

bool reference_matches(const Value& expected, wasm::ValType type, runtime::Ref slot, HostNumber host_number) {
  // A defined type may be of several hierarchies; what is compared with it is only null or not.
  if (!expected.any_heap && type.heap().is_abstract() &&
      top_of(expected.heap.abstract()) != top_of(type.heap().abstract()))
    return false;
  switch (expected.reference) {
    case ReferencePattern::Null: return slot == 0;
    case ReferencePattern::NotNull: return slot != 0;
    case ReferencePattern::Host: return slot != 0 && host_number(slot) == expected.host;
  }
  return false;
}

}  // namespace

Result<Value> parse_value(const json::value& whole) {
  if (!whole.is_object()) return not_a_value(whole);
  const json::object& object = whole.get_object();
  const json::value* type_json = object.if_contains("type");
  if (!type_json) return not_a_value(whole);
  const std::string_view type = text_of(*type_json);
  const json::value* content = object.if_contains("value");

  for (const NumberType& number : kNumberTypes)
    if (number.name == type) {
      std::optional<Lane> lane = content ? parse_lane(text_of(*content), number.bits) : std::nullopt;
      if (!lane) return not_a_value(whole);
      return Value{.number = number.kind, .lane_bits = number.bits, .lanes = {*lane}};
    }
  if (type == "v128") return parse_vector(object, whole);
  for (const ReferenceType& reference : kReferenceTypes)
    if (reference.name == type) return parse_reference(reference, content, whole);
  if (type == "refnull") return Value{.kind = ValueKind::Reference, .any_heap = true};
  if (type == "either") {
    Value value{.kind = ValueKind::Either};
    const json::value* alternatives = object.if_contains("values");
    if (!alternatives || !alternatives->is_array()) return not_a_value(whole);
    for (const json::value& alternative : alternatives->get_array()) {
      ASSIGN_OR_RETURN(Value parsed, parse_value(alternative));
      value.alternatives.push_back(std::move(parsed));
    }
    return value;
  }
  return not_a_value(whole);
}

bool matches(const Value& expected, wasm::ValType type, const runtime::Slot* slots, HostNumber host_number) {
  switch (expected.kind) {
    case ValueKind::Either:
      for (const Value& alternative : expected.alternatives)
        if (matches(alternative, type, slots, host_number)) return true;
      return false;
    case ValueKind::Reference:
      return type.is_ref() && reference_matches(expected, type, slots[0], host_number);
    case ValueKind::Number:
      if (type.kind() != expected.number) return false;
      for (size_t i = 0; i < expected.lanes.size(); ++i)
        if (!lane_matches(expected.lanes[i], expected.lane_bits, lane_of(slots, i, expected.lane_bits)))
          return false;
      return true;
  }
  return false;
}

std::string describe(const Value& value) {
  std::string text;
  switch (value.kind) {
    case ValueKind::Either:
      for (const Value& alternative : value.alternatives)
        text += (text.empty() ? "" : " or ") + describe(alternative);
      return text;
    case ValueKind::Reference:
      if (value.reference == ReferencePattern::Null) return "null";
      return value.reference == ReferencePattern::NotNull ? "a reference"
                                                          : fmt::format("host reference {}", value.host);
    case ValueKind::Number:
      for (const Lane& lane : value.lanes) {
        if (!text.empty()) text += ' ';
        if (lane.pattern == LanePattern::Exact)
          text += fmt::format("{:#0{}x}", lane.bits, value.lane_bits / 4 + 2);
        else text += lane.pattern == LanePattern::CanonicalNan ? "nan:canonical" : "nan:arithmetic";
      }
      return text;
  }
  return text;
}

std::string describe(wasm::ValType type, const runtime::Slot* slots) {
  switch (type.kind()) {
    case ValKind::I32: return fmt::format("i32 {:#010x}", lane_of(slots, 0, 32));
    case ValKind::F32: return fmt::format("f32 {:#010x}", lane_of(slots, 0, 32));
    case ValKind::I64: return fmt::format("i64 {:#018x}", slots[0]);
    case ValKind::F64: return fmt::format("f64 {:#018x}", slots[0]);
    case ValKind::V128: return fmt::format("v128 {:#018x} {:#018x} (low, high)", slots[0], slots[1]);
    default: return slots[0] == 0 ? "null" : fmt::format("reference {:#x}", slots[0]);
  }
}

}  // namespace godwit::spec
