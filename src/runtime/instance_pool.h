// InstancePool: instances, and stacks for their stores, that wait to be used again.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "platform/stack.h"
#include "runtime/instance.h"
#include "runtime/memory_arena.h"
#include "runtime/memory_reset.h"

namespace godwit::runtime {

struct PoolOptions {
  uint32_t max_idle_instances = 64;                   // for each thread; more are dropped
  uint64_t max_kept_bytes = uint64_t{256} << 10;      // of an idle instance's memory that stay with it
  bool is_compact = false;                            // memories lie side by side and are checked
  uint64_t compact_memory_bytes = uint64_t{1} << 20;  // as far as those grow
};

// An idle instance has its first state again, and nothing of its last store. It is given to a store that wants an instance
// of the same blueprint. There is always another way if there is none: a new instance.
//
// Each thread has a part of its own, so that none waits for another; threads that are more than the processors may share one.
// @threads any. Outlives the stores.
class InstancePool final {
 public:
  explicit InstancePool(const PoolOptions& options);
  ~InstancePool();

  const PoolOptions& options() const { return options_; }
  const ResetCosts& costs() const { return costs_; }
  // Where memories lie; null unless the pool is compact.
  MemoryArena* arena() { return arena_.get(); }

  // Null if there is none.
  std::unique_ptr<Instance> take(const Blueprint& blueprint);
  // Of the calling thread's part. What cannot be used again is destroyed.
  void give(std::unique_ptr<Instance> instance);
  // Destroys the idle instances of a blueprint: nobody will ask for them.
  void forget(const Blueprint& blueprint);

  struct Stacks {
    platform::Reservation frames;
    platform::SwitchedStack native;
  };
  // Stacks of these sizes; empty if there are none.
  Stacks take_stacks(size_t frame_bytes, size_t native_bytes);
  void give_stacks(Stacks stacks);

  struct Statistics {
    uint64_t made = 0;        // instances that were new, of those that could have been used again
    uint64_t reused = 0;      // that were not
    uint64_t dropped = 0;     // idle ones that had no room, or could not be brought back to their first state
    uint64_t idle = 0;        // now
    uint64_t kept_bytes = 0;  // of idle instances' memories
  };
  Statistics statistics() const;

 private:
  struct Part;
  Part& own_part() const;
  void finish(Part& part, std::unique_ptr<Instance> instance);
  void finish_waiting(Part& part);

  const PoolOptions options_;
  const ResetCosts costs_;
  std::unique_ptr<MemoryArena> arena_;  // goes after the instances
  std::vector<std::unique_ptr<Part>> parts_;
  // Held while memory is given back to the system. Two threads that do so at once make the kernel interrupt all processors
  // that run others of the process, which costs several times as much as what it interrupts.
  std::mutex turn_;
};

}  // namespace godwit::runtime
