// The thread that asks.
#include "watcher.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

namespace godwit::tensors {

struct Watch::Entry {
  const Call& call;
  std::function<void()> cancel;
  std::atomic<bool> is_cancelled = false;
};

namespace {

constexpr std::chrono::milliseconds kInterval(2);

// One for the plug-in, which is never unloaded: its thread sleeps while nothing is computed, and ends with the process.
class Watcher final {
 public:
  void add(std::shared_ptr<Watch::Entry> entry) {
    const std::lock_guard lock(mutex_);
    entries_.push_back(std::move(entry));
    if (!has_thread_) {
      has_thread_ = true;
      std::thread([this] { run(); }).detach();
    }
    if (is_idle_) wake_.notify_one();
  }

  // Returns when `entry` is not looked at any more.
  void remove(const Watch::Entry* entry) {
    const std::lock_guard lock(mutex_);
    std::erase_if(entries_, [entry](const auto& known) { return known.get() == entry; });
  }

 private:
  [[noreturn]] void run() {
    std::unique_lock lock(mutex_);
    for (;;) {
      if (entries_.empty()) {
        is_idle_ = true;
        wake_.wait(lock, [this] { return !entries_.empty(); });
        is_idle_ = false;
      }
      wake_.wait_for(lock, kInterval);
      for (const auto& entry : entries_)
        if (!entry->is_cancelled && entry->call.cancelled()) {
          entry->is_cancelled = true;
          if (entry->cancel) entry->cancel();
        }
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<std::shared_ptr<Watch::Entry>> entries_;
  bool has_thread_ = false;
  bool is_idle_ = false;
};

Watcher& watcher() {
  static Watcher* const only = new Watcher;  // not destroyed: the thread uses it until the process ends
  return *only;
}

}  // namespace

Watch::Watch(const Call& call, std::function<void()> cancel)
    : entry_(new Entry{.call = call, .cancel = std::move(cancel)}) {
  watcher().add(entry_);
}

Watch::~Watch() { watcher().remove(entry_.get()); }

bool Watch::cancelled() const { return entry_->is_cancelled; }

}  // namespace godwit::tensors
