// Threads of guests by the wasi-threads convention.
#include "wasi/threads.h"

#include <algorithm>
#include <string>
#include <utility>

#include "host/host.h"
#include "runtime/instance.h"
#include "runtime/memory.h"

namespace godwit::wasi {
namespace {

constexpr int32_t kRefused = -1;

bool is_start_function(const runtime::Module& module, const wasm::Export* found) {
  if (!found || found->kind != wasm::ExternKind::Func) return false;
  const wasm::FuncType& type = module.declarations.func_type(wasm::FuncIdx(found->index));
  const std::vector<wasm::ValType> two_numbers(2, wasm::ValKind::I32);
  return type.params == two_numbers && type.results.empty();
}

}  // namespace

bool Threads::are_wanted_by(const runtime::Module& module) {
  return std::ranges::any_of(module.declarations.imports, [](const wasm::Import& import) {
    return import.module == kModule && import.field == kSpawn;
  });
}

Result<std::unique_ptr<Threads>> Threads::define(runtime::Linker& linker,
                                                 std::shared_ptr<const runtime::Module> module,
                                                 const ThreadsConfig& config) {
  if (!is_start_function(*module, module->find_export(kStart)))
    return fail(ErrorKind::Unlinkable,
                "the module imports wasi.thread-spawn, but exports no function wasi_thread_start of type "
                "[i32 i32] -> [] for the threads to run; link it with --export=wasi_thread_start");
  std::unique_ptr<Threads> threads(new Threads(linker, std::move(module), config));
  TRY(threads->define_memories(linker));
  host::define<&Threads::thread_spawn>(linker, kModule, kSpawn, *threads);
  return threads;
}

Result<> Threads::define_memories(runtime::Linker& linker) {
  auto budget = std::make_shared<runtime::MemoryBudget>(config_.limits.max_total_memory_bytes);
  for (const wasm::Import& import : module_->declarations.imports) {
    if (import.kind != wasm::ExternKind::Mem) continue;
    const wasm::MemType& type = module_->declarations.memories[import.index];
    if (!type.is_shared || linker.has(import.module, import.field)) continue;
    ASSIGN_OR_RETURN(std::shared_ptr<runtime::Memory> memory,
                     runtime::Memory::create(type, config_.limits.max_memory_bytes, budget));
    memories_.push_back(memory);
    linker.define(import.module, import.field, std::move(memory));
  }
  return {};
}

// Starts a thread that runs wasi_thread_start(id, argument). What can be found out now makes the guest's call fail; what
// goes wrong later ends the guest.
int32_t Threads::thread_spawn(host::Caller& caller, uint32_t argument) {
  runtime::Store& starter = caller.store();
  runtime::ThreadGroup* group = starter.threads();
  if (!group)
    group =
        &starter.own_threads(std::make_unique<runtime::ThreadGroup>(starter, memories_, config_.max_threads));
  if (!group->has_room()) return kRefused;
  auto store = std::make_unique<runtime::Store>(starter.types(), starter.executor(), config_.limits);
  if (!store->ensure_stacks()) return kRefused;
  auto imports = linker_.resolve(*store, *module_);
  if (!imports) return kRefused;
  const auto id = group->start(
      std::move(store), [this, found = std::move(*imports), argument](runtime::Store& own, uint32_t number) {
        return run(own, found, number, argument);
      });
  return id ? static_cast<int32_t>(*id) : kRefused;
}

Result<> Threads::run(runtime::Store& store, std::span<const runtime::Extern> imports, uint32_t id,
                      uint32_t argument) const {
  ASSIGN_OR_RETURN(runtime::Instance* const instance, runtime::instantiate(store, module_, imports));
  const auto start = instance->find_export(kStart);
  runtime::Slot arguments[] = {id, argument};
  return store.call(*start->func, arguments);
}

}  // namespace godwit::wasi
