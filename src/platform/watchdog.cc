// Watchdog: a thread that waits on a condition variable with a deadline.
#include "platform/watchdog.h"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <mutex>

namespace godwit::platform {

struct Watchdog::State {
  std::function<void()> function;
  std::chrono::steady_clock::time_point deadline;
  std::mutex mutex;
  std::condition_variable condition;
  bool is_cancelled = false;  // guarded by mutex
  std::atomic<bool> has_fired{false};
  pthread_t thread{};

  void wait_and_fire() {
    {
      std::unique_lock lock(mutex);
      condition.wait_until(lock, deadline, [this] { return is_cancelled; });
      if (is_cancelled) return;
    }
    has_fired.store(true, std::memory_order_release);
    function();
  }

  void cancel() {
    {
      const std::lock_guard lock(mutex);
      is_cancelled = true;
    }
    condition.notify_one();
    ::pthread_join(thread, nullptr);
  }
};

Watchdog::Watchdog(std::unique_ptr<State> state) : state_(std::move(state)) {}
Watchdog::Watchdog(Watchdog&&) noexcept = default;

Watchdog& Watchdog::operator=(Watchdog&& other) noexcept {
  std::swap(state_, other.state_);
  return *this;
}

Watchdog::~Watchdog() {
  if (state_) state_->cancel();
}

Result<Watchdog> Watchdog::start(uint64_t timeout_ns, std::function<void()> function) {
  // Longer than a century is for ever; the sum below must not overflow.
  constexpr uint64_t kLongestNs = uint64_t{100} * 365 * 24 * 3600 * 1'000'000'000;
  auto state = std::make_unique<State>();
  state->function = std::move(function);
  state->deadline = std::chrono::steady_clock::now() +
                    std::chrono::nanoseconds(static_cast<int64_t>(std::min(timeout_ns, kLongestNs)));
  const int code = ::pthread_create(
      &state->thread, nullptr,
      [](void* argument) -> void* {
        static_cast<State*>(argument)->wait_and_fire();
        return nullptr;
      },
      state.get());
  if (code != 0)
    return fail(Error(ErrorKind::Exhausted, static_cast<uint32_t>(code),
                      std::string("cannot start a timer thread: ") + std::strerror(code)));
  return Watchdog(std::move(state));
}

bool Watchdog::has_fired() const { return state_ && state_->has_fired.load(std::memory_order_acquire); }

}  // namespace godwit::platform
