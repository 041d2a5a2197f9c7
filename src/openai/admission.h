// Admission: how many requests compute at a time, and how many more may wait for their turn.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>

#include "async/signal.h"
#include "openai/error.h"
#include "platform/fs_wait.h"

namespace godwit::openai {

// @threads any.
class Admission final {
 public:
  // @param places for answers that are computed at a time  @param most_waiting answers that wait for one
  Admission(uint32_t places, uint32_t most_waiting)
      : places_(places), most_waiting_(most_waiting), free_(places) {}

  // Places that are held; given back when it goes. Moves only.
  class Hold final {
   public:
    Hold() = default;
    Hold(Hold&& other) noexcept : from_(std::exchange(other.from_, nullptr)), count_(other.count_) {}
    Hold& operator=(Hold&& other) noexcept {
      if (this != &other) {
        release();
        from_ = std::exchange(other.from_, nullptr);
        count_ = other.count_;
      }
      return *this;
    }
    ~Hold() { release(); }

   private:
    friend class Admission;
    Hold(Admission* from, uint32_t count) : from_(from), count_(count) {}
    void release() {
      if (from_) std::exchange(from_, nullptr)->give_back(count_);
    }
    Admission* from_ = nullptr;
    uint32_t count_ = 0;
  };

  // Waits for `count` places, first come first served.
  // @errors 400: more than there are. 429: too many wait already. 499: called off.
  Outcome<Hold> enter(uint32_t count, platform::fs::WaitMode mode);

  uint32_t places() const { return places_; }
  // Of places, now.
  uint32_t in_use() const;
  uint32_t waiting() const;
  uint64_t refused() const;

 private:
  struct Waiter {
    uint32_t count;
    async::Signal signal;
    bool has_place = false;
  };

  void give_back(uint32_t count);
  // Gives places to those who wait longest. With the mutex held.
  void serve();

  const uint32_t places_;
  const uint32_t most_waiting_;
  mutable std::mutex mutex_;
  uint32_t free_;                // guarded by mutex_
  std::deque<Waiter*> waiters_;  // guarded by mutex_
  uint64_t refused_ = 0;         // guarded by mutex_
};

}  // namespace godwit::openai
