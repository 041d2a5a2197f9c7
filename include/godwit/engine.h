// Engine: what modules and stores are made with.
#pragma once

#include <memory>

#include "godwit/config.h"
#include "godwit/result.h"
#include "godwit/statistics.h"

namespace godwit::GODWIT_V1 {

class Module;

/// Compiles modules and runs them. One per process is enough. A copy is another handle to the same engine.
/// @lifetime modules and stores keep their engine alive.
/// @threads immutable: use it from any thread.
class Engine final {
 public:
  /// Makes an engine.
  /// @errors Unsupported: this machine cannot run guests (no signal handler, no address space).
  /// @cost microseconds; the process's trap handlers are installed once.
  static Result<Engine> create(const Config& config = {});

  /// True if the module was made with this engine: stores take no others.
  bool made(const Module& module) const;

  /// What this engine has done so far, all its handles together.
  /// @threads any
  Statistics statistics() const;

  /// @private
  struct Impl;
  /// @private
  struct Parts;
  /// @private
  Engine(std::shared_ptr<Impl> impl, std::shared_ptr<const Parts> parts)
      : impl_(std::move(impl)), parts_(std::move(parts)) {}
  /// @private
  const std::shared_ptr<Impl>& impl() const { return impl_; }
  /// @private
  const Parts& parts() const { return *parts_; }

 private:
  std::shared_ptr<Impl> impl_;
  std::shared_ptr<const Parts> parts_;
};

}  // namespace godwit::GODWIT_V1
