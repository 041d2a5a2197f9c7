/* Signals of embedders that have handlers of their own: faults of the host's reach the host's handler, faults of guests become
 * traps, and neither side's stacks are touched by the other. Each case runs in a process of its own. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../capi/check.h"

/* A page of the host's that cannot be read until its handler has seen the fault. */
static byte_t* page;
static volatile sig_atomic_t host_faults;
static volatile sig_atomic_t foreign_faults;
static struct sigaction previous;

/* Where the thread's alternate stack lies that the host has given it; null: none. */
static __thread byte_t* signal_stack;
enum { kSignalStackBytes = 32 << 10 }; /* as Go's */
static volatile sig_atomic_t off_stack;

static void check_stack(void) {
  byte_t here;
  if (signal_stack && (&here < signal_stack || &here >= signal_stack + kSignalStackBytes)) ++off_stack;
}

static void on_fault(int signal, siginfo_t* info, void* context) {
  check_stack();
  if (info->si_code > 0 && (byte_t*)info->si_addr == page) {
    ++host_faults;
    if (mprotect(page, 4096, PROT_READ | PROT_WRITE) != 0) _exit(90);
    return;
  }
  ++foreign_faults;
  if (info->si_code <= 0) return; /* somebody has sent it */
  /* none of the host's: whoever was there before */
  if (previous.sa_flags & SA_SIGINFO) {
    previous.sa_sigaction(signal, info, context);
    return;
  }
  _exit(91);
}

static void install_handler(void) {
  struct sigaction action = {0};
  action.sa_sigaction = on_fault;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
  sigfillset(&action.sa_mask);
  CHECK(sigaction(SIGSEGV, &action, &previous) == 0);
}

/* The host touches its page. */
static void fault(void) {
  const int before = host_faults;
  CHECK(mprotect(page, 4096, PROT_NONE) == 0);
  *(volatile byte_t*)page = 1;
  CHECK(host_faults == before + 1);
}

static wasm_trap_t* fault_in_callback(const wasm_val_vec_t* args, wasm_val_vec_t* results) {
  (void)args;
  (void)results;
  fault();
  return NULL;
}

static const char kText[] =
    "(module (import \"\" \"host\" (func $host)) (memory 1)"
    " (func (export \"far\") (drop (i32.load (i32.const 0x7fffffff))))"
    " (func (export \"host\") (result i32) (call $host) (i32.const 7))"
    " (func (export \"far after host\") (call $host) (i32.store (i32.const 0x100000) (i32.const 1)))"
    " (func (export \"work\") (param i32) (result i32) (local $sum i32)"
    "  (loop $more (local.set $sum (i32.add (i32.mul (local.get $sum) (i32.const 31)) (local.get 0)))"
    "   (i32.store (i32.const 8) (local.get $sum))"
    "   (local.set 0 (i32.sub (local.get 0) (i32.const 1))) (br_if $more (local.get 0)))"
    "  (i32.load (i32.const 8))))";

typedef struct guest_t {
  world_t world;
  wasm_func_t* host;
  wasm_instance_t* instance;
} guest_t;

static guest_t guest_new(godwit_tier_t tier) {
  guest_t guest;
  wasm_config_t* config = wasm_config_new();
  godwit_config_set_tier(config, tier);
  guest.world.engine = wasm_engine_new_with_config(config);
  guest.world.store = wasm_store_new(guest.world.engine);
  wasm_functype_t* type = wasm_functype_new_0_0();
  guest.host = wasm_func_new(guest.world.store, type, fault_in_callback);
  wasm_functype_delete(type);
  wasm_extern_t* import_array[] = {wasm_func_as_extern(guest.host)};
  const wasm_extern_vec_t imports = WASM_ARRAY_VEC(import_array);
  guest.instance = instance_of(guest.world.store, kText, &imports);
  return guest;
}

static void guest_delete(guest_t guest) {
  wasm_instance_delete(guest.instance);
  wasm_func_delete(guest.host);
  world_delete(guest.world);
}

static void check_guest_traps(const guest_t* guest, const char* name) {
  wasm_func_t* func = func_of(guest->instance, name);
  char* message = message_of_trap(func);
  CHECK(strstr(message, "out of bounds memory access"));
  free(message);
  wasm_func_delete(func);
}

/* Faults of both sides, in turn and inside of each other. */
static void use(const guest_t* guest) {
  wasm_func_t* host = func_of(guest->instance, "host");
  for (int round = 0; round < 3; ++round) {
    fault();
    check_guest_traps(guest, "far");
    CHECK(call_i32(host, 0, 0, 0) == 7);
    check_guest_traps(guest, "far after host");
  }
  CHECK(host_faults % 9 == 0);
  wasm_func_delete(host);
}

static void use_in_every_tier(void) {
  static const godwit_tier_t kTiers[] = {GODWIT_TIER_INTERPRETER, GODWIT_TIER_BASELINE, GODWIT_TIER_AUTO};
  for (size_t i = 0; i < 3; ++i) {
    guest_t guest = guest_new(kTiers[i]);
    use(&guest);
    guest_delete(guest);
  }
}

/* The host's handler was there before the engine. */
static void handler_before(void) {
  install_handler();
  use_in_every_tier();
  CHECK(foreign_faults == 0); /* guests' faults did not reach it */
  CHECK(kill(getpid(), SIGSEGV) == 0);
  CHECK(foreign_faults == 1); /* what somebody sends does */
}

/* It came later, and leaves to Godwit's what is none of its own. */
static void handler_after(void) {
  guest_t first = guest_new(GODWIT_TIER_AUTO);
  check_guest_traps(&first, "far");
  install_handler();
  CHECK(previous.sa_flags & SA_SIGINFO);
  use(&first);
  use_in_every_tier();
  CHECK(foreign_faults == 4 * 6);
  guest_delete(first);
}

/* Without one, the host's own fault ends the process as it would without Godwit. */
static void no_handler(void) {
  guest_t guest = guest_new(GODWIT_TIER_AUTO);
  check_guest_traps(&guest, "far");
  CHECK(mprotect(page, 4096, PROT_NONE) == 0);
  *(volatile byte_t*)page = 1;
  CHECK(!"reached");
}

/* Like Go: every thread that runs guests has an alternate stack of the host's, a handler runs on it, and the threads are sent
 * signals all the time. */

static atomic_int interruptions;
static atomic_bool is_over;
static pthread_barrier_t finished; /* the three threads, and who joins them */

static void on_preemption(int signal) {
  (void)signal;
  check_stack();
  atomic_fetch_add_explicit(&interruptions, 1, memory_order_relaxed);
}

static void* run_like_go(void* argument) {
  signal_stack = mmap(NULL, kSignalStackBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(signal_stack != MAP_FAILED);
  stack_t stack = {0};
  stack.ss_sp = signal_stack;
  stack.ss_size = kSignalStackBytes;
  CHECK(sigaltstack(&stack, NULL) == 0);
  guest_t guest = guest_new(*(const godwit_tier_t*)argument);
  wasm_func_t* work = func_of(guest.instance, "work");
  const int32_t expected = call_i32(work, 1, 20000, 0);
  /* until signals have come while guests ran */
  const int before = atomic_load(&interruptions);
  for (int round = 0; round < 20 || atomic_load(&interruptions) < before + 50; ++round) {
    CHECK(call_i32(work, 1, 20000, 0) == expected);
    check_guest_traps(&guest, "far");
  }
  stack_t now;
  CHECK(sigaltstack(NULL, &now) == 0);
  CHECK(now.ss_sp == stack.ss_sp && now.ss_size == stack.ss_size && now.ss_flags == 0);
  wasm_func_delete(work);
  guest_delete(guest);
  pthread_barrier_wait(&finished);
  signal_stack = NULL;
  stack.ss_flags = SS_DISABLE;
  CHECK(sigaltstack(&stack, NULL) == 0);
  return NULL;
}

static void* send_signals(void* argument) {
  const pthread_t* threads = argument;
  const struct timespec pause = {0, 100000};
  while (!atomic_load(&is_over)) {
    for (int i = 0; i < 3; ++i) pthread_kill(threads[i], SIGURG);
    nanosleep(&pause, NULL);
  }
  return NULL;
}

static void run_threads_like_go(void) {
  struct sigaction action = {0};
  action.sa_handler = on_preemption;
  action.sa_flags = SA_ONSTACK | SA_RESTART;
  CHECK(sigaction(SIGURG, &action, NULL) == 0);
  static godwit_tier_t tiers[] = {GODWIT_TIER_INTERPRETER, GODWIT_TIER_BASELINE, GODWIT_TIER_AUTO};
  pthread_t threads[3], sender;
  CHECK(pthread_barrier_init(&finished, NULL, 4) == 0);
  for (int i = 0; i < 3; ++i) CHECK(pthread_create(&threads[i], NULL, run_like_go, &tiers[i]) == 0);
  CHECK(pthread_create(&sender, NULL, send_signals, threads) == 0);
  /* the threads are there until they are joined, so that they may be sent signals until then */
  pthread_barrier_wait(&finished);
  atomic_store(&is_over, true);
  CHECK(pthread_join(sender, NULL) == 0);
  for (int i = 0; i < 3; ++i) CHECK(pthread_join(threads[i], NULL) == 0);
  CHECK(off_stack == 0);
}

static void go_like_before(void) {
  install_handler();
  run_threads_like_go();
  CHECK(foreign_faults == 0);
  use_in_every_tier();
}

static void go_like_after(void) {
  guest_delete(guest_new(GODWIT_TIER_AUTO));
  install_handler();
  run_threads_like_go();
  CHECK(foreign_faults > 20); /* three threads count, without a lock */
  use_in_every_tier();
}

static void run(const char* name, void (*function)(void), int expected_signal) {
  fprintf(stderr, "%s\n", name);
  const pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    function();
    exit(0);
  }
  int status;
  CHECK(waitpid(child, &status, 0) == child);
  if (expected_signal != 0 ? WIFSIGNALED(status) && WTERMSIG(status) == expected_signal
                           : WIFEXITED(status) && WEXITSTATUS(status) == 0)
    return;
  fprintf(stderr, "%s ended with status 0x%x\n", name, (unsigned)status);
  exit(1);
}

int main(void) {
  page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(page != MAP_FAILED);
  run("handler before", handler_before, 0);
  run("handler after", handler_after, 0);
  run("like Go, handler before", go_like_before, 0);
  run("like Go, handler after", go_like_after, 0);
#ifndef GODWIT_SANITIZED /* whose handler reports it and exits */
  run("no handler", no_handler, SIGSEGV);
#else
  (void)no_handler;
#endif
  printf("5 cases of signals passed\n");
  return 0;
}
