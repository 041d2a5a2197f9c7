// Values of wasm functions as text: the arguments and results of --invoke.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "godwit/value.h"
#include "options.h"

namespace godwit::cli {

// i32, i64: decimal or 0x…, signed or unsigned. f32, f64: decimal, hexadecimal, inf, nan. v128: an unsigned number, decimal
// or 0x…. References: null.
std::expected<Value, UsageError> parse_value(ValType type, std::string_view text);

// i32, i64: signed decimal. f32, f64: the shortest text that reads back as the same value. v128: unsigned decimal.
// References: <null>, or their type as <funcref>.
std::string text_of(const Value& value);

}  // namespace godwit::cli
