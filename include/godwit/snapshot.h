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

  /// The state alone, to be kept where the module is known anyway.
  std::vector<uint8_t> serialize_state() const;

  /// The snapshot that serialize_state() has written of an instance of the same module. It is not trusted: all of it is
  /// checked, which keeps memory safe, but not the guest's own rules about what lies in its memory.
  /// @errors Malformed: it does not fit the module. Exhausted: no room.
  static Result<Snapshot> with_state(const Module& module, std::span<const uint8_t> state);

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
