// The parts of the pool.
#include "runtime/instance_pool.h"

#include <algorithm>
#include <bit>

#include "platform/cpu.h"
#include "platform/thread.h"
#include "runtime/instance_state.h"

namespace godwit::runtime {

namespace {

constexpr size_t kMaxIdleStacks = 16;  // for each thread
constexpr size_t kMaxParts = 64;
// Instances of a thread that wait for its turn: while others want turns, too, so many at once, and never more than that.
constexpr size_t kWaitingAtOnce = 4;
constexpr size_t kMaxWaiting = 12;
// After another thread had the turn, for so many instances that is taken for the rule.
constexpr uint32_t kRivalry = 64;
// Stacks give back what deep recursion has left, that often.
constexpr uint32_t kUsesToTrim = 256;
constexpr size_t kUntrimmedBytes = size_t{64} << 10;

}  // namespace

struct alignas(128) InstancePool::Part {
  mutable std::mutex mutex;
  std::vector<std::unique_ptr<Instance>> idle;     // the last are the warmest; guarded by mutex
  std::vector<std::unique_ptr<Instance>> waiting;  // parked, but not yet given back what they must; the same
  std::vector<Stacks> stacks;                      // the same
  uint32_t stack_uses = 0;
  std::atomic<uint32_t> rivalry = 0;  // so many more instances are put aside before the turn is asked for
  Statistics statistics;
};

InstancePool::InstancePool(const PoolOptions& options)
    : options_(options),
      costs_(ResetCosts::measure()),
      arena_(options.is_compact ? std::make_unique<MemoryArena>(options.compact_memory_bytes) : nullptr) {
  const size_t parts = std::min(std::bit_ceil(size_t{platform::usable_cpus()} * 2), kMaxParts);
  for (size_t i = 0; i < parts; ++i) parts_.push_back(std::make_unique<Part>());
}

InstancePool::~InstancePool() = default;

InstancePool::Part& InstancePool::own_part() const {
  return *parts_[platform::thread_number() & (parts_.size() - 1)];
}

std::unique_ptr<Instance> InstancePool::take(const Blueprint& blueprint) {
  Part& part = own_part();
  const std::lock_guard lock(part.mutex);
  for (size_t i = part.idle.size(); i-- > 0;) {
    if (part.idle[i]->blueprint() != &blueprint) continue;
    std::unique_ptr<Instance> found = std::move(part.idle[i]);
    part.idle.erase(part.idle.begin() + static_cast<ptrdiff_t>(i));
    ++part.statistics.reused;
    return found;
  }
  ++part.statistics.made;
  return nullptr;
}

void InstancePool::give(std::unique_ptr<Instance> instance) {
  Part& part = own_part();
  if (options_.max_idle_instances == 0 || !instance->park()) {
    instance.reset();
    const std::lock_guard lock(part.mutex);
    ++part.statistics.dropped;
    return;
  }
  const uint32_t rivalry = part.rivalry.load(std::memory_order_relaxed);
  if (rivalry == 0) {
    if (turn_.try_lock()) {
      finish(part, std::move(instance));
      finish_waiting(part);
      turn_.unlock();
      return;
    }
    part.rivalry.store(kRivalry, std::memory_order_relaxed);
  } else {
    part.rivalry.store(rivalry - 1, std::memory_order_relaxed);
  }
  // Another thread's turn: this one has others to go on with. Even asking for the turn would cost both.
  size_t waiting = 0;
  {
    const std::lock_guard lock(part.mutex);
    part.waiting.push_back(std::move(instance));
    waiting = part.waiting.size();
  }
  if (waiting < kWaitingAtOnce) return;
  if (waiting >= kMaxWaiting) {
    turn_.lock();
  } else if (!turn_.try_lock()) {
    part.rivalry.store(kRivalry, std::memory_order_relaxed);
    return;
  }
  finish_waiting(part);
  turn_.unlock();
}

// With the turn: makes an instance idle that is parked.
void InstancePool::finish(Part& part, std::unique_ptr<Instance> instance) {
  const bool is_good = instance->discard();
  std::unique_ptr<Instance> last;  // destroyed without the lock
  const std::lock_guard lock(part.mutex);
  if (!is_good) {
    ++part.statistics.dropped;
    last = std::move(instance);
    return;
  }
  if (part.idle.size() >= options_.max_idle_instances) {
    ++part.statistics.dropped;
    last = std::move(part.idle.front());
    part.idle.erase(part.idle.begin());
  }
  part.idle.push_back(std::move(instance));
}

// With the turn.
void InstancePool::finish_waiting(Part& part) {
  for (;;) {
    std::unique_ptr<Instance> next;
    {
      const std::lock_guard lock(part.mutex);
      if (part.waiting.empty()) return;
      next = std::move(part.waiting.back());
      part.waiting.pop_back();
    }
    finish(part, std::move(next));
  }
}

void InstancePool::forget(const Blueprint& blueprint) {
  for (const auto& part : parts_) {
    std::vector<std::unique_ptr<Instance>> found;
    const std::lock_guard lock(part->mutex);
    for (auto& instance : part->idle)
      if (instance->blueprint() == &blueprint) found.push_back(std::move(instance));
    for (auto& instance : part->waiting)
      if (instance->blueprint() == &blueprint) found.push_back(std::move(instance));
    std::erase(part->idle, nullptr);
    std::erase(part->waiting, nullptr);
  }
}

InstancePool::Stacks InstancePool::take_stacks(size_t frame_bytes, size_t native_bytes) {
  Part& part = own_part();
  const std::lock_guard lock(part.mutex);
  for (size_t i = part.stacks.size(); i-- > 0;) {
    Stacks& stacks = part.stacks[i];
    const platform::StackBounds bounds = stacks.native.bounds();
    if (stacks.frames.size_bytes() != frame_bytes ||
        static_cast<size_t>(bounds.high - bounds.low) != native_bytes)
      continue;
    Stacks found = std::move(stacks);
    part.stacks.erase(part.stacks.begin() + static_cast<ptrdiff_t>(i));
    return found;
  }
  return {};
}

void InstancePool::give_stacks(Stacks stacks) {
  Part& part = own_part();
  Stacks last;  // destroyed without the lock
  const std::lock_guard lock(part.mutex);
  if (++part.stack_uses % kUsesToTrim == 0) {
    // the page above the frames is inaccessible, and discarded all the same
    if (stacks.frames.size_bytes() > kUntrimmedBytes)
      platform::discard_pages(stacks.frames.base() + kUntrimmedBytes,
                              stacks.frames.size_bytes() - kUntrimmedBytes);
    const platform::StackBounds bounds = stacks.native.bounds();
    const auto native_bytes = static_cast<size_t>(bounds.high - bounds.low);
    if (native_bytes > kUntrimmedBytes) platform::discard_pages(bounds.low, native_bytes - kUntrimmedBytes);
  }
  if (part.stacks.size() >= kMaxIdleStacks) last = std::move(stacks);
  else part.stacks.push_back(std::move(stacks));
}

InstancePool::Statistics InstancePool::statistics() const {
  Statistics all;
  for (const auto& part : parts_) {
    const std::lock_guard lock(part->mutex);
    all.made += part->statistics.made;
    all.reused += part->statistics.reused;
    all.dropped += part->statistics.dropped;
    all.idle += part->idle.size();
    for (const auto& instance : part->idle) all.kept_bytes += instance->kept_bytes();
  }
  return all;
}

}  // namespace godwit::runtime
