// Bytes: spans of bytes and unaligned little-endian access.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>

namespace godwit {

using Bytes = std::span<const uint8_t>;
using MutableBytes = std::span<uint8_t>;

static_assert(std::endian::native == std::endian::little, "guest memory is accessed in place");

// Reads a T from possibly unaligned memory. The caller has checked that sizeof(T) bytes are there.
template <class T>
  requires std::is_trivially_copyable_v<T>
[[gnu::always_inline]] inline T load_unaligned(const void* from) {
  T value;
  std::memcpy(&value, from, sizeof value);  // NOLINT(bugprone-sizeof-expression): T may be a pointer
  return value;
}

// Writes a T to possibly unaligned memory. The caller has checked that sizeof(T) bytes are there.
template <class T>
  requires std::is_trivially_copyable_v<T>
[[gnu::always_inline]] inline void store_unaligned(void* to, T value) {
  std::memcpy(to, &value, sizeof value);
}

inline Bytes as_bytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace godwit
