// WorkMeter: counts the steps of work on bytes that may be hostile, so that it ends when it is told to or is too much.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <limits>

namespace godwit {

// How another thread tells long work to stop: a word that becomes other than zero. It outlives the work.
class Interrupt final {
 public:
  Interrupt() = default;  // never
  explicit Interrupt(const std::atomic<uint64_t>& word) : word_(&word) {}
  bool is_requested() const { return word_ != nullptr && word_->load(std::memory_order_relaxed) != 0; }

 private:
  const std::atomic<uint64_t>* word_ = nullptr;
};

// Whoever works calls add() for each step (one instruction, one operand that is looked at or moved) and asks is_due()
// now and then, at the latest after some thousands of steps; if it is, verdict() says whether to go on.
class WorkMeter final {
 public:
  enum class Verdict : uint8_t { GoOn, Interrupted, TooMuch };

  static constexpr uint64_t kStepsBetweenLooks = uint64_t{1} << 16;

  explicit WorkMeter(Interrupt interrupt = {}) : interrupt_(interrupt) {}

  // Counts from zero; more than `max_steps` are too much.
  void restart(uint64_t max_steps) {
    steps_ = 0;
    max_steps_ = max_steps;
    due_ = std::min(kStepsBetweenLooks, max_steps);
  }
  void add(uint64_t steps) { steps_ += steps; }
  uint64_t steps() const { return steps_; }

  bool is_due() const { return steps_ > due_; }
  Verdict verdict() {
    if (interrupt_.is_requested()) return Verdict::Interrupted;
    if (steps_ > max_steps_) return Verdict::TooMuch;
    due_ = std::min(steps_ + kStepsBetweenLooks, max_steps_);
    return Verdict::GoOn;
  }

 private:
  Interrupt interrupt_;
  uint64_t steps_ = 0;
  uint64_t due_ = kStepsBetweenLooks;
  uint64_t max_steps_ = std::numeric_limits<uint64_t>::max();
};

}  // namespace godwit
