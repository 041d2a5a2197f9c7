// Profiler: where guests spend their CPU time.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "godwit/result.h"

namespace godwit::GODWIT_V1 {

/// Asks threads that run guests now and then which functions they are in, in every tier, and counts the answers. There is
/// one in a process at a time, for all its engines. Takes SIGPROF.
class Profiler final {
 public:
  /// Samples from now on the calling thread, and each thread that enters a guest for the first time.
  /// @param interval of CPU time of each thread between two samples, more than zero. Systems look at such timers at
  /// their clock's ticks, often every 4 ms: what has passed in between is counted.
  /// @errors Usage: there is one already, or the process handles SIGPROF itself. Io, Exhausted: the system refuses.
  /// @cost some microseconds per sample; 40 MiB of address space.
  static Result<Profiler> start(std::chrono::nanoseconds interval = std::chrono::milliseconds(1));
  ~Profiler();
  Profiler(Profiler&&) noexcept;
  Profiler& operator=(Profiler&&) noexcept;

  /// Numbers of samples; each stands for `interval`.
  struct Counts {
    uint64_t all = 0;
    uint64_t outside =
        0;  ///< of threads without a guest on their stack: loading modules, the embedder's own work
    uint64_t in_host = 0;  ///< in host functions, and what guests have the runtime do
    uint64_t cut =
        0;  ///< of stacks whose outer end is not known: they were being changed, or had 1,000 frames
    uint64_t lost = 0;  ///< of guests of which nothing else is known
  };
  /// Ends the sampling. A second call changes nothing. @threads the one that destroys the profiler.
  Counts stop();

  /// After stop(): a line for each stack that was seen, from the outermost function to the innermost with ';' between, a
  /// space and the number of samples: "folded stacks", which tools that draw flame graphs read. Functions have the names
  /// of the module's name section, else of exports, else func[INDEX]; those of the host are called by the names that they
  /// are imported by, what the runtime does for a guest [runtime], and what is not known [unknown].
  std::string folded_stacks() const;

  /// @private
  struct Impl;

 private:
  explicit Profiler(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace godwit::GODWIT_V1
