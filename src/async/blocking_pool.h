// BlockingPool: threads for what blocks, while the fibers that want it done are parked.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "async/signal.h"
#include "base/error.h"
#include "platform/fs_wait.h"
#include "platform/thread.h"

namespace godwit::async {

// @threads any.
class BlockingPool final {
 public:
  // @errors Exhausted: the system has no thread left.
  static Result<std::unique_ptr<BlockingPool>> create(size_t threads);
  // Nobody is in run() any more.
  ~BlockingPool();

  // Calls `function` on one of the threads and waits until it has returned; `parker` waits in the caller's place. Not
  // called off: what may take long looks at its own stop word.
  // @errors Io: the system has no file left for the wait; nothing was called.
  Result<> run(const std::function<void()>& function, platform::fs::Parker* parker);

 private:
  struct Job {
    const std::function<void()>* function;
    Signal done;
  };

  BlockingPool() = default;
  void work();

  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::deque<std::shared_ptr<Job>> jobs_;
  bool is_ending_ = false;
  std::vector<platform::Thread> threads_;
};

}  // namespace godwit::async
