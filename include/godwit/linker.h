// Linker: provides what modules import.
#pragma once

#include <memory>
#include <string_view>

#include "godwit/instance.h"
#include "godwit/module.h"

namespace godwit::GODWIT_V1 {

class Nn;
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

  /// Provides all exports of an instance as the module `name`.
  /// @lifetime only for modules that are linked into the same store.
  /// @errors Usage: the instance is not of this store.
  Result<void> define(Store& store, std::string_view name, const Instance& instance);

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
