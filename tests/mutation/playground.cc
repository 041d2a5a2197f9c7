// Running valid mutants.
#include "playground.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "engine/engine.h"
#include "runtime/instance.h"
#include "runtime/memory.h"

namespace godwit::mutation {
namespace {

using runtime::Slot;
using wasm::ExternKind;

bool return_zeros(void* env, runtime::VmContext*, Slot* slots) {
  std::fill_n(slots, reinterpret_cast<uintptr_t>(env), Slot{0});
  return true;
}

uint32_t slots_of(const std::vector<wasm::ValType>& types) {
  uint32_t slots = 0;
  for (const wasm::ValType type : types) slots += type.slots();
  return slots;
}

// Interrupts the store of whoever is in a Turn for longer than it may be.
class Referee final {
 public:
  Referee() : thread_([this] { watch(); }) {}
  ~Referee() {
    {
      const std::lock_guard lock(mutex_);
      is_over_ = true;
    }
    changed_.notify_one();
    thread_.join();
  }

  void begin(runtime::Store& store) {
    {
      const std::lock_guard lock(mutex_);
      store_ = &store;
      deadline_ = std::chrono::steady_clock::now() + kTurn;
    }
    changed_.notify_one();
  }
  void end() {
    const std::lock_guard lock(mutex_);
    store_ = nullptr;
  }

 private:
  static constexpr std::chrono::milliseconds kTurn{50};

  void watch() {
    std::unique_lock lock(mutex_);
    while (!is_over_) {
      if (!store_) {
        changed_.wait(lock);
      } else if (std::chrono::steady_clock::now() >= deadline_) {
        store_->interrupt();
        deadline_ += kTurn;  // a start function may be followed by calls
      } else {
        changed_.wait_until(lock, deadline_);
      }
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  runtime::Store* store_ = nullptr;
  std::chrono::steady_clock::time_point deadline_;
  bool is_over_ = false;
  std::thread thread_;
};

// True if zeros are values of all the types: a reference that may not be null has none.
bool have_zeros(const std::vector<wasm::ValType>& types) {
  return std::all_of(types.begin(), types.end(), [](wasm::ValType type) { return type.is_defaultable(); });
}

// An object of the type that the module's import wants; its index is in the index space of its kind.
// @errors Exhausted: beyond the store's limits. Unsupported: there is no value to put in.
Result<runtime::Extern> make_import(runtime::Store& store, const runtime::Module& module,
                                    const wasm::Import& import) {
  const wasm::Module& declared = module.declarations;
  runtime::Extern value;
  value.kind = import.kind;
  switch (import.kind) {
    case ExternKind::Func: {
      const uint32_t id = module.func_type_id(wasm::FuncIdx(import.index));
      const wasm::FuncType& type = store.types().func_type(id);
      if (!have_zeros(type.results)) break;
      value.func =
          store.new_host_func(type, return_zeros, reinterpret_cast<void*>(uintptr_t{slots_of(type.results)}));
      value.func->type = id;
      return value;
    }
    case ExternKind::Table: {
      wasm::TableType type = declared.tables[import.index].type;
      if (!type.elem.is_defaultable()) break;
      type.elem = runtime::canonical(type.elem, module.type_ids);
      ASSIGN_OR_RETURN(value.table, store.new_table(type, 0));
      return value;
    }
    case ExternKind::Mem: {
      ASSIGN_OR_RETURN(value.memory, store.new_memory(declared.memories[import.index]));
      return value;
    }
    case ExternKind::Global: {
      wasm::GlobalType type = declared.globals[import.index].type;
      if (!type.val.is_defaultable()) break;
      type.val = runtime::canonical(type.val, module.type_ids);
      const Slot zeros[2] = {};
      value.global = store.new_global(type, zeros);
      return value;
    }
    case ExternKind::Tag:
      value.tag = store.new_tag(module.type_ids[declared.tags[import.index].type.value]);
      return value;
  }
  return fail(ErrorKind::Unsupported, "an import of references that may not be null");
}

}  // namespace

struct Playground::State {
  std::unique_ptr<engine::Engine> engine;
  Referee referee;
};

Playground::Playground() : state_(std::make_unique<State>()) {}
Playground::~Playground() = default;

Result<Reached> Playground::play(Bytes bytes) {
  if (!state_->engine) {
    ASSIGN_OR_RETURN(state_->engine, engine::Engine::create());
  }
  ASSIGN_OR_RETURN(std::shared_ptr<const runtime::Module> module, state_->engine->compile(bytes));
  runtime::Store store(
      state_->engine->types(), state_->engine->executor(),
      {.max_memory_bytes = 16 << 20, .max_table_elements = 100'000, .stack_bytes = 256 << 10});
  std::vector<runtime::Extern> imports;
  for (const wasm::Import& import : module->declarations.imports) {
    Result<runtime::Extern> value = make_import(store, *module, import);
    if (!value) return Reached::Refused;
    imports.push_back(*value);
  }

  state_->referee.begin(store);
  Reached reached = Reached::Refused;
  if (Result<runtime::Instance*> instance = runtime::instantiate(store, module, imports)) {
    reached = Reached::Instantiated;
    for (const wasm::Export& item : module->declarations.exports) {
      if (item.kind != ExternKind::Func) continue;
      runtime::FuncRecord& func = *(*instance)->func(wasm::FuncIdx(item.index));
      const wasm::FuncType& type = store.types().func_type(func.type);
      if (!have_zeros(type.params)) continue;
      std::vector<Slot> slots(std::max(slots_of(type.params), slots_of(type.results)));
      store.vm().interrupt.store(0);
      if (store.call(func, slots)) reached = Reached::Called;
    }
  }
  state_->referee.end();
  return reached;
}

}  // namespace godwit::mutation
