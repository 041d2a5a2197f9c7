// Memory: a handle to a linear memory of a store.
#pragma once

#include <cstdint>
#include <span>

#include "godwit/store.h"
#include "godwit/types.h"

namespace godwit::GODWIT_V1 {

/// A linear memory, of an instance or made by the host. 16 bytes, copied freely.
/// @lifetime usable with the store it came from; with any other it is an error of kind Usage, never a wild pointer.
class Memory final {
 public:
  /// Makes a memory, to be linked into modules that import one.
  /// @errors Usage: the type makes no sense. Exhausted: a limit of the store's, or the system has no room.
  static Result<Memory> create(Store& store, const MemoryType& type);

  /// The type it was made with.
  /// @errors Usage: the memory is not of this store.
  Result<MemoryType> type(const Store& store) const;

  /// Its bytes, little-endian as the guest sees them. They never move: growing leaves them where they are, and a span
  /// taken before shows the first part of the memory.
  /// @errors Usage: the memory is not of this store.
  /// @lifetime as long as the store.
  /// @threads what lies in a shared memory may change at any time.
  Result<std::span<uint8_t>> bytes(const Store& store) const;

  /// Its size, in pages of its type.
  /// @errors Usage: the memory is not of this store.
  Result<uint64_t> pages(const Store& store) const;

  /// Makes it larger by `delta` pages of zeros.
  /// @returns its size before, in pages.
  /// @errors Usage: the memory is not of this store. Exhausted: its maximum, a limit of the store's, or the system.
  Result<uint64_t> grow(Store& store, uint64_t delta) const;

  /// True for the same memory of the same store.
  friend bool operator==(const Memory&, const Memory&) = default;

  /// @private
  Memory(uint64_t store_id, void* memory) : store_id_(store_id), memory_(memory) {}
  /// @private
  void* object(const Store& store) const;

 private:
  uint64_t store_id_;
  void* memory_;  // a runtime::Memory of the store with that id
};

}  // namespace godwit::GODWIT_V1
