// LEB128: the variable-length integers of the binary format.
// spec: https://webassembly.github.io/spec/core/binary/values.html#integers
#pragma once

#include <bit>
#include <cstdint>
#include <type_traits>
#include <vector>

namespace godwit {

enum class LebStatus : uint8_t {
  Ok,
  UnexpectedEnd,  // the bytes end before the number does
  TooLong,        // more bytes than the width allows
  TooLarge,       // the last byte has bits beyond the width
};

template <class T>
struct Leb {
  T value = 0;
  LebStatus status = LebStatus::Ok;
  const uint8_t* next = nullptr;  // after the number; on errors the byte that is wrong
};

// Reads an integer of kBits bits from [pos, end): unsigned or signed as T is.
// Padded forms are accepted as long as the specification allows them: at most ceil(kBits / 7) bytes.
template <unsigned kBits, class T>
constexpr Leb<T> read_leb(const uint8_t* pos, const uint8_t* end) {
  static_assert(kBits <= sizeof(T) * 8);
  using Word = std::make_unsigned_t<T>;
  Word value = 0;
  for (unsigned shift = 0;; shift += 7, ++pos) {
    if (shift >= kBits) return {0, LebStatus::TooLong, pos};
    if (pos == end) return {0, LebStatus::UnexpectedEnd, pos};
    const uint8_t byte = *pos;
    const unsigned left = kBits - shift;  // bits that are still missing
    if (left < 7) {
      const unsigned high_mask = 0x7Fu & (~0u << (std::is_signed_v<T> ? left - 1 : left));
      const unsigned high = byte & high_mask;
      if (high != 0 && !(std::is_signed_v<T> && high == high_mask)) return {0, LebStatus::TooLarge, pos};
    }
    value |= static_cast<Word>(static_cast<Word>(byte & 0x7F) << shift);
    if (byte & 0x80) continue;
    if constexpr (std::is_signed_v<T>) {
      const unsigned width = shift + 7;
      if ((byte & 0x40) && width < sizeof(T) * 8) value |= static_cast<Word>(~Word{0} << width);
    }
    return {static_cast<T>(value), LebStatus::Ok, pos + 1};
  }
}

// An integer of at most four bytes, as bits, and how many bytes it has; 0 bytes: it is longer, and `bits` is nothing.
// No such integer can be malformed, whatever its width is.
struct ShortLeb {
  uint32_t bits;
  uint32_t size;

  int64_t as_signed() const {
    const uint32_t unused_bits = (64 - 7 * size) & 63;
    return static_cast<int64_t>(uint64_t{bits} << unused_bits) >> unused_bits;
  }
};

// Reads it from the next four bytes, without a branch: how long the numbers of a module are, nobody can predict.
[[gnu::always_inline]] constexpr ShortLeb read_short_leb(uint32_t bytes) {
  const uint32_t last = ~bytes & 0x8080'8080;  // bit 7 of the bytes that a number may end with
  const uint32_t digits = bytes & (last ^ (last - 1)) & 0x7F7F'7F7F;
  return {(digits & 0x7F) | (digits >> 1 & 0x3F80) | (digits >> 2 & 0x1F'C000) | (digits >> 3 & 0xFE0'0000),
          last == 0 ? 0 : static_cast<uint32_t>(std::countr_zero(last) + 1) / 8};
}

// Appends the shortest form of an unsigned integer.
inline void append_unsigned_leb(std::vector<uint8_t>& out, uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<uint8_t>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<uint8_t>(value));
}

// Appends the shortest form of a signed integer.
inline void append_signed_leb(std::vector<uint8_t>& out, int64_t value) {
  while (value < -0x40 || value >= 0x40) {
    out.push_back(static_cast<uint8_t>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<uint8_t>(value & 0x7F));
}

}  // namespace godwit
