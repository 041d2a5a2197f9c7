// SharedMemory: a linear memory that several stores, and so several threads, may use at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "godwit/config.h"
#include "godwit/result.h"

namespace godwit::GODWIT_V1 {

/// What a shared memory is to be like; sizes in pages of 64 KiB.
struct SharedMemoryType {
  uint64_t min_pages = 1;
  uint64_t max_pages = 1;
  bool is_64 = false;  ///< addresses have 64 bits
};

/// A memory of the threads proposal. A copy is another handle to the same memory.
/// @lifetime the stores that it is linked into keep it alive, too.
/// @threads any.
class SharedMemory final {
 public:
  /// @param limits max_memory_bytes bounds its growth.
  /// @errors Usage: the type makes no sense. Exhausted: the limit, or the system has no room.
  static Result<SharedMemory> create(const SharedMemoryType& type, const Limits& limits = {});

  /// The bytes that there are now; they never move. Guests may change them at any time: copy what you check.
  std::span<uint8_t> bytes() const;
  /// The size in pages.
  uint64_t pages() const;
  /// Grows by `delta` pages.
  /// @returns the size before, in pages.
  /// @errors Exhausted: a limit, or the system has no room.
  Result<uint64_t> grow(uint64_t delta);

  /// @private
  struct Impl;
  /// @private
  explicit SharedMemory(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
  /// @private
  Impl& impl() const { return *impl_; }

 private:
  std::shared_ptr<Impl> impl_;
};

}  // namespace godwit::GODWIT_V1
