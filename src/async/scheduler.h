// Scheduler: many fibers on one thread. Whoever waits is parked, and others run meanwhile.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <thread>
#include <unordered_map>
#include <vector>

#include "async/stack_pool.h"
#include "base/error.h"
#include "platform/event_queue.h"
#include "platform/fiber.h"
#include "platform/fs_wait.h"
#include "platform/preemption.h"

namespace godwit::async {

struct SchedulerConfig {
  // Of a fiber's own stack. A guest runs on its store's; this is for what calls it.
  size_t stack_bytes = 256 << 10;
  size_t most_idle_stacks = 256;
};

// Fibers run one at a time, each until it waits or returns; those that are ready take turns in the order in which they
// became so. A wait is one of platform::fs::wait_for with this as its Parker; everything that blocks by that (the functions
// of WASI among it) parks the fiber. Elsewhere (not on one of its fibers, or on another thread) a wait is the thread's.
// @threads one, that which made it; but wait_for() is called by any.
class Scheduler final : public platform::fs::Parker {
 public:
  // @errors Io: the system has no event queue left.
  static Result<std::unique_ptr<Scheduler>> create(const SchedulerConfig& config = {});
  ~Scheduler();

  // Runs `function` on a fiber, when it is its turn. From a fiber or from outside.
  // @errors Exhausted: no stack for it.
  Result<> spawn(std::function<void()> function);

  // Runs fibers until all have returned. Not on a fiber.
  // @errors Io: the system does not wait.
  Result<> run();

  // Lets the others that are ready run first. On a fiber only.
  void yield();

  // spec: platform::fs::wait_for
  platform::fs::OsResult<uint32_t> wait_for(std::span<platform::fs::Waited> files, uint64_t timeout_ns,
                                            platform::fs::StopWord stop) override;

  // Lets preempt() do something. On the scheduler's thread, once.
  // @errors Io: the system refuses.
  Result<> allow_preemption();
  // If the fiber whose turn it is computes in a guest at this moment, puts it aside: it goes on when nobody else is ready,
  // and now and then in between. @threads any, from allow_preemption() on.
  void preempt() const { thread_->request(); }
  // For host functions that do not wait: gives way if the guest would have had to meanwhile. On a fiber only.
  void give_way() {
    if (platform::PreemptibleThread::take_missed()) [[unlikely]]
      set_aside();
  }
  // Which turn it is: another number for each turn. 0: it is nobody's. @threads any.
  uint64_t turn() const { return turn_.load(std::memory_order_relaxed); }
  // Whether there are fibers that were put aside. @threads any.
  bool has_computing() const { return has_computing_.load(std::memory_order_relaxed); }

  // Whether the turn is one of those. @threads any.
  bool is_computing_turn() const { return is_computing_turn_.load(std::memory_order_relaxed); }
  // A file that can be read while something has happened that a fiber waits for: to be waited for by an EventQueue of
  // another thread's. @threads any.
  int events_fd() const { return events_.fd(); }

  // The processor's time that the current fiber has had, in nanoseconds. On a fiber only, after allow_preemption().
  // @cost a system call, and two for each turn of any fiber.
  uint64_t ran_ns() const;

  // Fibers that have not returned yet.
  size_t size() const { return tasks_.size(); }

 private:
  struct Task;
  struct ByDeadline {
    bool operator()(const Task* a, const Task* b) const;
  };

  Scheduler(const SchedulerConfig& config, platform::EventQueue events);

  void run_one(Task& task);
  // In the midst of a guest: puts the current task aside.
  void set_aside();
  // Gives one that was put aside a turn, if nobody else is ready or it has waited for long.
  void run_computing();
  // Parks the current task until one of its files is ready, its time has passed, or it is told to stop.
  void park(Task& task);
  // Takes a task from parked_ and gives it a turn.
  void wake(Task& task);
  // Waits for events, timers and stop words, and wakes whom they concern; not at all while somebody is ready.
  Result<> wait_for_events();
  uint64_t time_to_wait_ns() const;
  // Wakes those whose time has passed, and those who are told to stop: the latter are looked for every now and then.
  void wake_due();
  void dispatch(const platform::EventQueue::Event& event);
  // Begins and ends to watch the files that a task waits for.
  void watch(Task& task);
  void unwatch(Task& task);
  // Tells the event queue what is waited for of a file, by whoever does.
  platform::fs::OsResult<> refresh(int fd);

  StackPool stacks_;
  platform::EventQueue events_;
  std::unordered_map<Task*, std::unique_ptr<Task>> tasks_;
  std::deque<Task*> ready_;
  std::deque<Task*> computing_;  // ready as well, but preempted
  bool was_set_aside_ = false;   // the task that ran last
  uint64_t computed_at_ns_ = 0;
  std::atomic<bool> has_computing_ = false;
  std::atomic<bool> is_computing_turn_ = false;
  std::atomic<uint64_t> turn_ = 0;
  uint64_t turns_ = 0;
  std::set<Task*, ByDeadline> parked_;
  std::unordered_map<int, std::vector<Task*>> watchers_;  // of each file that somebody waits for
  uint64_t stops_looked_at_ns_ = 0;
  Task* current_ = nullptr;
  const std::thread::id owner_ = std::this_thread::get_id();
  std::optional<platform::PreemptibleThread> thread_;
};

}  // namespace godwit::async
