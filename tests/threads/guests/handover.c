// Four threads hand a turn round, under a mutex and condition variables made of memory.atomic.wait32 and notify.
// usage: handover [how many hand-overs]
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "threads.h"

enum { kThreads = 4 };

static struct mutex mutex;
static struct condition its_turn[kThreads];
static struct condition all_done;
static uint32_t turn, handed_over, wanted, running;

static void hand_over(void* argument) {
  const uint32_t self = (uint32_t)(uintptr_t)argument;
  mutex_lock(&mutex);
  for (;;) {
    while (turn != self && handed_over < wanted) condition_wait(&its_turn[self], &mutex);
    if (handed_over == wanted) break;
    ++handed_over;
    turn = (self + 1) % kThreads;
    condition_wake(&its_turn[turn], 1);
  }
  for (int i = 0; i < kThreads; ++i) condition_wake(&its_turn[i], kThreads);
  if (--running == 0) condition_wake(&all_done, 1);
  mutex_unlock(&mutex);
}

int main(int argc, char** argv) {
  wanted = argc > 1 ? (uint32_t)atoi(argv[1]) : 1000;
  running = kThreads;
  for (uintptr_t i = 0; i < kThreads; ++i)
    if (thread_start(hand_over, (void*)i) <= 0) return 1;
  mutex_lock(&mutex);
  while (running != 0) condition_wait(&all_done, &mutex);
  mutex_unlock(&mutex);
  printf("%u hand-overs between %d threads\n", handed_over, kThreads);
  return handed_over == wanted ? 0 : 1;
}
