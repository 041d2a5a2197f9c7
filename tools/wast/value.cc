// Matching results.
#include "wast/value.h"

#include <fmt/format.h>

#include <cstring>

#include "runtime/gc_object.h"

namespace godwit::wast {
namespace {

using wasm::HeapType;
using wasm::ValKind;

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

// True if a reference of the hierarchy of `heap`, not null, is of that kind.
bool is_of(runtime::Ref ref, HeapType::Abstract heap) {
  using runtime::GcKind;
  const bool is_i31 = runtime::is_i31(ref);
  const auto has_kind = [&](GcKind kind) {
    return !is_i31 && runtime::gc_kind(runtime::gc_header_of(ref)) == kind;
  };
  switch (heap) {
    case HeapType::Abstract::I31: return is_i31;
    case HeapType::Abstract::Struct: return has_kind(GcKind::Struct);
    case HeapType::Abstract::Array: return has_kind(GcKind::Array);
    case HeapType::Abstract::Eq: return is_i31 || has_kind(GcKind::Struct) || has_kind(GcKind::Array);
    default: return true;
  }
}

bool reference_matches(const Value& expected, wasm::ValType type, runtime::Ref slot, HostNumber host_number) {
  // A defined type may be of several hierarchies; what is compared with it is only null or not.
  if (!expected.any_heap && type.heap().is_abstract() &&
      top_of(expected.heap.abstract()) != top_of(type.heap().abstract()))
    return false;
  switch (expected.reference) {
    case ReferencePattern::Null: return slot == 0;
    case ReferencePattern::NotNull:
      return slot != 0 && (expected.any_heap || is_of(slot, expected.heap.abstract()));
    case ReferencePattern::Host: return slot != 0 && host_number(slot) == expected.host;
  }
  return false;
}

}  // namespace

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

}  // namespace godwit::wast
