// What it means for a result to match what a script expects.
// spec: https://github.com/WebAssembly/spec/tree/main/interpreter#scripts
#pragma once

#include <string>

#include "runtime/vm.h"
#include "text/script.h"
#include "wasm/types.h"

namespace godwit::wast {

using text::Lane;
using text::LanePattern;
using text::ReferencePattern;
using text::Value;
using text::ValueKind;

// The number of the host's reference `slot`, which is not null.
using HostNumber = uint64_t (*)(runtime::Ref slot);

// True if a result of type `type` in `slots` (two for v128) is what `expected` asks for.
bool matches(const Value& expected, wasm::ValType type, const runtime::Slot* slots, HostNumber host_number);

// For messages: "f32:nan:canonical", "i32:7 (0x7)".
std::string describe(const Value& value);
std::string describe(wasm::ValType type, const runtime::Slot* slots);

}  // namespace godwit::wast
