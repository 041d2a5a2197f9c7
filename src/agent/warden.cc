// Warden: one thread, several lists.
#include "agent/warden.h"

#include <chrono>
#include <cstring>
#include <string>
#include <tuple>
#include <utility>

#include "platform/clock.h"

namespace godwit::agent {
namespace {

constexpr size_t kStackBytes = size_t{256} << 10;
// So long it goes on looking when nobody is watched, so that who comes next need not wake it.
constexpr int kIdleTicks = 500;

}  // namespace

Warden::Warden(size_t parts, platform::EventQueue events) : events_(std::move(events)) {
  for (size_t i = 0; i < parts; i++) parts_.push_back(std::make_unique<Part>());
}

Result<std::unique_ptr<Warden>> Warden::create(size_t parts) {
  auto events = platform::EventQueue::create();
  if (!events)
    return fail(ErrorKind::Io, std::string("cannot make an event queue: ") + std::strerror(events.error()));
  auto warden = std::unique_ptr<Warden>(new Warden(parts, std::move(*events)));
  ASSIGN_OR_RETURN(warden->thread_,
                   platform::Thread::start([self = warden.get()] { self->look(); }, kStackBytes));
  return warden;
}

Warden::~Warden() {
  {
    const std::lock_guard lock(mutex_);
    is_ending_ = true;
  }
  changed_.notify_all();
  thread_ = {};
}

void Warden::watch(size_t part, Watched& watched) {
  {
    Part& own = *parts_[part];
    const std::lock_guard lock(own.mutex);
    watched.slot = own.watched.size();
    own.watched.push_back(&watched);
  }
  if (!is_asleep_.load(std::memory_order_seq_cst)) return;
  const std::lock_guard lock(mutex_);
  is_asleep_.store(false, std::memory_order_seq_cst);
  changed_.notify_all();
}

void Warden::forget(size_t part, Watched& watched) {
  Part& own = *parts_[part];
  const std::lock_guard lock(own.mutex);
  Watched* const last = own.watched.back();
  own.watched[watched.slot] = last;
  last->slot = watched.slot;
  own.watched.pop_back();
}

void Warden::set_scheduler(size_t part, const async::Scheduler* scheduler) {
  Part& own = *parts_[part];
  const std::lock_guard lock(own.mutex);
  own.scheduler = scheduler;
  // without it those that compute give way at ticks only
  if (scheduler) std::ignore = events_.watch_queue(scheduler->events_fd());
}

void Warden::wait_for_events(uint64_t timeout_ns) {
  const uint64_t end_ns = platform::now_ns(platform::Clock::Monotonic) + timeout_ns;
  for (uint64_t now = end_ns - timeout_ns; now < end_ns; now = platform::now_ns(platform::Clock::Monotonic)) {
    platform::EventQueue::Event events[16];
    const auto count = events_.wait_precisely(events, end_ns - now);
    if (!count) return;
    for (uint32_t i = 0; i < *count; i++) {
      for (const auto& part : parts_) {
        const std::lock_guard lock(part->mutex);
        // while somebody is watched, the scheduler is there
        if (part->watched.empty() || !part->scheduler) continue;
        if (part->scheduler->events_fd() == events[i].fd && part->scheduler->is_computing_turn())
          part->scheduler->preempt();
      }
    }
  }
}

size_t Warden::end_all(const void* whose) {
  size_t count = 0;
  for (const auto& part : parts_) {
    const std::lock_guard lock(part->mutex);
    for (Watched* watched : part->watched) {
      if (watched->whose != whose) continue;
      uint64_t running = 0;
      watched->stop->compare_exchange_strong(running, kKilled);
      watched->store->interrupt();
      count++;
    }
  }
  return count;
}

Warden::Seen Warden::tick(bool looks_at_times) {
  const uint64_t now = platform::now_ns(platform::Clock::Monotonic);
  Seen seen;
  for (const auto& part : parts_) {
    const std::lock_guard lock(part->mutex);
    if (part->watched.empty()) continue;
    seen.has_watched = true;
    if (part->scheduler) {
      const uint64_t turn = part->scheduler->turn();
      if (turn != 0 && turn == part->turn) part->scheduler->preempt();
      part->turn = turn;
      seen.has_computing |= part->scheduler->has_computing();
    }
    if (!looks_at_times) continue;
    for (Watched* watched : part->watched) {
      if (now < watched->deadline_ns) continue;
      uint64_t running = 0;
      watched->stop->compare_exchange_strong(running, kLate);
      watched->store->interrupt();
    }
  }
  return seen;
}

void Warden::look() {
  std::unique_lock lock(mutex_);
  uint64_t tick_ns = kTick_ns;
  uint64_t looked_ns = 0;  // since times were looked at
  for (int idle = 0; !is_ending_;) {
    if (tick_ns == kShortTick_ns) {
      lock.unlock();
      wait_for_events(tick_ns);
    } else {
      changed_.wait_for(lock, std::chrono::nanoseconds(tick_ns), [this] { return is_ending_; });
      lock.unlock();
    }
    looked_ns += tick_ns;
    const Seen seen = tick(looked_ns >= kDeadlineTick_ns);
    if (looked_ns >= kDeadlineTick_ns) looked_ns = 0;
    tick_ns = seen.has_computing ? kShortTick_ns : kTick_ns;
    idle = seen.has_watched ? 0 : idle + 1;
    lock.lock();
    if (idle < kIdleTicks) continue;
    is_asleep_.store(true, std::memory_order_seq_cst);
    // who came before the flag was seen did not wake it
    lock.unlock();
    const bool has_some = tick(true).has_watched;
    lock.lock();
    if (has_some) is_asleep_.store(false, std::memory_order_seq_cst);
    changed_.wait(lock, [this] { return is_ending_ || !is_asleep_.load(std::memory_order_seq_cst); });
    idle = 0;
  }
}

}  // namespace godwit::agent
