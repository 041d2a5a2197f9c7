// Threads: `wasi.thread-spawn`, by which the guests of one module start threads.
// spec: https://github.com/WebAssembly/wasi-threads
#pragma once

#include <memory>
#include <vector>

#include "host/caller.h"
#include "runtime/linker.h"
#include "runtime/thread_group.h"

namespace godwit::wasi {

struct ThreadsConfig {
  uint32_t max_threads = 256;   // of one guest at a time, beside its main thread
  runtime::Limits limits = {};  // of each thread's store
};

// A guest's thread is an instance of the same module in a store of its own, with the same host functions and shared
// memories; its exported `wasi_thread_start(id, argument)` runs there. The guest ends when its main thread does.
// @threads any.
class Threads final {
 public:
  // The module names and the export of the convention.
  static constexpr std::string_view kModule = "wasi", kSpawn = "thread-spawn", kStart = "wasi_thread_start";

  // True if the module imports `wasi.thread-spawn`.
  static bool are_wanted_by(const runtime::Module& module);

  // Offers `thread-spawn` to `linker`, and shared memories for what the module imports as such, unless somebody has
  // defined those already. Threads are linked with what `linker` offers when they start.
  // @lifetime `linker` and what it offers outlive all stores that this is linked into; so does the object.
  // @errors Unlinkable: the module exports no `wasi_thread_start` of type (i32, i32) -> (). Exhausted: no memory.
  static Result<std::unique_ptr<Threads>> define(runtime::Linker& linker,
                                                 std::shared_ptr<const runtime::Module> module,
                                                 const ThreadsConfig& config);

  // Starts a thread; its id, or -1.
  int32_t thread_spawn(host::Caller& caller, uint32_t argument);

 private:
  Threads(const runtime::Linker& linker, std::shared_ptr<const runtime::Module> module,
          const ThreadsConfig& config)
      : linker_(linker), module_(std::move(module)), config_(config) {}

  Result<> define_memories(runtime::Linker& linker);
  Result<> run(runtime::Store& store, std::span<const runtime::Extern> imports, uint32_t id,
               uint32_t argument) const;

  const runtime::Linker& linker_;
  const std::shared_ptr<const runtime::Module> module_;
  const ThreadsConfig config_;
  std::vector<std::shared_ptr<runtime::Memory>> memories_;
};

}  // namespace godwit::wasi
