// Little areas of memory 0, copied and filled in place: most that programs copy is little, and a call costs more than that.
#pragma once

#include <cstdint>
#include <cstring>

#include "runtime/guest_access.h"
#include "runtime/guest_address.h"
#include "runtime/vm.h"

namespace godwit::code {

// Of these sizes are little areas.
inline constexpr uint64_t kLeastSmall = 4, kMostSmall = 64;

namespace detail {

using Bytes16 [[gnu::vector_size(16)]] = uint8_t;

template <class T>
[[gnu::always_inline]] inline T read_piece(const uint8_t* from) {
  T piece;
  __builtin_memcpy_inline(&piece, from, sizeof piece);
  return piece;
}
template <class T>
[[gnu::always_inline]] inline void write_piece(uint8_t* to, T piece) {
  __builtin_memcpy_inline(to, &piece, sizeof piece);
}

// The first and the last bytes, which may overlap; read before any is written, as areas may, too.
template <class T>
[[gnu::always_inline]] inline void copy_ends(uint8_t* to, const uint8_t* from, uint64_t size) {
  const T first = read_piece<T>(from), last = read_piece<T>(from + size - sizeof(T));
  write_piece(to, first);
  write_piece(to + size - sizeof(T), last);
}
template <class T>
[[gnu::always_inline]] inline void fill_ends(uint8_t* to, T piece, uint64_t size) {
  write_piece(to, piece);
  write_piece(to + size - sizeof(T), piece);
}

[[gnu::always_inline]] inline bool is_small(uint64_t size) {
  return size - kLeastSmall <= kMostSmall - kLeastSmall;
}

}  // namespace detail

// Copies a little area within memory 0, if it is one and inside; else does nothing, and returns false.
[[gnu::always_inline]] inline bool copy_small(const runtime::VmContext* ctx, uint64_t to, uint64_t from,
                                              uint64_t size) {
  if (!detail::is_small(size)) return false;
  uint8_t* target = runtime::checked_place(*ctx->memory0, to, size);
  const uint8_t* source = runtime::checked_place(*ctx->memory0, from, size);
  if (target == nullptr || source == nullptr) return false;
  const runtime::GuestAccess access;
  if (size > 32) {
    const auto a = detail::read_piece<detail::Bytes16>(source),
               b = detail::read_piece<detail::Bytes16>(source + 16);
    const auto c = detail::read_piece<detail::Bytes16>(source + size - 32);
    const auto d = detail::read_piece<detail::Bytes16>(source + size - 16);
    detail::write_piece(target, a);
    detail::write_piece(target + 16, b);
    detail::write_piece(target + size - 32, c);
    detail::write_piece(target + size - 16, d);
  } else if (size >= 16) {
    detail::copy_ends<detail::Bytes16>(target, source, size);
  } else if (size >= 8) {
    detail::copy_ends<uint64_t>(target, source, size);
  } else {
    detail::copy_ends<uint32_t>(target, source, size);
  }
  return true;
}

// The same, of filling.
[[gnu::always_inline]] inline bool fill_small(const runtime::VmContext* ctx, uint64_t to, uint8_t value,
                                              uint64_t size) {
  if (!detail::is_small(size)) return false;
  uint8_t* target = runtime::checked_place(*ctx->memory0, to, size);
  if (target == nullptr) return false;
  const runtime::GuestAccess access;
  const uint64_t eight = value * 0x0101'0101'0101'0101u;
  if (size >= 16) {
    const detail::Bytes16 piece = detail::Bytes16{} + value;
    detail::fill_ends(target, piece, size);
    if (size > 32) detail::fill_ends(target + 16, piece, size - 32);
  } else if (size >= 8) {
    detail::fill_ends(target, eight, size);
  } else {
    detail::fill_ends(target, static_cast<uint32_t>(eight), size);
  }
  return true;
}

}  // namespace godwit::code
