// Scheduler: many guests on one thread.
#pragma once

#include <functional>
#include <memory>

#include "godwit/result.h"

namespace godwit::GODWIT_V1 {

/// Runs functions, each on a fiber: a stack of its own that can be left in the middle. A guest whose Wasi was made with a
/// Scheduler gives its turn to others whenever it waits: for input, a connection, a clock. One that computes keeps it.
/// Moves only.
/// @lifetime outlives every Wasi that was made with it.
/// @threads one: that which made it. Threads of a guest's own may wait beside it, as threads do.
class Scheduler final {
 public:
  /// @errors Io: the system has no event queue left.
  static Result<Scheduler> create();

  ~Scheduler();
  Scheduler(Scheduler&&) noexcept;
  Scheduler& operator=(Scheduler&&) noexcept;

  /// Runs `function` on a fiber when it is its turn: during run(). From outside, or from another fiber.
  /// @errors Exhausted: no memory for its stack, which has 256 KiB. Guests run on those of their stores.
  Result<void> spawn(std::function<void()> function);

  /// Runs fibers until all have returned. Not on a fiber.
  /// @errors Io: the system refuses to wait.
  Result<void> run();

  /// @private
  struct Impl;
  /// @private
  explicit Scheduler(std::unique_ptr<Impl> impl);
  /// @private
  Impl& impl() const { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace godwit::GODWIT_V1
