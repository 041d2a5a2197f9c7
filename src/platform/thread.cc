// Threads by pthreads.
#include "platform/thread.h"

#include <pthread.h>
#include <signal.h>

#include <cstring>

namespace godwit::platform {

struct Thread::State {
  std::function<void()> function;
  pthread_t thread{};
};

Thread::Thread() = default;

Thread::~Thread() {
  if (state_) ::pthread_join(state_->thread, nullptr);
}

Thread::Thread(Thread&& other) noexcept = default;

Thread& Thread::operator=(Thread&& other) noexcept {
  std::swap(state_, other.state_);
  return *this;
}

Result<Thread> Thread::start(std::function<void()> function, size_t stack_bytes) {
  Thread thread;
  thread.state_ = std::make_unique<State>();
  thread.state_->function = std::move(function);
  pthread_attr_t attributes;
  ::pthread_attr_init(&attributes);
  ::pthread_attr_setstacksize(&attributes, stack_bytes);
  // It inherits the mask that it is started with. Faults cannot be blocked: guests' are traps.
  sigset_t blocked;
  sigset_t before;
  ::sigfillset(&blocked);
  for (const int fault : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT, SIGPROF})
    ::sigdelset(&blocked, fault);
  ::pthread_sigmask(SIG_SETMASK, &blocked, &before);
  const int code = ::pthread_create(
      &thread.state_->thread, &attributes,
      [](void* argument) -> void* {
        static_cast<State*>(argument)->function();
        return nullptr;
      },
      thread.state_.get());
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ::pthread_attr_destroy(&attributes);
  if (code != 0) {
    thread.state_.reset();  // there is nothing to join
    return fail(Error(ErrorKind::Exhausted, static_cast<uint32_t>(code),
                      std::string("cannot start a thread: ") + std::strerror(code)));
  }
  return thread;
}

bool Thread::is_current() const { return state_ && ::pthread_equal(state_->thread, ::pthread_self()) != 0; }

}  // namespace godwit::platform
