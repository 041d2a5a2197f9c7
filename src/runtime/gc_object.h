// How references and objects look in the garbage-collected heap: fixed for every tier and every artifact.
//
// The heap of a store is 4 GiB of address space that begins at a multiple of 4 GiB. A reference in a frame, a global or
// a table is 64 bits wide (Ref); in the heap it is 32 bits (RefWord), whose low bits say what it is:
//
//                     RefWord                            Ref
//   null              0                                  0
//   i31               value << 1 | 1                     the same, upper half 0
//   object            offset in the heap, 8-aligned      address: heap base | offset
//   funcref           handle << 3 | 2                    FuncRecord*; only fields of the func hierarchy hold these
//
// Objects are structs, arrays, host values (externref) and exceptions (exnref), so a Ref becomes a RefWord by cutting
// off its upper half, and a RefWord that is found at an address in the heap becomes a Ref by that address's upper half.
// Nothing in the heap is a pointer: whatever a guest might manage to write there leads to the heap again, and addresses
// in it are computed with 32 bits, so that they stay in it.
//
//   struct     | header | fields …          from offset 4, in order, each aligned to its size, 8 at most
//   array      | header | length | elements … from offset 8, without gaps
//   extern     | header | 0      | the host's 64 bits
//   exception  | header | tag    | fields …  from offset 8: the tag's parameters, as those of a struct
//
// All sizes are multiples of 8. A header of 0 is no object: memory that was not given out yet.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

#include "runtime/vm.h"

namespace godwit::runtime {

using RefWord = uint32_t;

inline constexpr uint32_t kGcAlignment = 8;
inline constexpr uint32_t kGcLengthOffset = 4;
inline constexpr uint32_t kGcTagOffset = 4;
inline constexpr uint32_t kGcStructFields = 4;
inline constexpr uint32_t kGcElements = 8;
inline constexpr uint32_t kGcExternValue = 8;
inline constexpr uint32_t kGcExternBytes = 16;
inline constexpr uint32_t kGcExceptionFields = 8;

// The header: what kind of object, and the canonical id of its type (of exceptions: of the tag's function type).
enum class GcKind : uint32_t { None = 0, Struct = 1, Array = 2, Extern = 3, Exception = 4 };
inline constexpr uint32_t kGcKindShift = 28;
inline constexpr uint32_t kGcIdMask = (uint32_t{1} << 25) - 1;
constexpr uint32_t gc_header(GcKind kind, uint32_t type_id) {
  return static_cast<uint32_t>(kind) << kGcKindShift | type_id;
}
constexpr GcKind gc_kind(uint32_t header) { return static_cast<GcKind>(header >> kGcKindShift); }
constexpr uint32_t gc_type_id(uint32_t header) { return header & kGcIdMask; }

// i31: an odd number, and no address.
constexpr bool is_i31(Ref ref) { return (ref & 1) != 0; }
constexpr Ref make_i31(uint32_t value) { return value << 1 | 1; }
constexpr uint32_t i31_signed(Ref ref) {
  return static_cast<uint32_t>(static_cast<int32_t>(static_cast<uint32_t>(ref)) >> 1);
}
constexpr uint32_t i31_unsigned(Ref ref) { return static_cast<uint32_t>(ref) >> 1; }

// A function's word in the heap.
constexpr RefWord func_word(uint32_t handle) { return handle == 0 ? 0 : handle << 3 | 2; }
constexpr uint32_t func_handle(RefWord word) { return word >> 3; }

// The heap that an object lies in.
inline constexpr uint64_t kGcOffsetMask = 0xFFFF'FFFF;
constexpr uint64_t gc_base_of(Ref object) { return object & ~kGcOffsetMask; }

// `offset` bytes behind the start of an object, never outside of the heap.
[[gnu::always_inline]] inline uint8_t* gc_address(Ref object, uint32_t offset) {
  return reinterpret_cast<uint8_t*>(gc_base_of(object) | (static_cast<uint32_t>(object) + offset));
}

// The reference that `word`, found in the heap of `holder`, stands for. Not for functions.
[[gnu::always_inline]] inline Ref ref_of_word(RefWord word, Ref holder) {
  const bool is_object = word != 0 && (word & 1) == 0;
  return word | (is_object ? gc_base_of(holder) : 0);
}

template <class T>
[[gnu::always_inline]] inline T gc_load(Ref object, uint32_t offset) {
  T value;
  std::memcpy(&value, gc_address(object, offset), sizeof value);
  return value;
}
template <class T>
[[gnu::always_inline]] inline void gc_store(Ref object, uint32_t offset, T value) {
  std::memcpy(gc_address(object, offset), &value, sizeof value);
}
[[gnu::always_inline]] inline uint32_t gc_header_of(Ref object) { return gc_load<uint32_t>(object, 0); }
[[gnu::always_inline]] inline uint32_t gc_array_length(Ref array) {
  return gc_load<uint32_t>(array, kGcLengthOffset);
}

}  // namespace godwit::runtime
