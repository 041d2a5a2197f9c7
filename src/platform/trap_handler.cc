// The signal handler, the alternate stacks it runs on, and the tables it looks things up in.
#include "platform/trap_handler.h"

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "platform/guest_entry.h"
#include "platform/memory_map.h"
#include "platform/range_table.h"
#include "platform/sampling.h"
#include "platform/signal_context.h"
#include "platform/thread.h"
#include "platform/thread_state.h"

namespace godwit::platform {

extern "C" [[gnu::visibility("hidden")]] uint32_t godwit_enter_guest(const GuestRegisters*, Activation*);
extern "C" [[gnu::visibility("hidden")]] void godwit_land_after_fault();
extern "C" [[noreturn, gnu::visibility("hidden")]] void godwit_return_from_guest(Activation*);
extern "C" [[noreturn, gnu::visibility("hidden")]] void godwit_resume_guest(const GuestRegisters*,
                                                                            Activation*);

constinit thread_local ThreadState godwit_thread_state;

namespace {

constexpr int kSignals[] = {SIGSEGV, SIGBUS};
constexpr size_t kSignalCount = 2;
// Chained handlers (crash reporters) may need a lot; untouched pages cost nothing.
constexpr size_t kSignalStackBytes = size_t{64} << 10;
constexpr size_t kEnoughSignalStackBytes = size_t{16} << 10;

// All that the handler needs and that outlives threads and stores. Never destroyed.
struct TrapState {
  RangeTable code;
  RangeTable compiled_code;
  std::atomic<void (*)(Activation&)> on_compiled_fault{nullptr};
  RangeTable memory;
  std::mutex mutex;
  std::atomic<bool> is_installed{false};
  std::atomic<uint32_t> numbered_threads{0};
  pthread_key_t signal_stack_key = 0;         // its destructor frees a thread's signal stack
  struct sigaction previous[kSignalCount]{};  // written before the handler can run
};
constinit TrapState state;

Error system_error(const char* what) {
  const int code = errno;
  return Error(ErrorKind::Io, static_cast<uint32_t>(code), std::string(what) + ": " + std::strerror(code));
}

bool is_guest_fault(const Activation* activation, uintptr_t pc, uintptr_t address) {
  return activation && is_guest_code(pc) && state.memory.contains(address);
}

// Goes on here as if the instruction that faulted had been a call.
[[noreturn]] void land_after_compiled_fault() {
  state.on_compiled_fault.load(std::memory_order_relaxed)(*godwit_thread_state.current);
  __builtin_trap();
}

// Does what would have happened without our handler.
void chain(int signal, siginfo_t* info, void* context) {
  const struct sigaction& previous = state.previous[signal == SIGSEGV ? 0 : 1];
  if (previous.sa_flags & SA_SIGINFO) {
    previous.sa_sigaction(signal, info, context);
    return;
  }
  if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) {
    previous.sa_handler(signal);
    return;
  }
  // A signal that somebody sent may be ignored, a fault may not.
  const bool was_sent = info->si_code <= 0;
  if (was_sent && previous.sa_handler == SIG_IGN) return;
  struct sigaction by_default{};
  by_default.sa_handler = SIG_DFL;
  ::sigaction(signal, &by_default, nullptr);
  // A fault comes again as soon as we return; a signal that was sent must be sent again.
  if (was_sent) ::raise(signal);
}

void on_signal(int signal, siginfo_t* info, void* context) {
  auto& machine = *static_cast<ucontext_t*>(context);
  Activation* const activation = godwit_thread_state.current;
  const uintptr_t pc = context_pc(machine);
  const auto address = reinterpret_cast<uintptr_t>(info->si_addr);
  // si_code > 0: raised by the kernel for an access, so that si_addr means something.
  if (info->si_code <= 0 || !is_guest_fault(activation, pc, address)) {
    chain(signal, info, context);
    return;
  }
  activation->fault = {
      pc, address, context_ip(machine), context_fp(machine), context_ctx(machine), context_frame(machine)};
  if (state.compiled_code.contains(pc)) {
    call_from_context(machine, reinterpret_cast<uintptr_t>(&land_after_compiled_fault));
    return;
  }
  set_context(machine, reinterpret_cast<uintptr_t>(&godwit_land_after_fault),
              reinterpret_cast<uintptr_t>(activation->landing_sp));
}

// Runs when a thread that was given a signal stack ends.
void free_signal_stack(void* base) {
  stack_t none{};
  none.ss_flags = SS_DISABLE;
  ::sigaltstack(&none, nullptr);
  ::munmap(base, kSignalStackBytes);
}

Result<> give_signal_stack() {
  stack_t existing{};
  if (::sigaltstack(nullptr, &existing) != 0) return fail(system_error("sigaltstack"));
  if (!(existing.ss_flags & SS_DISABLE) && existing.ss_size >= kEnoughSignalStackBytes) return {};
  void* base = ::mmap(nullptr, kSignalStackBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (base == MAP_FAILED) return fail(ErrorKind::Exhausted, "no memory for a signal stack");
  stack_t stack{};
  stack.ss_sp = base;
  stack.ss_size = kSignalStackBytes;
  if (::sigaltstack(&stack, nullptr) != 0) {
    Error error = system_error("sigaltstack");
    ::munmap(base, kSignalStackBytes);
    return fail(std::move(error));
  }
  ::pthread_setspecific(state.signal_stack_key, base);
  return {};
}

}  // namespace

bool is_guest_code(uintptr_t pc) { return state.code.contains(pc) || state.compiled_code.contains(pc); }

bool is_compiled_code(uintptr_t pc) { return state.compiled_code.contains(pc); }

Result<> install_trap_handler() {
  if (state.is_installed.load(std::memory_order_acquire)) return {};
  const std::lock_guard lock(state.mutex);
  if (state.is_installed.load(std::memory_order_relaxed)) return {};
  if (const int code = ::pthread_key_create(&state.signal_stack_key, free_signal_stack); code != 0) {
    errno = code;
    return fail(system_error("pthread_key_create"));
  }
  struct sigaction action{};
  action.sa_sigaction = on_signal;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  ::sigemptyset(&action.sa_mask);
  for (size_t i = 0; i < kSignalCount; ++i) {
    // The previous action must be known before the first fault can reach ours.
    if (::sigaction(kSignals[i], nullptr, &state.previous[i]) != 0 ||
        ::sigaction(kSignals[i], &action, nullptr) != 0)
      return fail(system_error("sigaction"));
  }
  state.is_installed.store(true, std::memory_order_release);
  return {};
}

Result<> prepare_thread_for_guests() {
  if (godwit_thread_state.is_prepared) [[likely]]
    return {};
  TRY(install_trap_handler());
  TRY(give_signal_stack());
  godwit_thread_state.is_prepared = true;
  begin_sampling_of_thread();
  return {};
}

uint32_t thread_number() {
  if (godwit_thread_state.number_plus_1 == 0) [[unlikely]]
    godwit_thread_state.number_plus_1 = state.numbered_threads.fetch_add(1, std::memory_order_relaxed) + 1;
  return godwit_thread_state.number_plus_1 - 1;
}

GuestExit enter_guest(const GuestRegisters& registers, Activation& activation) {
  activation.outer = godwit_thread_state.current;
  godwit_thread_state.current = &activation;
  const uint32_t faulted = godwit_enter_guest(&registers, &activation);
  godwit_thread_state.current = activation.outer;
  return faulted ? GuestExit::Faulted : GuestExit::Returned;
}

void leave_guest() { godwit_return_from_guest(godwit_thread_state.current); }

void resume_guest(const GuestRegisters& registers) {
  godwit_resume_guest(&registers, godwit_thread_state.current);
}

Activation* current_activation() { return godwit_thread_state.current; }
Activation* exchange_activation(Activation* activation) {
  return std::exchange(godwit_thread_state.current, activation);
}

void on_compiled_fault(void (*function)(Activation&)) {
  state.on_compiled_fault.store(function, std::memory_order_relaxed);
}

namespace {
RangeTable& table_of(GuestCodeKind kind) {
  return kind == GuestCodeKind::Handlers ? state.code : state.compiled_code;
}
}  // namespace

GuestCodeRange::GuestCodeRange(const void* begin, const void* end, GuestCodeKind kind)
    : slot_(table_of(kind).add(reinterpret_cast<uintptr_t>(begin), reinterpret_cast<uintptr_t>(end))),
      kind_(kind) {}

GuestCodeRange::~GuestCodeRange() {
  if (slot_) table_of(kind_).remove(slot_);
}

GuestCodeRange& GuestCodeRange::operator=(GuestCodeRange&& other) noexcept {
  std::swap(slot_, other.slot_);
  std::swap(kind_, other.kind_);
  return *this;
}

GuestMemoryRange::GuestMemoryRange(const void* base, size_t size_bytes)
    : slot_(state.memory.add(reinterpret_cast<uintptr_t>(base),
                             reinterpret_cast<uintptr_t>(base) + size_bytes)) {}

GuestMemoryRange::~GuestMemoryRange() {
  if (slot_) state.memory.remove(slot_);
}

GuestMemoryRange& GuestMemoryRange::operator=(GuestMemoryRange&& other) noexcept {
  std::swap(slot_, other.slot_);
  return *this;
}

}  // namespace godwit::platform
