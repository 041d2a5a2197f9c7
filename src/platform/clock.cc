// Clocks by clock_gettime.
#include "platform/clock.h"

#include <time.h>

#include <algorithm>

namespace godwit::platform {

namespace {

clockid_t id_of(Clock clock) {
  switch (clock) {
    case Clock::Realtime: return CLOCK_REALTIME;
    case Clock::Monotonic: return CLOCK_MONOTONIC;
    case Clock::ProcessCpu: return CLOCK_PROCESS_CPUTIME_ID;
    case Clock::ThreadCpu: return CLOCK_THREAD_CPUTIME_ID;
  }
  return CLOCK_MONOTONIC;
}

uint64_t to_ns(const timespec& time) {
  // Before 1970 the real-time clock has no value of its own.
  if (time.tv_sec < 0) return 0;
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
}

}  // namespace

uint64_t now_ns(Clock clock) {
  timespec time{};
  ::clock_gettime(id_of(clock), &time);
  return to_ns(time);
}

uint64_t resolution_ns(Clock clock) {
  timespec step{};
  ::clock_getres(id_of(clock), &step);
  return std::max<uint64_t>(to_ns(step), 1);
}

}  // namespace godwit::platform
