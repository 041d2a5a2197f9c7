// Warden: ends guests whose time is over, and has those that compute give way, from a thread of its own, since they may
// keep theirs.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "async/scheduler.h"
#include "base/error.h"
#include "godwit/store.h"
#include "platform/event_queue.h"
#include "platform/thread.h"

namespace godwit::agent {

// Looks every kTick_ns while somebody is watched, and for the time of each every kDeadlineTick_ns. Who has the same turn at
// two ticks one after the other gives way; while there are such, it looks every kShortTick_ns, and whenever
// something happens that another fiber of theirs waits for, since they run only for as long as nobody else has anything to do. @threads watch() and forget(): any.
class Warden final {
 public:
  static constexpr uint64_t kTick_ns = 2'000'000;
  static constexpr uint64_t kShortTick_ns = 500'000;
  static constexpr uint64_t kDeadlineTick_ns = 10'000'000;

  // Of one run, which owns it. Not moved while it is watched.
  struct Watched {
    v1::Store* store = nullptr;
    std::atomic<uint64_t>* stop = nullptr;  // set to kLate, and the store is interrupted
    const void* whose = nullptr;            // for end_all()
    uint64_t deadline_ns = 0;               // of platform::Clock::Monotonic
    size_t slot = 0;
  };
  // What a stop word says.
  static constexpr uint64_t kGone = 1;
  static constexpr uint64_t kLate = 2;
  static constexpr uint64_t kKilled = 3;

  // @param parts as many as threads call watch(): none waits for another.
  static Result<std::unique_ptr<Warden>> create(size_t parts);
  ~Warden();

  // What runs the guests of this part, with allow_preemption() called; null once it no longer does.
  void set_scheduler(size_t part, const async::Scheduler* scheduler);

  void watch(size_t part, Watched& watched);
  void forget(size_t part, Watched& watched);

  // Ends all runs of whose that are watched now. @returns how many.
  size_t end_all(const void* whose);

 private:
  struct alignas(128) Part {
    std::mutex mutex;
    std::vector<Watched*> watched;
    const async::Scheduler* scheduler = nullptr;
    uint64_t turn = 0;  // that it was at the last tick
  };

  Warden(size_t parts, platform::EventQueue events);
  void look();
  struct Seen {
    bool has_watched = false;
    bool has_computing = false;
  };
  // One tick. @param looks_at_times whether to end those whose time is over.
  Seen tick(bool looks_at_times);

  // Until something has happened on a thread, and those that compute there have given way, or `timeout_ns` have passed.
  void wait_for_events(uint64_t timeout_ns);

  std::vector<std::unique_ptr<Part>> parts_;
  platform::EventQueue events_;  // of the schedulers
  std::atomic<bool> is_asleep_ = false;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_ending_ = false;
  platform::Thread thread_;
};

}  // namespace godwit::agent
