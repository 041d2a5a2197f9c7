// Reading numbers.
#include "text/numbers.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <string>

namespace godwit::text {
namespace {

std::unexpected<NumberFault> syntax() { return std::unexpected(NumberFault::Syntax); }
std::unexpected<NumberFault> range() { return std::unexpected(NumberFault::Range); }

// The value of a digit of `base`, or nothing.
std::optional<uint8_t> digit_of(char c, uint32_t base) {
  const std::optional<uint8_t> digit = hex_digit(c);
  return digit && *digit < base ? digit : std::nullopt;
}

// How many characters at the beginning of `text` are digits of `base`, with single `_` between digits.
size_t digits_length(std::string_view text, uint32_t base) {
  size_t at = 0;
  while (at < text.size()) {
    if (digit_of(text[at], base)) ++at;
    else if (text[at] == '_' && at > 0 && at + 1 < text.size() && text[at - 1] != '_' &&
             digit_of(text[at + 1], base))
      ++at;
    else break;
  }
  return at;
}

Number<uint64_t> parse_digits(std::string_view digits, uint32_t base, uint64_t max) {
  if (digits.empty() || digits_length(digits, base) != digits.size()) return syntax();
  uint64_t value = 0;
  bool fits = true;
  for (const char c : digits) {
    if (c == '_') continue;
    const uint64_t digit = *digit_of(c, base);
    if (value > (max - std::min(digit, max)) / base || digit > max) fits = false;
    value = value * base + digit;
  }
  if (!fits || value > max) return range();
  return value;
}

bool take_sign(std::string_view& text) {
  const bool is_negative = text.starts_with('-');
  if (is_negative || text.starts_with('+')) text.remove_prefix(1);
  return is_negative;
}

bool take_hex_prefix(std::string_view& text) {
  if (!text.starts_with("0x")) return false;
  text.remove_prefix(2);
  return true;
}

struct Format {
  int32_t precision;     // bits of the significand, the leading one included
  int32_t min_exponent;  // of the least normal number
  int32_t max_exponent;
  uint64_t infinity;  // its bits
  uint64_t one;       // the leading bit of a significand, 2^(precision - 1)
};
constexpr Format format_of(uint32_t bits) {
  return bits == 32 ? Format{24, -126, 127, 0x7F80'0000, 1u << 23}
                    : Format{53, -1022, 1023, 0x7FF0'0000'0000'0000, uint64_t{1} << 52};
}

// significand · 2^exponent, and a little more if `is_inexact`.
Number<uint64_t> round(uint64_t significand, int64_t exponent, bool is_inexact, const Format& format) {
  if (significand == 0) return 0;
  const int zeros = std::countl_zero(significand);
  significand <<= zeros;
  int64_t top = exponent - zeros + 63;  // of the leading one
  if (top > format.max_exponent) return range();
  const bool is_subnormal = top < format.min_exponent;
  const int64_t kept_bits = is_subnormal ? format.precision - (format.min_exponent - top) : format.precision;
  if (kept_bits < 0) return 0;
  const int64_t dropped_bits = 64 - kept_bits;
  uint64_t kept = dropped_bits == 64 ? 0 : significand >> dropped_bits;
  const uint64_t rest = kept_bits == 0 ? significand : significand << kept_bits;
  const uint64_t half = uint64_t{1} << 63;
  if (rest > half || (rest == half && (is_inexact || (kept & 1)))) ++kept;
  if (is_subnormal) return kept;  // where it reached the least normal number, these are its bits
  if (kept == format.one * 2) {
    kept = format.one;
    if (++top > format.max_exponent) return range();
  }
  const uint64_t biased = static_cast<uint64_t>(top - format.min_exponent + 1);
  return biased * format.one | (kept & (format.one - 1));
}

// The parts of `text`: digits, then perhaps a point and digits, then perhaps `letter` and an exponent.
struct Parts {
  std::string_view whole, fraction, exponent;  // the exponent without its sign
  bool is_exponent_negative = false;
};
std::optional<Parts> split(std::string_view text, uint32_t base, char letter) {
  Parts parts;
  const auto take_digits = [&](uint32_t of_base) {
    const std::string_view digits = text.substr(0, digits_length(text, of_base));
    text.remove_prefix(digits.size());
    return digits;
  };
  parts.whole = take_digits(base);
  if (parts.whole.empty()) return {};
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    parts.fraction = take_digits(base);
  }
  if (!text.empty() && (text[0] | 0x20) == letter) {
    text.remove_prefix(1);
    parts.is_exponent_negative = take_sign(text);
    parts.exponent = take_digits(10);
    if (parts.exponent.empty()) return {};
  }
  if (!text.empty()) return {};
  return parts;
}

// Far beyond every float, and beyond what the digits of the longest text could make up for.
constexpr int64_t kHugeExponent = int64_t{1} << 40;

int64_t exponent_of(const Parts& parts) {
  int64_t value = 0;
  for (const char c : parts.exponent)
    if (c != '_') value = std::min(kHugeExponent, value * 10 + (c - '0'));
  return parts.is_exponent_negative ? -value : value;
}

Number<uint64_t> parse_hex_float(std::string_view text, const Format& format) {
  const std::optional<Parts> parts = split(text, 16, 'p');
  if (!parts) return syntax();
  uint64_t significand = 0;
  int64_t exponent = exponent_of(*parts);
  bool is_inexact = false;
  const auto add = [&](std::string_view digits, bool is_fraction) {
    for (const char c : digits) {
      if (c == '_') continue;
      const uint8_t digit = *hex_digit(c);
      if (significand >> 60 == 0) {
        significand = significand << 4 | digit;
        if (is_fraction) exponent -= 4;
      } else {
        is_inexact |= digit != 0;
        if (!is_fraction) exponent += 4;
      }
    }
  };
  add(parts->whole, false);
  add(parts->fraction, true);
  return round(significand, exponent, is_inexact, format);
}

// True if a decimal number is at least 1: then what a float cannot hold is too large, else too small.
bool is_large(const Parts& parts) {
  int64_t leading = 0;  // the power of ten of the first digit that is not 0
  const auto skip_zeros = [](std::string_view digits) { return digits.find_first_not_of("0_"); };
  if (const size_t at = skip_zeros(parts.whole); at != std::string_view::npos) {
    const std::string_view rest = parts.whole.substr(at + 1);
    leading = std::ranges::count_if(rest, [](char c) { return c != '_'; });
  } else if (const size_t zeros = skip_zeros(parts.fraction); zeros != std::string_view::npos) {
    const std::string_view before = parts.fraction.substr(0, zeros);
    leading = -1 - std::ranges::count(before, '0');
  } else {
    return false;
  }
  return leading + exponent_of(parts) >= 0;
}

template <class Float, class Bits>
Number<uint64_t> parse_decimal_float(std::string_view text) {
  const std::optional<Parts> parts = split(text, 10, 'e');
  if (!parts) return syntax();
  std::string plain;
  std::ranges::copy_if(text, std::back_inserter(plain), [](char c) { return c != '_'; });
  Float value = 0;
  const auto [stop, error] = std::from_chars(plain.data(), plain.data() + plain.size(), value);
  if (error == std::errc::result_out_of_range) {
    if (is_large(*parts)) return range();
    value = 0;
  } else if (error != std::errc{}) {
    return syntax();
  }
  if (std::isinf(value)) return range();
  return std::bit_cast<Bits>(value);
}

}  // namespace

std::optional<uint8_t> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<uint8_t>(c - '0');
  const char small = static_cast<char>(c | 0x20);
  if (small >= 'a' && small <= 'f') return static_cast<uint8_t>(small - 'a' + 10);
  return {};
}

Number<uint64_t> parse_hex_digits(std::string_view digits, uint64_t max) {
  return parse_digits(digits, 16, max);
}

Number<uint64_t> parse_unsigned(std::string_view text, uint64_t max) {
  const bool is_hex = take_hex_prefix(text);
  return parse_digits(text, is_hex ? 16 : 10, max);
}

Number<uint64_t> parse_integer(std::string_view text, uint32_t bits) {
  const uint64_t all = bits == 64 ? ~uint64_t{0} : (uint64_t{1} << bits) - 1;
  const bool is_negative = take_sign(text);
  const Number<uint64_t> value = parse_unsigned(text, is_negative ? uint64_t{1} << (bits - 1) : all);
  if (!value || !is_negative) return value;
  return -*value & all;
}

Number<uint64_t> parse_float(std::string_view text, uint32_t bits) {
  const Format format = format_of(bits);
  const uint64_t sign = take_sign(text) ? uint64_t{1} << (bits - 1) : 0;
  if (text == "inf") return sign | format.infinity;
  const uint64_t quiet = format.one / 2;
  if (text == "nan") return sign | format.infinity | quiet;
  if (text.starts_with("nan:0x")) {
    const Number<uint64_t> payload = parse_hex_digits(text.substr(6), format.one - 1);
    if (!payload) return payload;
    return *payload == 0 ? Number<uint64_t>(range()) : sign | format.infinity | *payload;
  }
  Number<uint64_t> magnitude = syntax();
  if (take_hex_prefix(text)) magnitude = parse_hex_float(text, format);
  else if (bits == 32) magnitude = parse_decimal_float<float, uint32_t>(text);
  else magnitude = parse_decimal_float<double, uint64_t>(text);
  return magnitude ? Number<uint64_t>(sign | *magnitude) : magnitude;
}

}  // namespace godwit::text
