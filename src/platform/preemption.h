// Preemption: stops a guest between two of its instructions, so that its thread can do something else first.
#pragma once

#include <cstdint>

#include "base/error.h"

namespace godwit::platform {

// A thread whose guests can be stopped. By a signal (SIGURG, which nothing else may use then) whose handler runs on the
// guest's own stack: the system has saved every register there, so the function may suspend the fiber it is on.
// @threads made and destroyed on its own thread; request() by any.
class PreemptibleThread final {
 public:
  // `function(argument)` will be called when somebody asks for it while the thread is in guest code, never elsewhere: so
  // it may do what a host function may do. errno is kept. It will not be called again before it has returned, or before
  // release().
  // @errors Io: the system refuses the handler. Usage: the thread has one already.
  static Result<PreemptibleThread> create(void (*function)(void*), void* argument);
  ~PreemptibleThread();
  PreemptibleThread(PreemptibleThread&& other) noexcept;
  PreemptibleThread& operator=(PreemptibleThread&&) = delete;

  // Asks for the call, if the thread is in guest code at that moment. Otherwise, or if the thread has ended, nothing happens.
  void request() const;
  // Whether somebody has asked since the last call of this, or of the function, while the thread was not in guest code. On
  // the thread itself.
  static bool take_missed();
  // For who goes on in place of a guest that the function has left by a switch of fibers. On the thread itself.
  void release() const;

 private:
  explicit PreemptibleThread(int thread_id) : thread_id_(thread_id) {}

  int thread_id_;  // 0: moved from
};

}  // namespace godwit::platform
