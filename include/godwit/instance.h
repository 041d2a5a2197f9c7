// Instance: a handle to an instantiated module in a store.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "godwit/extern.h"
#include "godwit/module.h"

namespace godwit::GODWIT_V1 {

class Snapshot;

/// An instance. 16 bytes, copied freely.
/// @lifetime usable with the store it came from; with any other, nothing is found.
class Instance final {
 public:
  /// Instantiates `module` with `imports`, one for each of Module::imports() in that order, and runs its start function.
  /// A Linker finds them by name.
  /// @errors Usage: too few or too many, or of another store; or the module is of another engine. Unlinkable: of another
  ///   type. Trap, Exhausted: a segment does not fit, a limit, or the start function ended so.
  static Result<Instance> create(Store& store, const Module& module, std::span<const Extern> imports);

  /// The export called `name`; nothing if there is none.
  std::optional<Extern> find(Store& store, std::string_view name) const;
  /// All exports, in the module's order; empty if the instance is not of this store.
  std::vector<Export> exports(Store& store) const;

  /// The exported function called `name`; nothing if there is none.
  std::optional<Func> find_func(Store& store, std::string_view name) const;
  /// The exported memory called `name`; nothing if there is none.
  std::optional<Memory> find_memory(Store& store, std::string_view name) const;
  /// The exported table called `name`; nothing if there is none.
  std::optional<Table> find_table(Store& store, std::string_view name) const;
  /// The exported global called `name`; nothing if there is none.
  std::optional<Global> find_global(Store& store, std::string_view name) const;
  /// The exported tag called `name`; nothing if there is none.
  std::optional<Tag> find_tag(Store& store, std::string_view name) const;

  /// The state of this instance as it is now, from which others can begin (godwit/snapshot.h).
  /// @errors Usage: it is not of this store, or a guest of the store runs. Unsupported: it holds what cannot be taken:
  ///   structs, arrays, exceptions and externrefs, functions of other instances, a shared memory. Exhausted: no room.
  /// @cost linear in the size of its memories.
  Result<Snapshot> snapshot(Store& store) const;

  /// What is left of this instance after `error` has ended a call of it, for debuggers: a core dump in the format of
  /// WebAssembly's tool conventions, with its memories, its globals and the error's backtrace. Whatever secrets the guest
  /// had in memory are in it.
  /// @param program the name that the dump has for it.
  /// @errors Usage: the instance is not of this store.
  /// @cost linear in the size of its memories.
  Result<std::vector<uint8_t>> core_dump(Store& store, const Error& error,
                                         std::string_view program = {}) const;

  /// @private
  Instance(uint64_t store_id, void* instance) : store_id_(store_id), instance_(instance) {}
  /// @private
  void* get(const Store& store) const;

 private:
  uint64_t store_id_;
  void* instance_;  // a runtime::Instance of the store with that id
};

}  // namespace godwit::GODWIT_V1
