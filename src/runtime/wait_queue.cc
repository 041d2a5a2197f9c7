// Waiting and waking: each who waits has a condition variable of its own, so that only the chosen ones run.
#include "runtime/wait_queue.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>

namespace godwit::runtime {

namespace {

using Clock = std::chrono::steady_clock;

// So long does an interruption wait at most that nobody announces (Store::interrupt may come from a signal handler).
constexpr std::chrono::milliseconds kInterruptCheck{50};
// Longer than a century is for ever; sums of times must not overflow.
constexpr int64_t kLongest_ns = int64_t{100} * 365 * 24 * 3600 * 1'000'000'000;

// The guest's own accesses are invisible to ThreadSanitizer, so this one is, too.
template <class T>
[[gnu::no_sanitize("thread")]] T load(const T* address) {
  return __atomic_load_n(address, __ATOMIC_SEQ_CST);
}

}  // namespace

struct WaitQueue::Waiter {
  const void* address;
  std::condition_variable condition;
  bool is_woken = false;
  Waiter* before = nullptr;
  Waiter* behind = nullptr;
};

void WaitQueue::Bucket::add(Waiter& waiter) {
  waiter.before = last;
  (last ? last->behind : first) = &waiter;
  last = &waiter;
}

void WaitQueue::Bucket::remove(Waiter& waiter) {
  (waiter.before ? waiter.before->behind : first) = waiter.behind;
  (waiter.behind ? waiter.behind->before : last) = waiter.before;
}

template <class T>
WaitQueue::Outcome WaitQueue::wait(const T* address, T expected, int64_t timeout_ns,
                                   const std::atomic<uint64_t>& interrupt) {
  const bool is_endless = timeout_ns < 0;
  const auto deadline = Clock::now() + std::chrono::nanoseconds(std::min(timeout_ns, kLongest_ns));
  Bucket& bucket = bucket_of(address);
  Waiter waiter{.address = address, .condition = {}};
  std::unique_lock lock(bucket.mutex);
  // Under the lock: who changes the value and then notifies finds this thread waiting, or this thread the change.
  if (load(address) != expected) return Outcome::NotEqual;
  bucket.add(waiter);
  for (;;) {
    if (waiter.is_woken) return Outcome::Woken;  // and taken off the queue
    Outcome outcome;
    const auto now = Clock::now();
    if (interrupt.load(std::memory_order_relaxed) != 0) outcome = Outcome::Interrupted;
    else if (!is_endless && now >= deadline) outcome = Outcome::TimedOut;
    else {
      const auto check = now + kInterruptCheck;
      waiter.condition.wait_until(lock, is_endless ? check : std::min(check, deadline));
      continue;
    }
    bucket.remove(waiter);
    return outcome;
  }
}

template WaitQueue::Outcome WaitQueue::wait(const uint32_t*, uint32_t, int64_t, const std::atomic<uint64_t>&);
template WaitQueue::Outcome WaitQueue::wait(const uint64_t*, uint64_t, int64_t, const std::atomic<uint64_t>&);

uint32_t WaitQueue::notify(const void* address, uint32_t count) {
  Bucket& bucket = bucket_of(address);
  const std::lock_guard lock(bucket.mutex);
  uint32_t woken = 0;
  for (Waiter* waiter = bucket.first; waiter && woken < count;) {
    Waiter* const next = waiter->behind;
    if (waiter->address == address) {
      bucket.remove(*waiter);
      waiter->is_woken = true;
      waiter->condition.notify_one();  // under the lock: it may be gone right afterwards
      ++woken;
    }
    waiter = next;
  }
  return woken;
}

void WaitQueue::wake_interrupted() {
  for (Bucket& bucket : buckets_) {
    const std::lock_guard lock(bucket.mutex);
    for (Waiter* waiter = bucket.first; waiter; waiter = waiter->behind) waiter->condition.notify_one();
  }
}

}  // namespace godwit::runtime
