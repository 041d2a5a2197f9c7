// RangeTable: writers under a mutex, readers by atomics.
#include "platform/range_table.h"

namespace godwit::platform {

RangeSlot* RangeTable::add(uintptr_t begin, uintptr_t end) {
  const std::lock_guard lock(mutex_);
  RangeSlot* slot = free_;
  if (slot) {
    free_ = slot->next_free;
  } else {
    uint32_t used = last_->used.load(std::memory_order_relaxed);
    if (used == kChunkSlots) {
      auto* chunk = new Chunk;
      last_->next.store(chunk, std::memory_order_release);
      last_ = chunk;
      used = 0;
    }
    slot = &last_->slots[used];
    last_->used.store(used + 1, std::memory_order_release);
  }
  slot->begin.store(begin, std::memory_order_relaxed);
  slot->end.store(end, std::memory_order_release);
  return slot;
}

void RangeTable::remove(RangeSlot* slot) {
  const std::lock_guard lock(mutex_);
  slot->end.store(0, std::memory_order_release);
  slot->begin.store(0, std::memory_order_release);
  slot->next_free = free_;
  free_ = slot;
}

bool RangeTable::contains(uintptr_t address) const {
  for (const Chunk* chunk = &first_; chunk; chunk = chunk->next.load(std::memory_order_acquire)) {
    const uint32_t used = chunk->used.load(std::memory_order_acquire);
    for (uint32_t i = 0; i < used; ++i) {
      const RangeSlot& slot = chunk->slots[i];
      const uintptr_t end = slot.end.load(std::memory_order_acquire);
      const uintptr_t begin = slot.begin.load(std::memory_order_acquire);
      // A slot that changes hands between the two loads would show halves of two ranges: the end tells.
      if (address >= begin && address < end && slot.end.load(std::memory_order_acquire) == end) return true;
    }
  }
  return false;
}

}  // namespace godwit::platform
