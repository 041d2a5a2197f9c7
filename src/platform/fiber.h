// Fiber: a function on a stack of its own that can be left in the middle and gone on with later.
#pragma once

#include "base/error.h"
#include "platform/stack.h"
#include "platform/trap_handler.h"

namespace godwit::platform {

// A fiber may run guests, which run on stacks of their own: wherever it is when it is suspended, it goes on there. It stays
// on the thread that resumed it first. Neither moved nor destroyed while it is suspended, save if it never runs again.
class Fiber final {
 public:
  // Will call function(argument) on `stack` when it is resumed for the first time.
  Fiber(SwitchedStack& stack, void (*function)(void*), void* argument);
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  // Runs the fiber until it suspends itself or its function returns. Not on the fiber itself, and not when it is done.
  void resume();
  // Returns to who has resumed the fiber; comes back when it is resumed again. On the fiber itself only.
  void suspend();
  // True once the function has returned.
  bool is_done() const { return is_done_; }

 private:
  [[noreturn]] static void run(void* self);

  void (*function_)(void*);
  void* argument_;
  void* own_sp_;
  void* resumer_sp_ = nullptr;
  Activation* activation_ = nullptr;  // the innermost of the fiber, while it is suspended
  bool is_done_ = false;
  // What the sanitizers call the stacks that the fiber and its resumer are on.
  struct Side {
    void* fake_stack = nullptr;
    const void* low = nullptr;
    size_t size_bytes = 0;
    void* fiber = nullptr;
  };
  Side own_, resumer_;
};

}  // namespace godwit::platform
