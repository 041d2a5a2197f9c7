// Thread: a thread of the host's.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "base/error.h"

namespace godwit::platform {

// A number of the calling thread's: the first threads that ask get 0, 1, 2 and so on. For those who keep something for
// each thread without its knowing; several threads may share what they find.
uint32_t thread_number();

// Runs a function on a thread of its own; the destructor waits until it has returned. Signals that others send to the
// process are blocked in it, so that the embedder's handlers run on the embedder's threads. Move-only.
class Thread final {
 public:
  Thread();  // none
  ~Thread();
  Thread(Thread&& other) noexcept;
  Thread& operator=(Thread&& other) noexcept;

  // @param stack_bytes for the function; guests run on stacks of their own.
  // @errors Exhausted: the system has no thread left.
  static Result<Thread> start(std::function<void()> function, size_t stack_bytes);

  // The same for a function that nobody waits for; what it uses, it owns.
  // @errors Exhausted.
  static Result<> start_alone(std::function<void()> function, size_t stack_bytes);

  // True if the caller runs on it.
  bool is_current() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace godwit::platform
