// Chunks of the arena.
#include "runtime/memory_arena.h"

#include <algorithm>

namespace godwit::runtime {

namespace {

constexpr uint64_t kChunkBytes = uint64_t{1} << 30;

}  // namespace

Result<uint8_t*> MemoryArena::take() {
  const std::lock_guard lock(mutex_);
  if (!free_.empty()) {
    uint8_t* const place = free_.back();
    free_.pop_back();
    return place;
  }
  if (chunks_.empty() || chunks_.back().size_bytes() - used_ < place_bytes_) {
    const auto size_bytes = static_cast<size_t>(std::max(kChunkBytes, place_bytes_));
    ASSIGN_OR_RETURN(auto chunk, platform::Reservation::reserve(size_bytes));
    TRY(chunk.commit(0, size_bytes));
    chunks_.push_back(std::move(chunk));
    used_ = 0;
  }
  uint8_t* const place = chunks_.back().base() + used_;
  used_ += place_bytes_;
  return place;
}

void MemoryArena::give_back(uint8_t* place, uint64_t size_bytes) {
  // One that cannot be cleared is lost.
  if (!platform::discard_pages(place, static_cast<size_t>(size_bytes))) return;
  const std::lock_guard lock(mutex_);
  free_.push_back(place);
}

}  // namespace godwit::runtime
