// MemoryArena: places for many small memories that are checked explicitly, in as few mappings as there can be.
#pragma once

#include <cstdint>
#include <mutex>
#include <vector>

#include "platform/memory_map.h"

namespace godwit::runtime {

// The system allows a process some 65,000 mappings: memories of one each could not be more. Here they lie side by side in
// large ones, readable and writable, and whoever has one checks its size.
//
//   chunk:  | place | place | place | …
//
// @threads any. Outlives its places.
class MemoryArena final {
 public:
  // @param place_bytes of each place: as far as its memory can grow. Whole host pages.
  explicit MemoryArena(uint64_t place_bytes)
      : place_bytes_(platform::round_up_to_page(static_cast<size_t>(place_bytes))) {}

  uint64_t place_bytes() const { return place_bytes_; }

  // A place that reads as zero. @errors Exhausted: no address space.
  Result<uint8_t*> take();
  // `size_bytes`: how far it may have been written to.
  void give_back(uint8_t* place, uint64_t size_bytes);

 private:
  const uint64_t place_bytes_;
  std::mutex mutex_;
  std::vector<platform::Reservation> chunks_;  // guarded by mutex_
  std::vector<uint8_t*> free_;                 // guarded by mutex_
  uint64_t used_ = 0;                          // of the last chunk; guarded by mutex_
};

}  // namespace godwit::runtime
