// A timer of CPU time for each thread, its signal, and the way from there to the guest's registers.
#include "platform/sampling.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <unwind.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <map>
#include <mutex>
#include <string>
#include <tuple>

#include "platform/signal_context.h"

namespace godwit::platform {
namespace {

constexpr int kSignal = SIGPROF;
// Frames of the host's between the signal and a guest.
constexpr int kMostHostFrames = 256;

using Function = void (*)(void* argument, const Sample& sample, uint64_t weight);

// Never destroyed: a signal may come late.
struct State {
  std::atomic<Function> function{nullptr};
  std::atomic<void*> argument{nullptr};
  std::atomic<uint64_t> interval_ns{0};
  std::atomic<uint32_t> running_handlers{0};
};
constinit State state;

struct Timers {
  std::mutex mutex;
  std::map<pid_t, timer_t> by_thread;
  bool is_installed = false;
  pthread_key_t key{};  // its destructor drops a thread's timer
};
Timers& timers() {
  static auto& all = *new Timers;
  return all;
}

Error system_error(const char* what, int code) {
  return Error(ErrorKind::Io, static_cast<uint32_t>(code), std::string(what) + ": " + std::strerror(code));
}

pid_t own_id() { return static_cast<pid_t>(::syscall(SYS_gettid)); }

// By the numbers that unwind tables use.
#if defined(__x86_64__)
constexpr int kIpRegister = 12, kFpRegister = 13, kCtxRegister = 14, kFrameRegister = 6;
#else
constexpr int kIpRegister = 20, kFpRegister = 21, kCtxRegister = 22, kFrameRegister = 29;
#endif

struct Search {
  Sample& sample;
  int frames = 0;
};

// Guest code has no unwind tables, so the walk ends with its innermost frame at the latest.
_Unwind_Reason_Code visit(_Unwind_Context* context, void* argument) {
  auto& search = *static_cast<Search*>(argument);
  const uintptr_t pc = _Unwind_GetIP(context) - 1;  // the call lies before the place that is returned to
  if (is_guest_code(pc)) {
    search.sample.place = {.pc = pc,
                           .address = 0,
                           .ip = _Unwind_GetGR(context, kIpRegister),
                           .fp = _Unwind_GetGR(context, kFpRegister),
                           .ctx = _Unwind_GetGR(context, kCtxRegister),
                           .frame = _Unwind_GetGR(context, kFrameRegister)};
    return _URC_END_OF_STACK;
  }
  return ++search.frames < kMostHostFrames ? _URC_NO_REASON : _URC_END_OF_STACK;
}

// Compiled code has a frame between its first two instructions and its last one; before and after, the stack says who called.
uintptr_t pending_return_address(const ucontext_t& machine) {
#if defined(__x86_64__)
  const auto* code = reinterpret_cast<const uint8_t*>(context_pc(machine));
  const auto* stack = reinterpret_cast<const uintptr_t*>(machine.uc_mcontext.gregs[REG_RSP]);
  constexpr uint8_t kPushFrame = 0x55, kReturn = 0xC3, kMoveFrame[] = {0x48, 0x89, 0xE5};
  if (code[0] == kPushFrame || code[0] == kReturn) return stack[0];
  if (std::memcmp(code, kMoveFrame, sizeof kMoveFrame) == 0) return stack[1];
#else
  (void)machine;
#endif
  return 0;
}

Sample sample_of(const ucontext_t& machine) {
  Sample sample;
  sample.activation = current_activation();
  if (sample.activation == nullptr) return sample;
  const uintptr_t pc = context_pc(machine);
  if (is_guest_code(pc)) {
    sample.place = {.pc = pc,
                    .address = 0,
                    .ip = context_ip(machine),
                    .fp = context_fp(machine),
                    .ctx = context_ctx(machine),
                    .frame = context_frame(machine)};
    sample.is_in_compiled_code = is_compiled_code(pc);
    if (sample.is_in_compiled_code) sample.return_address = pending_return_address(machine);
    return sample;
  }
  sample.is_in_host = true;
  Search search{sample};
  _Unwind_Backtrace(visit, &search);
  sample.is_in_compiled_code = is_compiled_code(sample.place.pc);
  return sample;
}

void on_signal(int, siginfo_t* info, void* context) {
  if (info->si_code != SI_TIMER) return;
  const int error = errno;
  state.running_handlers.fetch_add(1);
  if (const Function function = state.function.load())
    function(state.argument.load(), sample_of(*static_cast<ucontext_t*>(context)),
             1 + static_cast<uint64_t>(std::max(info->si_overrun, 0)));
  state.running_handlers.fetch_sub(1);
  errno = error;
}

// With the mutex held.
Result<> install(Timers& all) {
  if (all.is_installed) return {};
  struct sigaction before{};
  if (::sigaction(kSignal, nullptr, &before) != 0) return fail(system_error("sigaction", errno));
  if ((before.sa_flags & SA_SIGINFO) != 0 || (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN))
    return fail(ErrorKind::Usage, "somebody else handles SIGPROF: only one profiler can");
  if (const int code = ::pthread_key_create(&all.key,
                                            [](void*) {
                                              Timers& known = timers();
                                              const std::lock_guard lock(known.mutex);
                                              const auto own = known.by_thread.find(own_id());
                                              if (own == known.by_thread.end()) return;
                                              ::timer_delete(own->second);
                                              known.by_thread.erase(own);
                                            });
      code != 0)
    return fail(system_error("pthread_key_create", code));
  struct sigaction action{};
  action.sa_sigaction = on_signal;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
  ::sigemptyset(&action.sa_mask);
  if (::sigaction(kSignal, &action, nullptr) != 0) return fail(system_error("sigaction", errno));
  all.is_installed = true;
  return {};
}

// With the mutex held.
Result<> start_timer(Timers& all) {
  const pid_t thread = own_id();
  if (all.by_thread.contains(thread)) return {};
  sigevent event{};
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = kSignal;
  event._sigev_un._tid = thread;
  timer_t timer{};
  if (::timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &timer) != 0)
    return fail(system_error("timer_create", errno));
  constexpr uint64_t kSecond = 1'000'000'000;
  const uint64_t interval = state.interval_ns.load();
  itimerspec times{};
  times.it_interval = {.tv_sec = static_cast<time_t>(interval / kSecond),
                       .tv_nsec = static_cast<long>(interval % kSecond)};
  times.it_value = times.it_interval;
  ::timer_settime(timer, 0, &times, nullptr);
  all.by_thread.emplace(thread, timer);
  ::pthread_setspecific(all.key, &all);
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, kSignal);
  ::pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
  return {};
}

}  // namespace

Result<Sampling> Sampling::start(uint64_t interval_ns, Function function, void* argument) {
  TRY(prepare_thread_for_guests());  // the handler wants a signal stack
  Timers& all = timers();
  const std::lock_guard lock(all.mutex);
  if (state.function.load() != nullptr)
    return fail(ErrorKind::Usage, "another profiler runs in this process");
  TRY(install(all));
  state.interval_ns.store(interval_ns);
  state.argument.store(argument);
  state.function.store(function);
  if (auto started = start_timer(all); !started) {
    state.function.store(nullptr);
    return fail(std::move(started).error());
  }
  return Sampling();
}

Sampling::~Sampling() {
  if (!is_running_) return;
  Timers& all = timers();
  {
    const std::lock_guard lock(all.mutex);
    state.function.store(nullptr);
    for (const auto& [thread, timer] : all.by_thread) ::timer_delete(timer);
    all.by_thread.clear();
  }
  while (state.running_handlers.load() != 0) ::sched_yield();
}

void begin_sampling_of_thread() {
  if (state.function.load(std::memory_order_relaxed) == nullptr) [[likely]]
    return;
  Timers& all = timers();
  const std::lock_guard lock(all.mutex);
  if (state.function.load() != nullptr) std::ignore = start_timer(all);  // without, its time is missing
}

// The system copies the set before it finds that there is no such way to change the mask.
bool is_readable(const void* word) {
  constexpr long kNoSuchWay = -1, kSetBytes = 8;
  return ::syscall(SYS_rt_sigprocmask, kNoSuchWay, word, nullptr, kSetBytes) != 0 && errno == EINVAL;
}

SamplingPause::SamplingPause() {
  sigset_t signals, before;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, kSignal);
  ::pthread_sigmask(SIG_BLOCK, &signals, &before);
  was_blocked_ = ::sigismember(&before, kSignal) == 1;
}

SamplingPause::~SamplingPause() {
  if (was_blocked_) return;
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, kSignal);
  ::pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

}  // namespace godwit::platform
