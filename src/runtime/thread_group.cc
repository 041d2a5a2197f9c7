// Threads of guests: starting, ending, and ending together.
#include "runtime/thread_group.h"

#include <utility>

#include "runtime/memory.h"

namespace godwit::runtime {

namespace {

// Guests run on the stacks of their stores; this is for instantiation and for the way in and out.
constexpr size_t kThreadStackBytes = size_t{1} << 20;

}  // namespace

ThreadGroup::ThreadGroup(Store& main, std::vector<std::shared_ptr<Memory>> memories, uint32_t max_threads)
    : main_(main), memories_(std::move(memories)), max_threads_(max_threads) {}

ThreadGroup::~ThreadGroup() { end(); }

uint32_t ThreadGroup::free_id_locked() {
  do last_id_ = last_id_ % kMaxId + 1;
  while (members_.contains(last_id_));
  return last_id_;
}

std::optional<uint32_t> ThreadGroup::start(std::unique_ptr<Store> store, Body body) {
  std::vector<platform::Thread> joined;  // outside of the lock
  const std::lock_guard lock(mutex_);
  joined.swap(ended_);
  if (is_ending_ || members_.size() >= max_threads_) return std::nullopt;
  const uint32_t id = free_id_locked();
  store->belong_to(*this, main_);
  std::shared_ptr<Store> shared = std::move(store);
  Member& member = members_[id];
  member.store = shared;
  auto thread =
      platform::Thread::start([this, shared = std::move(shared), id,
                               body = std::move(body)]() mutable { run(std::move(shared), id, body); },
                              kThreadStackBytes);
  if (!thread) {
    members_.erase(id);
    return std::nullopt;
  }
  member.thread = std::move(*thread);
  return id;
}

// NOLINTNEXTLINE(performance-unnecessary-value-param): the store lives until the thread ends
void ThreadGroup::run(std::shared_ptr<Store> store, uint32_t id, const Body& body) {
  auto result = body(*store, id);
  Member member;  // goes with the store when the lock is released, before the thread can be joined
  const std::lock_guard lock(mutex_);
  const auto found = members_.find(id);
  member = std::move(found->second);
  members_.erase(found);
  // What ends because others have failed says nothing new.
  if (!result && !is_ending_) {
    is_ending_ = true;
    main_.interrupt_with(std::move(result).error());
    interrupt_all_locked();
  }
  ended_.push_back(std::move(member.thread));
  changed_.notify_all();
}

void ThreadGroup::interrupt_all_locked() {
  for (auto& [id, member] : members_) member.store->interrupt();
  for (const auto& memory : memories_)
    if (WaitQueue* const waiters = memory->waiters()) waiters->wake_interrupted();
}

void ThreadGroup::end() {
  std::vector<platform::Thread> joined;  // outside of the lock
  std::unique_lock lock(mutex_);
  is_ending_ = true;
  interrupt_all_locked();
  changed_.wait(lock, [this] { return members_.empty(); });
  joined.swap(ended_);
  is_ending_ = false;
}

bool ThreadGroup::has_room() const {
  const std::lock_guard lock(mutex_);
  return !is_ending_ && members_.size() < max_threads_;
}

size_t ThreadGroup::running() const {
  const std::lock_guard lock(mutex_);
  return members_.size();
}

}  // namespace godwit::runtime
