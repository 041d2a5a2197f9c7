// Workers: a few threads that do what would hold up a thread of fibers.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <vector>

#include "platform/fs_wait.h"
#include "platform/thread.h"

namespace godwit::nn {

// @threads any.
class Workers final {
 public:
  // @param most threads; they are made when they are needed
  explicit Workers(size_t most) : most_(most) {}
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  // Runs `work` on a thread of its own, and waits for it by `parker`; in the caller's, where the system has no means left.
  // Work waits its turn while all threads are at work. Not called off: work that takes long looks by itself whether it is
  // still wanted.
  void run(platform::fs::Parker& parker, const std::function<void()>& work);

 private:
  void serve();
  bool add(std::function<void()> work);

  const size_t most_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> waiting_;  // guarded by mutex_
  size_t idle_ = 0;                            // guarded by mutex_
  bool stops_ = false;                         // guarded by mutex_
  std::vector<platform::Thread> threads_;      // guarded by mutex_; the first to go
};

}  // namespace godwit::nn
