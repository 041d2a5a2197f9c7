// Numbers of the text format: integers and correctly rounded floats.
// spec: https://webassembly.github.io/spec/core/text/values.html
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>

namespace godwit::text {

enum class NumberFault : uint8_t {
  Syntax,  // not a number at all
  Range,   // does not fit
};

template <class T>
using Number = std::expected<T, NumberFault>;

std::optional<uint8_t> hex_digit(char c);

// Hexadecimal digits without 0x, with `_` between digits.
Number<uint64_t> parse_hex_digits(std::string_view digits, uint64_t max);

// A number without a sign, decimal or hexadecimal (0x).
Number<uint64_t> parse_unsigned(std::string_view text, uint64_t max);

// An integer of `bits` bits, from -2^(bits-1) to 2^bits - 1; yields its low `bits` bits.
Number<uint64_t> parse_integer(std::string_view text, uint32_t bits);

// The bit pattern of a float of `bits` bits (32 or 64): decimal or hexadecimal, rounded to the nearest, ties to even;
// `inf`, `nan` and `nan:0x…`. What rounds to infinity does not fit.
Number<uint64_t> parse_float(std::string_view text, uint32_t bits);

}  // namespace godwit::text
