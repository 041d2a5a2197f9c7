// Warden: ends guests whose time is over, from a thread of its own, since they may keep theirs.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "base/error.h"
#include "godwit/store.h"
#include "platform/thread.h"

namespace godwit::agent {

// Looks every kTick_ns while somebody is watched. @threads watch() and forget(): any.
class Warden final {
 public:
  static constexpr uint64_t kTick_ns = 10'000'000;

  // Of one run, which owns it. Not moved while it is watched.
  struct Watched {
    v1::Store* store = nullptr;
    std::atomic<uint64_t>* stop = nullptr;  // set to kLate, and the store is interrupted
    uint64_t deadline_ns = 0;               // of platform::Clock::Monotonic
    size_t slot = 0;
  };
  // What a stop word says.
  static constexpr uint64_t kGone = 1;
  static constexpr uint64_t kLate = 2;

  // @param parts as many as threads call watch(): none waits for another.
  static Result<std::unique_ptr<Warden>> create(size_t parts);
  ~Warden();

  void watch(size_t part, Watched& watched);
  void forget(size_t part, Watched& watched);

 private:
  struct alignas(128) Part {
    std::mutex mutex;
    std::vector<Watched*> watched;
  };

  explicit Warden(size_t parts);
  void look();
  // True if somebody is watched.
  bool end_late();

  std::vector<std::unique_ptr<Part>> parts_;
  std::atomic<bool> is_asleep_ = false;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_ending_ = false;
  platform::Thread thread_;
};

}  // namespace godwit::agent
