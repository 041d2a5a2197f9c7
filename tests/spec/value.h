// Value: an argument or an expected result of a script, and what it means for a result to match it.
// spec: https://github.com/WebAssembly/spec/tree/main/interpreter#scripts
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "runtime/vm.h"
#include "wasm/types.h"

namespace godwit::spec {

enum class ValueKind : uint8_t { Number, Reference, Either };

// Number: bit patterns of equal width that fill 4, 8 or 16 bytes, lowest first; a scalar has one.
enum class LanePattern : uint8_t { Exact, CanonicalNan, ArithmeticNan };
struct Lane {
  uint64_t bits = 0;
  LanePattern pattern = LanePattern::Exact;
};

// Reference: null, the host's reference with a number, or any that is not null.
enum class ReferencePattern : uint8_t { Null, Host, NotNull };

struct Value {
  ValueKind kind = ValueKind::Number;

  wasm::ValKind number = wasm::ValKind::I32;  // I32, I64, F32, F64 or V128
  uint32_t lane_bits = 32;                    // 8, 16, 32 or 64
  std::vector<Lane> lanes = {};

  ReferencePattern reference = ReferencePattern::Null;
  // Of the reference; the scripts also expect a null without a type, which has `any_heap`.
  wasm::HeapType heap = wasm::HeapType::Abstract::Func;
  bool any_heap = false;
  uint64_t host = 0;

  std::vector<Value> alternatives = {};  // Either
};

// Reads a value as the converter writes it: {"type": "i32", "value": "1"}.
// @errors Usage: a type or a value that is not known.
Result<Value> parse_value(const boost::json::value& json);

// The number of the host's reference `slot`, which is not null.
using HostNumber = uint64_t (*)(runtime::Ref slot);

// True if a result of type `type` in `slots` (two for v128) is what `expected` asks for.
bool matches(const Value& expected, wasm::ValType type, const runtime::Slot* slots, HostNumber host_number);

// For messages: "f32:nan:canonical", "i32:7 (0x7)".
std::string describe(const Value& value);
std::string describe(wasm::ValType type, const runtime::Slot* slots);

}  // namespace godwit::spec
