// Signal: what other threads tell a fiber by.
#pragma once

#include "base/error.h"
#include "platform/fs_wait.h"
#include "platform/wakeup.h"

namespace godwit::async {

// @threads raise(): any. wait(): one at a time; a fiber of a Scheduler is parked meanwhile, a thread sleeps.
class Signal final {
 public:
  // @errors Io: the system has no file left.
  static Result<Signal> create();

  // Safe in signal handlers.
  void raise() const { wakeup_.raise(); }

  // Waits until it was raised since the last wait().
  // @errors EINTR: called off. EAGAIN: `timeout_ns` have passed.
  platform::fs::OsResult<> wait(platform::fs::WaitMode mode, uint64_t timeout_ns = platform::fs::kForever);

 private:
  explicit Signal(platform::Wakeup wakeup) : wakeup_(std::move(wakeup)) {}

  platform::Wakeup wakeup_;
};

}  // namespace godwit::async
