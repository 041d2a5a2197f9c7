// BlockingPool: a queue of jobs.
#include "async/blocking_pool.h"

#include <tuple>

namespace godwit::async {
namespace {

constexpr size_t kStackBytes = size_t{512} << 10;

}  // namespace

Result<std::unique_ptr<BlockingPool>> BlockingPool::create(size_t threads) {
  auto pool = std::unique_ptr<BlockingPool>(new BlockingPool);
  for (size_t i = 0; i < threads; i++) {
    ASSIGN_OR_RETURN(platform::Thread thread,
                     platform::Thread::start([self = pool.get()] { self->work(); }, kStackBytes));
    pool->threads_.push_back(std::move(thread));
  }
  return pool;
}

BlockingPool::~BlockingPool() {
  {
    const std::lock_guard lock(mutex_);
    is_ending_ = true;
  }
  changed_.notify_all();
}

Result<> BlockingPool::run(const std::function<void()>& function, platform::fs::Parker* parker) {
  ASSIGN_OR_RETURN(Signal done, Signal::create());
  const auto job = std::make_shared<Job>(&function, std::move(done));
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(job);
  }
  changed_.notify_one();
  while (!job->done.wait({.stop = {}, .parker = parker})) {
  }
  return {};
}

void BlockingPool::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return is_ending_ || !jobs_.empty(); });
    if (jobs_.empty()) return;
    const std::shared_ptr<Job> job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    (*job->function)();
    job->done.raise();
    lock.lock();
  }
}

}  // namespace godwit::async
