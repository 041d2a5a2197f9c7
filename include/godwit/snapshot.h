// Snapshot: the state of an instance, from which new instances begin.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "godwit/instance.h"

namespace godwit::GODWIT_V1 {

/// What Instance::snapshot() has taken: the memories, tables and globals that an instance owns, and its module. Instances
/// that begin with it share its memory until they write to it; what one writes, no other sees. What is imported is not
/// part of it: neither imported memories, tables and globals nor what host functions know, such as open files. A copy is
/// another handle to the same snapshot.
/// @threads immutable: use it from any thread.
class Snapshot final {
 public:
  /// The snapshot that a module from serialize() brings along; nothing if it brings none. It is not trusted: all of it is
  /// checked.
  /// @errors Malformed: it does not fit the module. Exhausted: no room.
  static Result<std::optional<Snapshot>> of(const Module& module);

  /// A new instance with this state; the module's start function and initialisers do not run again.
  /// @param imports as for Instance::create.
  /// @errors as Instance::create.
  /// @cost microseconds, however much memory there is; pages are copied when they are written to.
  Result<Instance> instantiate(Store& store, std::span<const Extern> imports) const;

  /// The module's bytes with this state in a custom section, from which Snapshot::of() makes it again. There is no native
  /// code in it. Where the section is not known, it is the module as it was.
  /// @errors Exhausted: with that state a module would have more than 2^32 bytes.
  Result<std::vector<uint8_t>> serialize() const;

  /// The module.
  const Module& module() const;

  /// @private
  struct Impl;
  /// @private
  explicit Snapshot(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  /// @private
  const std::shared_ptr<const Impl>& impl() const { return impl_; }

 private:
  std::shared_ptr<const Impl> impl_;
};

}  // namespace godwit::GODWIT_V1
