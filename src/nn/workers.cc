// Threads that take work in turn.
#include "nn/workers.h"

#include <atomic>
#include <utility>

#include "async/signal.h"

namespace godwit::nn {
namespace {

// Backends were written for an ordinary thread's stack.
constexpr size_t kStackBytes = size_t{8} << 20;

}  // namespace

Workers::~Workers() {
  {
    const std::lock_guard lock(mutex_);
    stops_ = true;
  }
  changed_.notify_all();
  std::vector<platform::Thread> threads;
  {
    const std::lock_guard lock(mutex_);
    threads.swap(threads_);
  }
}

void Workers::serve() {
  std::unique_lock lock(mutex_);
  while (true) {
    ++idle_;
    changed_.wait(lock, [this] { return stops_ || !waiting_.empty(); });
    --idle_;
    if (waiting_.empty()) return;
    const std::function<void()> work = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    work();
    lock.lock();
  }
}

bool Workers::add(std::function<void()> work) {
  const std::lock_guard lock(mutex_);
  if (idle_ <= waiting_.size() && threads_.size() < most_) {
    auto thread = platform::Thread::start([this] { serve(); }, kStackBytes);
    if (thread) threads_.push_back(std::move(*thread));
    else if (threads_.empty()) return false;
  }
  waiting_.push_back(std::move(work));
  changed_.notify_one();
  return true;
}

void Workers::run(platform::fs::Parker& parker, const std::function<void()>& work) {
  auto signal = async::Signal::create();
  if (!signal) return work();
  std::atomic<bool> is_done = false;
  if (!add([&] {
        work();
        is_done.store(true, std::memory_order_release);
        signal->raise();  // the last that touches the caller's frame: it waits for this
      }))
    return work();
  while (!signal->wait({.stop = {}, .parker = &parker}) || !is_done.load(std::memory_order_acquire)) {
  }
}

}  // namespace godwit::nn
