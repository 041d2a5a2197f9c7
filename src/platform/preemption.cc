// The signal and its handler.
#include "platform/preemption.h"

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <utility>

#include "platform/signal_context.h"
#include "platform/trap_handler.h"

namespace godwit::platform {
namespace {

// Ignored where nobody has a handler: one that comes late, or from outside, does nothing.
constexpr int kSignal = SIGURG;

struct Target {
  void (*function)(void*) = nullptr;
  void* argument = nullptr;
  std::atomic<bool> was_missed = false;  // set by the handler
};
// initial-exec: the handler must not allocate to reach it.
[[gnu::tls_model("initial-exec")]] constinit thread_local Target target;

void on_signal(int, siginfo_t* info, void* context) {
  // A guest holds no lock of the host's, and no other signal's handler is below: it would be on a stack of its own.
  if (info->si_code != SI_TKILL || !target.function) return;
  if (!current_activation() || !is_guest_code(context_pc(*static_cast<ucontext_t*>(context)))) {
    target.was_missed.store(true, std::memory_order_relaxed);
    return;
  }
  target.was_missed.store(false, std::memory_order_relaxed);
  const int error = errno;
  target.function(target.argument);
  errno = error;
}

Result<> install() {
  static std::mutex mutex;
  static bool is_installed = false;
  const std::lock_guard lock(mutex);
  if (is_installed) return {};
  struct sigaction action{};
  action.sa_sigaction = on_signal;
  // not on the signal stack, which the thread's other fibers need meanwhile
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  ::sigemptyset(&action.sa_mask);
  if (::sigaction(kSignal, &action, nullptr) != 0)
    return fail(Error(ErrorKind::Io, static_cast<uint32_t>(errno),
                      std::string("sigaction: ") + std::strerror(errno)));
  is_installed = true;
  return {};
}

}  // namespace

Result<PreemptibleThread> PreemptibleThread::create(void (*function)(void*), void* argument) {
  if (target.function) return fail(ErrorKind::Usage, "the thread is told of preemption already");
  TRY(install());
  target.function = function;
  target.argument = argument;
  PreemptibleThread thread(static_cast<int>(::syscall(SYS_gettid)));
  thread.release();  // threads of ours begin with all signals blocked
  return thread;
}

PreemptibleThread::~PreemptibleThread() {
  if (thread_id_ == static_cast<int>(::syscall(SYS_gettid))) target.function = nullptr;
}

PreemptibleThread::PreemptibleThread(PreemptibleThread&& other) noexcept
    : thread_id_(std::exchange(other.thread_id_, 0)) {}

void PreemptibleThread::request() const {
  if (thread_id_ != 0) ::syscall(SYS_tgkill, ::getpid(), thread_id_, kSignal);
}

bool PreemptibleThread::take_missed() {
  if (!target.was_missed.load(std::memory_order_relaxed)) [[likely]]
    return false;
  target.was_missed.store(false, std::memory_order_relaxed);
  return true;
}

void PreemptibleThread::release() const {
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, kSignal);
  ::pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

}  // namespace godwit::platform
