// Scheduler: turns, timers, files.
#include "async/scheduler.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <tuple>
#include <utility>

#include "platform/clock.h"

namespace godwit::async {

namespace fs = platform::fs;

struct Scheduler::Task {
  Task(std::function<void()> what, std::unique_ptr<platform::SwitchedStack> own_stack)
      : function(std::move(what)),
        stack(std::move(own_stack)),
        fiber(*stack, [](void* self) { static_cast<Task*>(self)->call(); }, this) {}

  void call() {
    function();
    function = nullptr;  // what it holds goes while the fiber is still there
  }

  std::function<void()> function;
  std::unique_ptr<platform::SwitchedStack> stack;
  platform::Fiber fiber;
  // Of the processor's time, where preemption is allowed:
  uint64_t ran_ns = 0;         // in its turns before this one
  uint64_t turn_began_ns = 0;  // of the thread's

  // While it is parked:
  std::span<fs::Waited> files = {};
  uint64_t deadline_ns = fs::kForever;
  fs::StopWord stop = {};
};

namespace {

// How often stop words are looked at while there are events all the time.
constexpr uint64_t kStopInterval_ns = fs::kStopLatency_ns / 2;

// Those that compute have a turn so often at least, however many others are ready.
constexpr uint64_t kComputingShare_ns = 20'000'000;

uint64_t now_ns() { return platform::now_ns(platform::Clock::Monotonic); }

uint64_t cpu_ns() { return platform::now_ns(platform::Clock::ThreadCpu); }

uint64_t deadline_after(uint64_t timeout_ns) {
  const uint64_t now = now_ns();
  return timeout_ns > fs::kForever - now ? fs::kForever : now + timeout_ns;
}

uint32_t count_ready(std::span<const fs::Waited> files) {
  return static_cast<uint32_t>(
      std::ranges::count_if(files, [](const fs::Waited& file) { return file.is_ready; }));
}

}  // namespace

bool Scheduler::ByDeadline::operator()(const Task* a, const Task* b) const {
  return std::pair(a->deadline_ns, a) < std::pair(b->deadline_ns, b);
}

Result<std::unique_ptr<Scheduler>> Scheduler::create(const SchedulerConfig& config) {
  auto events = platform::EventQueue::create();
  if (!events)
    return fail(Error(ErrorKind::Io, static_cast<uint32_t>(events.error()),
                      std::string("cannot make an event queue: ") + std::strerror(events.error())));
  return std::unique_ptr<Scheduler>(new Scheduler(config, std::move(*events)));
}

Scheduler::Scheduler(const SchedulerConfig& config, platform::EventQueue events)
    : stacks_(config.stack_bytes, config.most_idle_stacks), events_(std::move(events)) {}

Scheduler::~Scheduler() = default;

Result<> Scheduler::spawn(std::function<void()> function) {
  ASSIGN_OR_RETURN(auto stack, stacks_.take());
  auto task = std::make_unique<Task>(std::move(function), std::move(stack));
  Task* const added = task.get();
  tasks_.emplace(added, std::move(task));
  ready_.push_back(added);
  return {};
}

Result<> Scheduler::run() {
  while (!tasks_.empty()) {
    // those that become ready meanwhile have their turn after files and timers had theirs
    for (size_t turns = ready_.size(); turns > 0; turns--) {
      Task& task = *ready_.front();
      ready_.pop_front();
      run_one(task);
    }
    if (!tasks_.empty()) TRY(wait_for_events());
    // after the look at what has happened: nobody else's wait has ended by now
    if (!computing_.empty()) run_computing();
  }
  return {};
}

void Scheduler::run_one(Task& task) {
  Task* const before = std::exchange(current_, &task);
  // a signal that came in between was not meant for this one
  std::ignore = platform::PreemptibleThread::take_missed();
  turn_.store(++turns_, std::memory_order_relaxed);
  if (thread_) task.turn_began_ns = cpu_ns();
  task.fiber.resume();
  if (thread_) task.ran_ns += cpu_ns() - task.turn_began_ns;
  turn_.store(0, std::memory_order_relaxed);
  if (std::exchange(was_set_aside_, false)) thread_->release();
  current_ = before;
  if (!task.fiber.is_done()) return;
  stacks_.give_back(std::move(task.stack));
  tasks_.erase(&task);
}

Result<> Scheduler::allow_preemption() {
  ASSIGN_OR_RETURN(auto thread, platform::PreemptibleThread::create(
                                    [](void* self) { static_cast<Scheduler*>(self)->set_aside(); }, this));
  thread_.emplace(std::move(thread));
  return {};
}

void Scheduler::set_aside() {
  if (!current_) return;
  Task& task = *current_;
  computing_.push_back(&task);
  was_set_aside_ = true;
  has_computing_.store(true, std::memory_order_relaxed);
  task.fiber.suspend();
}

void Scheduler::run_computing() {
  if (!ready_.empty() && now_ns() - computed_at_ns_ < kComputingShare_ns) return;
  Task& task = *computing_.front();
  computing_.pop_front();
  is_computing_turn_.store(true, std::memory_order_relaxed);
  run_one(task);
  is_computing_turn_.store(false, std::memory_order_relaxed);
  if (computing_.empty()) has_computing_.store(false, std::memory_order_relaxed);
  computed_at_ns_ = now_ns();
}

uint64_t Scheduler::ran_ns() const {
  return thread_ ? current_->ran_ns + cpu_ns() - current_->turn_began_ns : 0;
}

void Scheduler::yield() {
  Task& task = *current_;
  ready_.push_back(&task);
  task.fiber.suspend();
}

fs::OsResult<uint32_t> Scheduler::wait_for(std::span<fs::Waited> files, uint64_t timeout_ns,
                                           fs::StopWord stop) {
  if (std::this_thread::get_id() != owner_ || !current_)
    return fs::wait_for(files, timeout_ns, {.stop = stop});
  Task& task = *current_;
  // who asks again and again without waiting does not keep the others from their turns
  if (timeout_ns == 0) yield();
  const auto ready = fs::wait_for(files, 0, {.stop = stop});
  if (!ready || *ready != 0 || timeout_ns == 0) return ready;
  task.files = files;
  task.stop = stop;
  task.deadline_ns = deadline_after(timeout_ns);
  park(task);
  if (stop.requested()) return fs::os_fail(EINTR);
  return count_ready(files);
}

void Scheduler::park(Task& task) {
  watch(task);
  parked_.insert(&task);
  if (count_ready(task.files) != 0) wake(task);
  task.fiber.suspend();
  unwatch(task);
}

void Scheduler::wake(Task& task) {
  if (parked_.erase(&task) != 0) ready_.push_back(&task);
}

void Scheduler::watch(Task& task) {
  for (fs::Waited& file : task.files) {
    std::vector<Task*>& watchers = watchers_[file.fd];
    if (std::ranges::find(watchers, &task) == watchers.end()) watchers.push_back(&task);
    const auto refreshed = refresh(file.fd);
    if (refreshed) continue;
    // a file that never has to be waited for, or none
    file.is_ready = true;
    file.is_invalid = refreshed.error() == EBADF;
  }
}

void Scheduler::unwatch(Task& task) {
  for (const fs::Waited& file : task.files) {
    const auto found = watchers_.find(file.fd);
    if (found == watchers_.end()) continue;
    std::erase(found->second, &task);
    if (found->second.empty()) {
      watchers_.erase(found);
      events_.forget(file.fd);
    } else if (!refresh(file.fd)) {
      // the others look for themselves
      dispatch({.fd = file.fd, .readable = true, .writable = true});
    }
  }
  task.files = {};
}

fs::OsResult<> Scheduler::refresh(int fd) {
  bool reading = false;
  bool writing = false;
  for (const Task* task : watchers_[fd])
    for (const fs::Waited& file : task->files)
      if (file.fd == fd) (file.wants_read ? reading : writing) = true;
  return events_.watch(fd, reading, writing);
}

Result<> Scheduler::wait_for_events() {
  constexpr size_t kMostEvents = 256;
  platform::EventQueue::Event events[kMostEvents];
  const auto count = events_.wait(events, time_to_wait_ns());
  if (!count && count.error() != EINTR)
    return fail(Error(ErrorKind::Io, static_cast<uint32_t>(count.error()),
                      std::string("cannot wait for events: ") + std::strerror(count.error())));
  if (count)
    for (uint32_t i = 0; i < *count; i++) dispatch(events[i]);
  wake_due();
  return {};
}

uint64_t Scheduler::time_to_wait_ns() const {
  if (!ready_.empty() || !computing_.empty()) return 0;
  const uint64_t deadline = (*parked_.begin())->deadline_ns;  // tasks are there, and none is ready
  const uint64_t now = now_ns();
  return std::min(deadline > now ? deadline - now : 0, fs::kStopLatency_ns);
}

void Scheduler::wake_due() {
  const uint64_t now = now_ns();
  while (!parked_.empty() && (*parked_.begin())->deadline_ns <= now) wake(**parked_.begin());
  // of thousands that are parked, all are looked at only so often
  if (now - stops_looked_at_ns_ < kStopInterval_ns) return;
  stops_looked_at_ns_ = now;
  std::vector<Task*> stopped;
  for (Task* task : parked_)
    if (task->stop.requested()) stopped.push_back(task);
  for (Task* task : stopped) wake(*task);
}

void Scheduler::dispatch(const platform::EventQueue::Event& event) {
  const auto found = watchers_.find(event.fd);
  if (found == watchers_.end()) return;
  for (Task* task : found->second) {
    for (fs::Waited& file : task->files) {
      if (file.fd != event.fd) continue;
      file.is_hung_up |= event.hung_up;
      file.is_ready |= event.hung_up || (file.wants_read ? event.readable : event.writable);
    }
    if (count_ready(task->files) != 0) wake(*task);
  }
}

}  // namespace godwit::async
