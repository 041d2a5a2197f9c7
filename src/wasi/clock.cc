// Group clock: what time it is, in nanoseconds.
// spec: https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#clock_res_get
#include "wasi/clock.h"

#include "wasi/p1_support.h"

namespace godwit::wasi {

Expected<platform::Clock> to_clock(uint32_t id) {
  switch (id) {
    case 0: return platform::Clock::Realtime;
    case 1: return platform::Clock::Monotonic;
    case 2: return platform::Clock::ProcessCpu;
    case 3: return platform::Clock::ThreadCpu;
  }
  return std::unexpected(Errno::Inval);
}

// The step of clock `id` as u64 ns.
Errno P1::clock_res_get(uint32_t id, GuestPtr<Timestamp> resolution) {
  WASI_ASSIGN_OR_RETURN(const platform::Clock clock, to_clock(id));
  return put(resolution, platform::resolution_ns(clock));
}

// What clock `id` shows, as u64 ns. Always as precise as the host can, whatever precision was asked for.
Errno P1::clock_time_get(uint32_t id, Timestamp, GuestPtr<Timestamp> time) {
  WASI_ASSIGN_OR_RETURN(const platform::Clock clock, to_clock(id));
  return put(time, platform::now_ns(clock));
}

}  // namespace godwit::wasi
