// Threads: lets guests start threads, as `wasi.thread-spawn`.
#pragma once

#include <cstdint>
#include <memory>

#include "godwit/config.h"
#include "godwit/module.h"

namespace godwit::GODWIT_V1 {

/// How many threads guests may start.
struct ThreadsConfig {
  uint32_t max_threads =
      256;             ///< of one guest at a time, beside its main thread; thread-spawn then returns -1
  Limits limits = {};  ///< of each thread, but for max_memory_bytes: that of shared memories
};

/// The threads of one module's guests by the wasi-threads convention: each runs the module's `wasi_thread_start` in an
/// instance of its own. The first that traps or exits ends the guest: what the main thread does then returns that
/// error. Threads that still run when a call of the main thread's ends with an error are stopped before the call
/// returns; otherwise they go on until their main store is destroyed. Moves only.
/// @lifetime outlives the stores it is linked into; so does the linker, and all that is defined there.
/// @spec https://github.com/WebAssembly/wasi-threads
class Threads final {
 public:
  /// @param module which the threads are instances of: the one that is to be instantiated.
  explicit Threads(const Module& module, const ThreadsConfig& config = {});
  ~Threads();
  Threads(Threads&&) noexcept;
  Threads& operator=(Threads&&) noexcept;

  /// True if the module imports `wasi.thread-spawn`. @cost one pass over the imports.
  static bool are_wanted_by(const Module& module);

  /// @private
  struct Impl;
  /// @private
  Impl& impl() const { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace godwit::GODWIT_V1
