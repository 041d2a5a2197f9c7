// Watchdog: calls a function after a time, from a thread of its own, unless it is cancelled before.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "base/error.h"

namespace godwit::platform {

// The destructor cancels and waits for the function if it is running. Move-only.
class Watchdog final {
 public:
  ~Watchdog();
  Watchdog(Watchdog&&) noexcept;
  Watchdog& operator=(Watchdog&&) noexcept;

  // Calls `function` once, `timeout_ns` nanoseconds of real time from now, on another thread.
  // @errors Exhausted: the system has no thread left.
  static Result<Watchdog> start(uint64_t timeout_ns, std::function<void()> function);

  // True if the function was called.
  bool has_fired() const;

 private:
  struct State;
  explicit Watchdog(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace godwit::platform
