// The clocks of the system.
#pragma once

#include <cstdint>

namespace godwit::platform {

enum class Clock : uint8_t {
  Realtime,    // since 1970-01-01 UTC; may jump
  Monotonic,   // since some moment; never goes back
  ProcessCpu,  // CPU time of this process
  ThreadCpu,   // CPU time of the calling thread
};

// What `clock` shows, in nanoseconds.
uint64_t now_ns(Clock clock);

// The step of `clock`, in nanoseconds; at least 1.
uint64_t resolution_ns(Clock clock);

}  // namespace godwit::platform
