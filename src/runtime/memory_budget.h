// MemoryBudget: what all memories, tables and garbage-collected heaps of a store, or of the stores of a guest's
// threads, may hold together.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

namespace godwit::runtime {

// @threads any: shared memories grow on any thread.
class MemoryBudget final {
 public:
  explicit MemoryBudget(uint64_t limit_bytes) : limit_bytes_(limit_bytes) {}

  // False, and nothing is taken, if it would be more than there is.
  bool take(uint64_t size_bytes) {
    uint64_t used = used_bytes_.load(std::memory_order_relaxed);
    do {
      if (size_bytes > limit_bytes_ - used) return false;
    } while (!used_bytes_.compare_exchange_weak(used, used + size_bytes, std::memory_order_relaxed));
    return true;
  }
  void give_back(uint64_t size_bytes) { used_bytes_.fetch_sub(size_bytes, std::memory_order_relaxed); }

  uint64_t limit_bytes() const { return limit_bytes_; }
  uint64_t used_bytes() const { return used_bytes_.load(std::memory_order_relaxed); }

 private:
  const uint64_t limit_bytes_;
  std::atomic<uint64_t> used_bytes_{0};
};

// What one object has taken of a budget; given back when the object goes, which may outlive the store.
class MemoryCharge final {
 public:
  MemoryCharge() = default;  // of no budget: everything is allowed
  explicit MemoryCharge(std::shared_ptr<MemoryBudget> budget) : budget_(std::move(budget)) {}
  ~MemoryCharge() {
    if (budget_) budget_->give_back(size_bytes_);
  }
  MemoryCharge(const MemoryCharge&) = delete;
  MemoryCharge& operator=(const MemoryCharge&) = delete;
  MemoryCharge(MemoryCharge&& other) noexcept { *this = std::move(other); }
  MemoryCharge& operator=(MemoryCharge&& other) noexcept {
    std::swap(budget_, other.budget_);
    std::swap(size_bytes_, other.size_bytes_);
    return *this;
  }

  // False, and nothing changes, if the budget has no room.
  bool add(uint64_t size_bytes) {
    if (budget_ && !budget_->take(size_bytes)) return false;
    size_bytes_ += size_bytes;
    return true;
  }
  // Takes back an add().
  void remove(uint64_t size_bytes) {
    if (budget_) budget_->give_back(size_bytes);
    size_bytes_ -= size_bytes;
  }

 private:
  std::shared_ptr<MemoryBudget> budget_;
  uint64_t size_bytes_ = 0;
};

}  // namespace godwit::runtime
