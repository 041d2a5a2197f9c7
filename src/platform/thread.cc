// Threads by pthreads.
#include "platform/thread.h"

#include <pthread.h>
#include <signal.h>

#include <cstring>

namespace godwit::platform {
namespace {

// Fills `thread` in before `function` begins.
Result<> create(pthread_t& thread, void* (*function)(void*), void* argument, size_t stack_bytes) {
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
  const int code = ::pthread_create(&thread, &attributes, function, argument);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ::pthread_attr_destroy(&attributes);
  if (code != 0)
    return fail(Error(ErrorKind::Exhausted, static_cast<uint32_t>(code),
                      std::string("cannot start a thread: ") + std::strerror(code)));
  return {};
}

}  // namespace

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
  auto created = create(
      thread.state_->thread,
      [](void* argument) -> void* {
        static_cast<State*>(argument)->function();
        return nullptr;
      },
      thread.state_.get(), stack_bytes);
  if (!created) {
    thread.state_.reset();  // there is nothing to join
    return fail(std::move(created).error());
  }
  return thread;
}

Result<> Thread::start_alone(std::function<void()> function, size_t stack_bytes) {
  auto* const given = new std::function<void()>(std::move(function));  // the thread's, if there will be one
  pthread_t thread{};
  auto created = create(
      thread,
      [](void* argument) -> void* {
        const std::unique_ptr<std::function<void()>> owned(static_cast<std::function<void()>*>(argument));
        (*owned)();
        return nullptr;
      },
      given, stack_bytes);
  if (!created) {
    delete given;
    return created;
  }
  ::pthread_detach(thread);
  return {};
}

bool Thread::is_current() const { return state_ && ::pthread_equal(state_->thread, ::pthread_self()) != 0; }

}  // namespace godwit::platform
