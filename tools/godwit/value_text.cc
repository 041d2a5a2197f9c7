// Values as text.
#include "value_text.h"

#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <optional>

namespace godwit::cli {
namespace {

using Unsigned128 = unsigned __int128;

// Digits in base 10, or 16 after 0x; nothing if it is not a number below 2^128.
std::optional<Unsigned128> parse_unsigned(std::string_view text) {
  unsigned base = 10;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    base = 16;
    text.remove_prefix(2);
  }
  if (text.empty()) return std::nullopt;
  Unsigned128 number = 0;
  for (char c : text) {
    unsigned digit = 0;
    if (std::from_chars(&c, &c + 1, digit, static_cast<int>(base)).ec != std::errc()) return std::nullopt;
    if (number > (~Unsigned128{0} - digit) / base) return std::nullopt;
    number = number * base + digit;
  }
  return number;
}

// The low `bits` bits of a number from -2^(bits-1) to 2^bits - 1.
std::optional<uint64_t> parse_integer(std::string_view text, unsigned bits) {
  const bool is_negative = text.starts_with('-');
  const auto magnitude = parse_unsigned(is_negative || text.starts_with('+') ? text.substr(1) : text);
  if (!magnitude) return std::nullopt;
  const Unsigned128 bound = is_negative ? (Unsigned128{1} << (bits - 1)) : (Unsigned128{1} << bits) - 1;
  if (*magnitude > bound) return std::nullopt;
  const uint64_t value = static_cast<uint64_t>(*magnitude);
  return is_negative ? 0 - value : value;
}

template <class Float>
std::optional<Float> parse_float(std::string_view text) {
  const std::string copy(text);
  if (copy.empty() || copy[0] == ' ') return std::nullopt;
  char* end = nullptr;
  Float value;
  if constexpr (sizeof(Float) == 4) value = std::strtof(copy.c_str(), &end);
  else value = std::strtod(copy.c_str(), &end);
  if (end != copy.c_str() + copy.size()) return std::nullopt;
  return value;
}

template <class Float>
std::string text_of_float(Float value) {
  if (std::isnan(value)) return std::signbit(value) ? "-nan" : "nan";
  char text[40];
  for (int digits = 1;; ++digits) {
    std::snprintf(text, sizeof text, "%.*g", digits, static_cast<double>(value));
    if (digits == 17 || parse_float<Float>(text) == value) return text;
  }
}

std::string text_of_unsigned(Unsigned128 number) {
  std::string digits;
  do digits.insert(digits.begin(), static_cast<char>('0' + static_cast<int>(number % 10)));
  while ((number /= 10) != 0);
  return digits;
}

std::unexpected<UsageError> not_a(ValType type, std::string_view text, std::string_view want) {
  return std::unexpected(UsageError{"'" + std::string(text) + "' is not an " + std::string(to_string(type)) +
                                    ": " + std::string(want)});
}

}  // namespace

std::expected<Value, UsageError> parse_value(ValType type, std::string_view text) {
  switch (type) {
    case ValType::I32:
      if (auto bits = parse_integer(text, 32)) return Value::i32(static_cast<int32_t>(*bits));
      return not_a(type, text, "write a whole number from -2147483648 to 4294967295");
    case ValType::I64:
      if (auto bits = parse_integer(text, 64)) return Value::i64(static_cast<int64_t>(*bits));
      return not_a(type, text, "write a whole number from -9223372036854775808 to 18446744073709551615");
    case ValType::F32:
      if (auto number = parse_float<float>(text)) return Value::f32(*number);
      return not_a(type, text, "write a number, inf or nan");
    case ValType::F64:
      if (auto number = parse_float<double>(text)) return Value::f64(*number);
      return not_a(type, text, "write a number, inf or nan");
    case ValType::V128:
      if (auto number = parse_unsigned(text))
        return Value::v128(static_cast<uint64_t>(*number), static_cast<uint64_t>(*number >> 64));
      return not_a(type, text, "write an unsigned number below 2^128");
    case ValType::FuncRef:
    case ValType::ExternRef:
    case ValType::OtherRef: break;
  }
  if (text == "null") return Value::null(type);
  return not_a(type, text, "the only reference that can be written is null");
}

std::string text_of(const Value& value) {
  switch (value.type()) {
    case ValType::I32: return std::to_string(value.as_i32());
    case ValType::I64: return std::to_string(value.as_i64());
    case ValType::F32: return text_of_float(value.as_f32());
    case ValType::F64: return text_of_float(value.as_f64());
    case ValType::V128: return text_of_unsigned(Unsigned128{value.bits()[1]} << 64 | value.bits()[0]);
    case ValType::FuncRef:
    case ValType::ExternRef:
    case ValType::OtherRef: break;
  }
  if (value.is_null()) return "<null>";
  return "<" + std::string(to_string(value.type())) + ">";
}

}  // namespace godwit::cli
