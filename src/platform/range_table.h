// RangeTable: address ranges that a signal handler can look up without a lock.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>

namespace godwit::platform {

// One range; empty while it is free.
struct RangeSlot {
  std::atomic<uintptr_t> begin{0};
  std::atomic<uintptr_t> end{0};
  RangeSlot* next_free = nullptr;  // guarded by the table's mutex
};

// A set of disjoint ranges. Slots come in chunks that are never freed, so that readers need no lock. Must have static
// storage duration.
// @threads add and remove from any thread; contains() is async-signal-safe.
class RangeTable final {
 public:
  constexpr RangeTable() = default;

  // Adds [begin, end); the slot stands for it until remove().
  RangeSlot* add(uintptr_t begin, uintptr_t end);
  void remove(RangeSlot* slot);

  // True if a range that is in the table during the whole call holds `address`.
  bool contains(uintptr_t address) const;

 private:
  static constexpr uint32_t kChunkSlots = 128;
  struct Chunk {
    RangeSlot slots[kChunkSlots];
    std::atomic<uint32_t> used{0};  // slots from here on were never used
    std::atomic<Chunk*> next{nullptr};
  };

  std::mutex mutex_;
  RangeSlot* free_ = nullptr;  // guarded by mutex_
  Chunk* last_ = &first_;      // guarded by mutex_
  Chunk first_;
};

}  // namespace godwit::platform
