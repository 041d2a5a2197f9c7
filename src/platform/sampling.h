// Sampling: asks the threads that run guests where they are, as often as they use CPU time.
#pragma once

#include <cstdint>
#include <utility>

#include "base/error.h"
#include "platform/trap_handler.h"

namespace godwit::platform {

// Where a thread was when it was asked.
struct Sample {
  Activation* activation =
      nullptr;              // the innermost; null: no guest is on the thread's stack, and `place` is empty
  bool is_in_host = false;  // the guest waits for a function of the host's; `place` is the call
  bool is_in_compiled_code = false;  // pc lies in code of GuestCodeKind::Compiled
  Fault place;                       // `address` means nothing; pc is 0 if the guest was not found
  // x86-64, in compiled code whose frame is not complete: where it will return to. Else 0.
  uintptr_t return_address = 0;
};

// As long as the object lives, each thread that enters a guest for the first time, and the one that has started the sampling,
// is asked about once in `interval_ns` of its CPU time. There is one in a process at a time.
class Sampling final {
 public:
  // @param function is called with `argument` by a signal handler, on the thread that the sample is of: it must neither
  // wait for a lock that anybody else takes without blocking SIGPROF, nor allocate. `weight`: how many intervals have passed.
  // @errors Usage: there is one, or somebody else handles SIGPROF. Io: the system refuses.
  static Result<Sampling> start(uint64_t interval_ns,
                                void (*function)(void* argument, const Sample& sample, uint64_t weight),
                                void* argument);
  // When it returns, the function runs no more.
  ~Sampling();
  Sampling(Sampling&& other) noexcept : is_running_(std::exchange(other.is_running_, false)) {}
  Sampling& operator=(Sampling&&) = delete;

 private:
  Sampling() = default;
  bool is_running_ = true;
};

// Keeps the calling thread from being asked.
class SamplingPause final {
 public:
  SamplingPause();
  ~SamplingPause();
  SamplingPause(const SamplingPause&) = delete;
  SamplingPause& operator=(const SamplingPause&) = delete;

 private:
  bool was_blocked_;
};

// True if the word there can be read: for addresses that anything may have come from. @threads any; async-signal-safe.
bool is_readable(const void* word);

// Called by each thread once, before its first guest.
void begin_sampling_of_thread();

}  // namespace godwit::platform
