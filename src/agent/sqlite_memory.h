// SQLite's memory, counted by whose it is: the library itself has one bound for the whole process.
#pragma once

#include <atomic>
#include <cstdint>

namespace godwit::agent {

// What several databases may have together. Stays as long as the process, since SQLite may keep some of it.
// @threads any.
class MemoryBudget final {
 public:
  explicit MemoryBudget(uint64_t most_bytes) : most_bytes_(most_bytes) {}
  static MemoryBudget& create(uint64_t most_bytes);

  bool take(uint64_t bytes) {
    if (used_bytes_.fetch_add(bytes, std::memory_order_relaxed) + bytes <= most_bytes_) return true;
    give_back(bytes);
    return false;
  }
  void give_back(uint64_t bytes) { used_bytes_.fetch_sub(bytes, std::memory_order_relaxed); }

 private:
  const uint64_t most_bytes_;
  std::atomic<uint64_t> used_bytes_ = 0;
};

// Has SQLite take memory by this. Before anything else of SQLite's is called; does nothing the second time.
void count_sqlite_memory();

// What this thread's statements take is the budget's, as long as the object lives. Null: nobody's.
class MemoryScope final {
 public:
  explicit MemoryScope(MemoryBudget* budget);
  ~MemoryScope();
  MemoryScope(const MemoryScope&) = delete;
  MemoryScope& operator=(const MemoryScope&) = delete;

 private:
  MemoryBudget* const before_;
};

}  // namespace godwit::agent
