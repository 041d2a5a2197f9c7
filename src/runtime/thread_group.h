// ThreadGroup: the threads that one guest has started. Each runs in a store of its own; what they share lies in shared
// memories. The first error of any of them ends them all, and the guest's main store with that error.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "platform/thread.h"
#include "runtime/store.h"

namespace godwit::runtime {

// Owned by the main store. @threads any.
class ThreadGroup final {
 public:
  // Ids are from 1 to this: the convention keeps the bits above for itself.
  // spec: https://github.com/WebAssembly/wasi-threads#design-choice-thread-ids
  static constexpr uint32_t kMaxId = (uint32_t{1} << 29) - 1;

  // What a thread does in its store; its error is the guest's.
  using Body = std::function<Result<>(Store& store, uint32_t id)>;

  // @param memories where threads may wait for each other.
  // @param max_threads that run at a time, beside the main one.
  ThreadGroup(Store& main, std::vector<std::shared_ptr<Memory>> memories, uint32_t max_threads);
  ~ThreadGroup();

  // Starts a thread with a new store; its id, or nothing: a limit, or the group is ending.
  std::optional<uint32_t> start(std::unique_ptr<Store> store, Body body);

  // Interrupts all threads and waits until they have ended. Not to be called from one of them.
  void end();

  size_t running() const;
  // False if start() would refuse now: to be asked before a store is made.
  bool has_room() const;

 private:
  struct Member {
    std::shared_ptr<Store> store;
    platform::Thread thread;
  };

  uint32_t free_id_locked();
  void interrupt_all_locked();
  void run(std::shared_ptr<Store> store, uint32_t id, const Body& body);

  Store& main_;
  const std::vector<std::shared_ptr<Memory>> memories_;
  const uint32_t max_threads_;

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::map<uint32_t, Member> members_;
  std::vector<platform::Thread> ended_;  // to be joined
  uint32_t last_id_ = 0;
  bool is_ending_ = false;
};

}  // namespace godwit::runtime
