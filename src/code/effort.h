// Effort: what making code has cost so far.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace godwit::code {

// @threads any
struct Effort {
  std::atomic<uint64_t> functions{0};
  std::atomic<uint64_t> bytes{0};
  std::atomic<uint64_t> time_ns{0};
};

// Of all modules of an engine.
struct Efforts {
  bool measures_time = false;  // reading the clock for each function is not free
  Effort validation;           // bytes: of function bodies
  Effort translation;          // bytes: of cells and literals
};

// From its making until done().
class EffortMeter final {
 public:
  EffortMeter(Effort& into, bool measures_time) : into_(into), measures_time_(measures_time) {
    if (measures_time) begin_ = Clock::now();
  }
  void done(uint64_t functions, uint64_t bytes) {
    into_.functions.fetch_add(functions, std::memory_order_relaxed);
    into_.bytes.fetch_add(bytes, std::memory_order_relaxed);
    if (!measures_time_) return;
    const auto time = std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - begin_);
    into_.time_ns.fetch_add(static_cast<uint64_t>(time.count()), std::memory_order_relaxed);
  }

 private:
  using Clock = std::chrono::steady_clock;
  Effort& into_;
  const bool measures_time_;
  Clock::time_point begin_;
};

}  // namespace godwit::code
