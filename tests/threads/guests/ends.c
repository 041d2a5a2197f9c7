// The ways in which a program with threads ends, and what its threads share.
// usage: ends exit|trap|return|wait|limit|many|files
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <wasi/api.h>

#include "threads.h"

static struct mutex mutex;
static struct condition never, changed;
static uint32_t done, failed;

static void wait_for_ever(void* argument) {
  (void)argument;
  mutex_lock(&mutex);
  for (;;) condition_wait(&never, &mutex);
}

static void exit_7(void* argument) {
  (void)argument;
  __wasi_proc_exit(7);
}

__attribute__((noinline)) static void give_up(void* argument) {
  (void)argument;
  __builtin_trap();
}

static void spin(void* argument) {
  (void)argument;
  for (;;) __asm__ volatile("");
}

static void finish(void) {
  mutex_lock(&mutex);
  ++done;
  condition_wake(&changed, 1);
  mutex_unlock(&mutex);
}

static void nothing(void* argument) {
  (void)argument;
  finish();
}

static void wait_for_done(uint32_t wanted) {
  mutex_lock(&mutex);
  while (done < wanted) condition_wait(&changed, &mutex);
  mutex_unlock(&mutex);
}

// Opens, writes and closes a file of its own over and over, by the numbers that it gets: nobody else's may be hit.
static void use_files(void* argument) {
  char name[] = "file-?";
  name[5] = (char)('0' + (int)(uintptr_t)argument);
  for (int i = 0; i < 200; ++i) {
    __wasi_fd_t file;
    __wasi_size_t size;
    const __wasi_ciovec_t text = {(const uint8_t*)name, sizeof name};
    const __wasi_rights_t rights = __WASI_RIGHTS_FD_WRITE;
    __wasi_filestat_t stat;
    if (__wasi_path_open(3, 0, name, __WASI_OFLAGS_CREAT | __WASI_OFLAGS_TRUNC, rights, 0, 0, &file) != 0 ||
        __wasi_fd_write(file, &text, 1, &size) != 0 || size != sizeof name ||
        __wasi_fd_filestat_get(file, &stat) != 0 || stat.size != sizeof name || __wasi_fd_close(file) != 0)
      __atomic_fetch_add(&failed, 1, __ATOMIC_SEQ_CST);
  }
  finish();
}

int main(int argc, char** argv) {
  const char* const mode = argc > 1 ? argv[1] : "";
  if (strcmp(mode, "exit") == 0) {
    thread_start(wait_for_ever, NULL);
    thread_start(exit_7, NULL);
    wait_for_ever(NULL);
  } else if (strcmp(mode, "trap") == 0) {
    thread_start(spin, NULL);
    thread_start(give_up, NULL);
    spin(NULL);
  } else if (strcmp(mode, "return") == 0) {
    thread_start(spin, NULL);
    thread_start(wait_for_ever, NULL);
    return 3;
  } else if (strcmp(mode, "wait") == 0) {
    thread_start(wait_for_ever, NULL);
    wait_for_ever(NULL);
  } else if (strcmp(mode, "limit") == 0) {
    int started = 0;
    while (started < 100 && thread_start(wait_for_ever, NULL) > 0) ++started;
    printf("%d threads\n", started);
  } else if (strcmp(mode, "many") == 0) {
    // one after the other: those that have ended do not count
    for (uint32_t i = 0; i < 500; ++i) {
      int32_t id;
      while ((id = thread_start(nothing, NULL)) < 0) sched_yield();
      if (id >= 1 << 29) return 1;
      wait_for_done(i + 1);
    }
    printf("500 threads, one after the other\n");
  } else if (strcmp(mode, "files") == 0) {
    for (uintptr_t i = 0; i < 4; ++i)
      if (thread_start(use_files, (void*)i) < 0) return 1;
    wait_for_done(4);
    printf("%u failures\n", failed);
  } else {
    return 2;
  }
  return 0;
}
