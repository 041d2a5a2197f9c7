// Linker: provides what modules import.
#pragma once

#include <memory>
#include <string_view>

#include "godwit/instance.h"
#include "godwit/module.h"

namespace godwit::GODWIT_V1 {

class Nn;
class SharedMemory;
class Threads;
class Wasi;

/// A set of named definitions against which modules are linked.
/// @threads one at a time.
class Linker final {
 public:
  Linker();
  ~Linker();
  Linker(Linker&&) noexcept;
  Linker& operator=(Linker&&) noexcept;

  /// Provides `wasi_snapshot_preview1`.
  /// @lifetime `wasi` outlives every store it is linked into.
  void define(Wasi& wasi);

  /// Provides `wasi_ephemeral_nn`.
  /// @lifetime `nn` outlives every store it is linked into.
  void define(Nn& nn);

  /// Provides `wasi.thread-spawn`, and the shared memories that its module imports, unless they are defined already.
  /// @lifetime `threads` and this linker outlive every store it is linked into. What threads import is looked up when
  ///   they start: define everything before the guest runs, from host functions and shared memories only.
  /// @errors Unlinkable: the module exports no `wasi_thread_start`. Exhausted: no room for the memories. Usage: they are
  ///   defined in a linker already.
  Result<void> define(Threads& threads);

  /// Provides a shared memory, to any store.
  void define(std::string_view module, std::string_view name, const SharedMemory& memory);

  /// Provides all exports of an instance as the module `name`.
  /// Modules of other stores cannot import them.
  /// @errors Usage: the instance is not of this store.
  Result<void> define(Store& store, std::string_view name, const Instance& instance);

  /// Provides a tag as `name` of the module `module`.
  /// @lifetime only for modules that are linked into the same store.
  /// @errors Usage: the tag is not of this store.
  Result<void> define(Store& store, std::string_view module, std::string_view name, const Tag& tag);

  /// Adds a sentence to errors about missing imports from `module`: what would provide them.
  void hint(std::string_view module, std::string_view text);

  /// Resolves the imports of `module`, instantiates it and runs its start function.
  /// @errors Unlinkable: names every import that is missing or of another type, with the hint. Trap, Exhausted: a
  ///   segment does not fit, a limit, or the start function ended so.
  Result<Instance> instantiate(Store& store, const Module& module) const;

  /// @private
  struct Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace godwit::GODWIT_V1
