// What stands behind the public classes.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/convert.h"
#include "async/scheduler.h"
#include "engine/engine.h"
#include "godwit/engine.h"
#include "godwit/linker.h"
#include "godwit/module.h"
#include "godwit/nn.h"
#include "godwit/scheduler.h"
#include "godwit/shared_memory.h"
#include "godwit/snapshot.h"
#include "godwit/store.h"
#include "godwit/threads.h"
#include "godwit/tls.h"
#include "godwit/wasi.h"
#include "nn/guest.h"
#include "nn/registry.h"
#include "platform/thread.h"
#include "platform/watchdog.h"
#include "runtime/blueprint.h"
#include "runtime/linker.h"
#include "runtime/memory.h"
#include "runtime/store.h"
#include "tls/guest.h"
#include "wasi/threads.h"
#include "wasi/wasi.h"

#pragma GCC visibility push(hidden)
namespace godwit::v1 {

struct Engine::Impl {
  std::unique_ptr<engine::Engine> engine;

  // For stores that threads make: what each writes to lies in a part of its own, so that none waits for another. All parts
  // own the same engine, and each is counted for itself.
  struct alignas(128) Part {
    std::shared_ptr<Impl> engine;
    // Numbers stores, from a random start, so that a handle of one store means nothing to another, whichever engine made it.
    std::atomic<uint64_t> next_store_id;
  };
};

// What handles to an engine share: as many parts as there are processors, or some more.
struct Engine::Parts {
  std::vector<std::unique_ptr<Impl::Part>> parts;
  Impl::Part& own() const { return *parts[platform::thread_number() & (parts.size() - 1)]; }
};

struct Module::Impl {
  Impl(std::shared_ptr<Engine::Impl> engine_impl, std::shared_ptr<const runtime::Module> inner)
      : engine(std::move(engine_impl)), module(std::move(inner)) {}
  // Idle instances that nobody will ask for.
  ~Impl() {
    runtime::InstancePool* const pool = engine->engine->pool();
    if (pool && module->blueprint()) pool->forget(**module->blueprint());
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  std::shared_ptr<Engine::Impl> engine;
  std::shared_ptr<const runtime::Module> module;
};

struct Snapshot::Impl {
  Impl(Module of, std::shared_ptr<const runtime::Blueprint> state)
      : module(std::move(of)), blueprint(std::move(state)) {}
  ~Impl() {
    if (runtime::InstancePool* const pool = module.impl()->engine->engine->pool()) pool->forget(*blueprint);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Module module;
  std::shared_ptr<const runtime::Blueprint> blueprint;
};

// With a null blueprint: as a new instance of the module begins.
Result<Instance> instantiate_with(Store& store, const Module& module, std::span<const Extern> imports,
                                  const std::shared_ptr<const runtime::Blueprint>* blueprint);

struct Store::Impl {
  Impl(Engine::Impl::Part& part, const runtime::Limits& limits)
      : engine(part.engine),
        id(part.next_store_id.fetch_add(1, std::memory_order_relaxed)),
        store(engine->engine->types(), engine->engine->executor(), limits, engine->engine->pool()),
        head{id, engine->engine->executor().direct_calls().enter, &store.vm().direct_outcome} {
    store.set_embedder(this);
  }

  // Keeps what host functions are made of.
  void keep(std::shared_ptr<const void> part) {
    if (kept.empty() || kept.back() != part) kept.push_back(std::move(part));
  }

  std::shared_ptr<Engine::Impl> engine;
  uint64_t id;
  Store* handle = nullptr;                        // the Store whose this is
  std::vector<std::shared_ptr<const void>> kept;  // outlives `store`
  runtime::Store store;
  detail::StoreHead head;
  std::optional<platform::Watchdog> watchdog;  // interrupts `store`: destroyed before it
};

// The error of kind Usage if the module is of another engine than the store: their types are numbered differently.
inline std::optional<Error> check_engine(const Store& store, const Module& module) {
  if (module.impl()->engine == store.impl().engine) return std::nullopt;
  return usage_error("the module belongs to another engine than the store");
}

struct Linker::Impl {
  // What a host function that is offered to any store needs as long as it may be called.
  struct HostPart {
    std::string module, name;
    std::shared_ptr<void> env;
  };
  // Kept by every store as well that anything was linked into.
  std::shared_ptr<std::deque<HostPart>> parts = std::make_shared<std::deque<HostPart>>();
  runtime::Linker linker;
};

struct Scheduler::Impl {
  async::Scheduler* scheduler = nullptr;
  std::unique_ptr<async::Scheduler> owned = {};  // null: somebody else's
};

// The public face of a scheduler that somebody else owns. @lifetime `scheduler` outlives it.
inline Scheduler scheduler_over(async::Scheduler& scheduler) {
  return Scheduler(std::make_unique<Scheduler::Impl>(Scheduler::Impl{.scheduler = &scheduler}));
}

struct SharedMemory::Impl {
  std::shared_ptr<runtime::Memory> memory;
};

struct Threads::Impl {
  std::shared_ptr<const Module::Impl> module;
  wasi::ThreadsConfig config;
  std::unique_ptr<wasi::Threads> threads;  // once they are defined in a linker
};

struct Wasi::Impl {
  std::unique_ptr<wasi::Wasi> wasi;
};

struct TlsTrust::Impl {
  Impl(std::vector<tls::Authorities> authorities, std::vector<std::string> directories)
      : trust(std::move(authorities), std::move(directories)) {}
  tls::Trust trust;
};

struct Tls::Impl {
  Impl(tls::Trust& trust, wasi::Core& core) : guest(trust, core) {}
  tls::Guest guest;
};

struct ModelRegistry::Impl {
  explicit Impl(uint64_t max_memory_bytes) : registry({.max_memory_bytes = max_memory_bytes}) {}
  nn::Registry registry;
};

// Opens the paths that a guest names as models where its WASI would open them.
class WasiFiles final : public nn::GuestFiles {
 public:
  explicit WasiFiles(wasi::Wasi* wasi) : wasi_(wasi) {}
  ::godwit::Result<nn::ModelFile> open(std::string_view path) override;

 private:
  wasi::Wasi* wasi_;
};

struct Nn::Impl {
  Impl(nn::Registry& registry, wasi::Wasi* wasi, nn::GuestConfig config)
      : files(wasi), guest(registry, completed(std::move(config), wasi)) {}
  nn::GuestConfig completed(nn::GuestConfig config, wasi::Wasi* wasi) {
    if (!wasi) return config;
    config.files = &files;
    config.parker = wasi->core().parker;
    return config;
  }
  WasiFiles files;
  nn::Guest guest;
};

}  // namespace godwit::v1

#pragma GCC visibility pop
