// WaitQueue: the guest threads that wait at addresses of one shared memory.
// spec: https://webassembly.github.io/threads/core/exec/runtime.html#wait-queues
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>

namespace godwit::runtime {

// @threads any.
class WaitQueue final {
 public:
  // The first three are what the instructions return.
  enum class Outcome : uint32_t { Woken = 0, NotEqual = 1, TimedOut = 2, Interrupted = 3 };

  // If `expected` lies at `address`, waits until notify() chooses this thread, `timeout_ns` have passed (below 0:
  // never), or `interrupt` is not 0, which it looks at now and then and after wake_interrupted().
  // T is uint32_t or uint64_t; `address` is aligned.
  template <class T>
  Outcome wait(const T* address, T expected, int64_t timeout_ns, const std::atomic<uint64_t>& interrupt);

  // Wakes at most `count` threads that wait at `address`, those first that have waited longest; returns how many.
  uint32_t notify(const void* address, uint32_t count);

  // Makes all who wait look at their interrupt words.
  void wake_interrupted();

 private:
  struct Waiter;
  // Those whose addresses fall into it, in the order of their arrival.
  struct Bucket {
    std::mutex mutex;
    Waiter* first = nullptr;
    Waiter* last = nullptr;
    void add(Waiter& waiter);
    void remove(Waiter& waiter);
  };

  Bucket& bucket_of(const void* address) {
    auto bits = reinterpret_cast<uintptr_t>(address);
    return buckets_[(bits >> 2 ^ bits >> 8) % kBuckets];
  }

  static constexpr size_t kBuckets = 64;
  std::array<Bucket, kBuckets> buckets_;
};

}  // namespace godwit::runtime
