// LEB128: the variable-length integers of the binary format.
// spec: https://webassembly.github.io/spec/core/binary/values.html#integers
#pragma once

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
