// Linker: provides what modules import.
#pragma once

#include <memory>
#include <string_view>

#include "godwit/host_func.h"
#include "godwit/instance.h"
#include "godwit/module.h"

namespace godwit::GODWIT_V1 {

class Nn;
class SharedMemory;
class Threads;
class Tls;
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

  /// Provides `rustls_client` and `wasmedge_httpsreq`.
  /// @lifetime `tls` outlives every store it is linked into.
  void define(Tls& tls);

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

  /// Provides a function, memory, table, global or tag as `name` of the module `module`.
  /// @lifetime only for modules that are linked into the same store.
  /// @errors Usage: it is not of this store.
  Result<void> define(Store& store, std::string_view module, std::string_view name, const Extern& value);

  /// Provides a C++ function, lambda or function object (HostCallable says which), to any store:
  /// `linker.define("env", "add", [](int32_t a, int32_t b) { return a + b; })`. It is kept as long as this linker and every
  /// store that it was linked into. Of several under one name, the import's type chooses.
  template <HostCallable Callable>
  void define(std::string_view module, std::string_view name, Callable callable) {
    define_host(module, name, detail::host_function(std::move(callable)));
  }

  /// The same with a type that is known only at run time.
  /// @errors Usage: a type is OtherRef.
  template <detail::Callback Callback>
  Result<void> define(std::string_view module, std::string_view name, FuncType type, Callback callback) {
    return define_dynamic(module, name, std::move(type), detail::guarded(std::move(callback)));
  }

  /// Adds a sentence to errors about missing imports from `module`: what would provide them.
  void hint(std::string_view module, std::string_view text);

  /// Resolves the imports of `module`, instantiates it and runs its start function.
  /// @errors Usage: the module is of another engine. Unlinkable: names every import that is missing or of another type,
  ///   with the hint. Trap, Exhausted: a segment does not fit, a limit, or the start function ended so.
  Result<Instance> instantiate(Store& store, const Module& module) const;

  /// The same for a new instance that begins with the state of a snapshot.
  Result<Instance> instantiate(Store& store, const Snapshot& snapshot) const;

  /// @private
  struct Impl;

 private:
  void define_host(std::string_view module, std::string_view name, detail::HostFunction function);
  Result<void> define_dynamic(std::string_view module, std::string_view name, FuncType type,
                              HostCallback callback);

  std::unique_ptr<Impl> impl_;
};

}  // namespace godwit::GODWIT_V1
