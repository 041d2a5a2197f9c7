// Store: the world in which instances live.
#pragma once

#include <chrono>
#include <memory>

#include "godwit/engine.h"

namespace godwit::GODWIT_V1 {

/// Owns instances and all that belongs to them; everything in it lives until the store is destroyed.
/// @threads one at a time, save interrupt().
class Store final {
 public:
  /// @param limits hold for each guest of this store, whatever tier runs it.
  explicit Store(const Engine& engine, const Limits& limits = {});
  ~Store();
  Store(Store&&) noexcept;
  Store& operator=(Store&&) noexcept;

  /// Stops the guest that runs now, or the next one to run, with an error for which is_interruption() is true.
  /// Every later call ends the same way. @threads any; never blocks. Returns before the guest has stopped.
  void interrupt();

  /// Calls interrupt() when `timeout` has passed, counted from now. A second call replaces the first.
  /// @param timeout more than zero.
  /// @errors Io: no thread could be started.
  /// @cost one sleeping thread.
  Result<void> set_timeout(std::chrono::nanoseconds timeout);

  /// @private
  struct Impl;
  /// @private
  Impl& impl() const { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace godwit::GODWIT_V1
