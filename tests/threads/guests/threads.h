// The little that guests of these tests need of threads: starting them, a mutex, and condition variables. The C
// library of the sysroot knows nothing of threads: only one of them may use it at a time.
#pragma once

#include <stdint.h>
#include <stdlib.h>

__attribute__((import_module("wasi"), import_name("thread-spawn"))) int32_t wasi_thread_spawn(void* argument);

struct thread {
  char* stack_top;  // wasi_thread_start reads it before there is a stack
  void (*function)(void*);
  void* argument;
};

// Every thread is an instance with globals of its own: without a stack of its own it would use the main thread's.
__asm__(
    ".globaltype __stack_pointer, i32\n"
    ".functype run_thread (i32) -> ()\n"
    ".globl wasi_thread_start\n"
    ".export_name wasi_thread_start, wasi_thread_start\n"
    ".type wasi_thread_start,@function\n"
    "wasi_thread_start:\n"
    "  .functype wasi_thread_start (i32, i32) -> ()\n"
    "  local.get 1\n"
    "  i32.load 0\n"
    "  global.set __stack_pointer\n"
    "  local.get 1\n"
    "  call run_thread\n"
    "  end_function\n");

__attribute__((used)) void run_thread(struct thread* self) { self->function(self->argument); }

// Its id, or a negative number. The stacks of threads are not given back.
static inline int32_t thread_start(void (*function)(void*), void* argument) {
  enum { kStackBytes = 64 << 10 };
  struct thread* const self = malloc(sizeof *self);
  char* const stack = malloc(kStackBytes);
  if (!self || !stack) abort();
  self->stack_top = (char*)((uintptr_t)(stack + kStackBytes) & ~(uintptr_t)15);
  self->function = function;
  self->argument = argument;
  const int32_t id = wasi_thread_spawn(self);
  if (id < 0) {
    free(stack);
    free(self);
  }
  return id;
}

// 0: free. 1: taken. 2: taken, and somebody may wait.
struct mutex {
  int32_t state;
};

static inline void mutex_lock(struct mutex* mutex) {
  int32_t expected = 0;
  if (__atomic_compare_exchange_n(&mutex->state, &expected, 1, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) return;
  while (__atomic_exchange_n(&mutex->state, 2, __ATOMIC_SEQ_CST) != 0)
    __builtin_wasm_memory_atomic_wait32(&mutex->state, 2, -1);
}

static inline void mutex_unlock(struct mutex* mutex) {
  if (__atomic_exchange_n(&mutex->state, 0, __ATOMIC_SEQ_CST) == 2)
    __builtin_wasm_memory_atomic_notify(&mutex->state, 1);
}

struct condition {
  int32_t wakes;
};

static inline void condition_wait(struct condition* condition, struct mutex* mutex) {
  const int32_t seen = __atomic_load_n(&condition->wakes, __ATOMIC_SEQ_CST);
  mutex_unlock(mutex);
  __builtin_wasm_memory_atomic_wait32(&condition->wakes, seen, -1);
  mutex_lock(mutex);
}

static inline void condition_wake(struct condition* condition, uint32_t count) {
  __atomic_fetch_add(&condition->wakes, 1, __ATOMIC_SEQ_CST);
  __builtin_wasm_memory_atomic_notify(&condition->wakes, count);
}
