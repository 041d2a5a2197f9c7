// Reads clocks, sleeps, and waits for files.
#include <poll.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

static double seconds(clockid_t clock) {
  struct timespec now;
  CHECK(clock_gettime(clock, &now) == 0);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(void) {
  struct timespec step;
  CHECK(clock_getres(CLOCK_MONOTONIC, &step) == 0 && step.tv_sec == 0 && step.tv_nsec > 0);
  CHECK(seconds(CLOCK_REALTIME) > 1.7e9);
  double begin = seconds(CLOCK_MONOTONIC);
  const struct timespec pause = {0, 20000000};
  CHECK(nanosleep(&pause, NULL) == 0);
  double slept = seconds(CLOCK_MONOTONIC) - begin;
  CHECK(slept >= 0.02 && slept < 5);
  struct timespec until;
  CHECK(clock_gettime(CLOCK_REALTIME, &until) == 0);
  until.tv_nsec += 20000000;
  if (until.tv_nsec >= 1000000000) until.tv_sec++, until.tv_nsec -= 1000000000;
  CHECK(clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &until, NULL) == 0);
  CHECK(seconds(CLOCK_REALTIME) >= (double)until.tv_sec + (double)until.tv_nsec / 1e9 - 1e-6);
  struct pollfd files[1] = {{.fd = 1, .events = POLLOUT}};
  CHECK(poll(files, 1, 1000) == 1 && files[0].revents & POLLOUT);
  begin = seconds(CLOCK_MONOTONIC);
  CHECK(poll(NULL, 0, 20) == 0 || errno == ENOTSUP);
  CHECK(usleep(1000) == 0);
  puts("clocks work");
}
