// wasmtime, by its C API and with its pooling allocator; loaded at run time, so that it need not be there to build.
// docs: https://docs.wasmtime.dev/c-api/
#include <dlfcn.h>

#include <cstring>

#include "runtime.h"

namespace bench {
namespace {

struct Config;
struct Pooling;
struct Engine;
struct Module;
struct Store;
struct Context;
struct Linker;
struct WasmError;
struct Trap;
struct FuncType;
struct ValType;
struct ByteVec {
  size_t size;
  char* data;
};
struct TypeVec {
  size_t size;
  ValType** data;
};
struct Instance {
  uint64_t store;
  size_t index;
};
struct Func {
  uint64_t store;
  void* inner;
};
struct Extern {
  uint8_t kind;  // 0: a function
  union {
    Func func;
    uint64_t room[4];
  };
};
union alignas(8) Raw {
  int32_t i32;
  uint8_t v128[16];
};
using Callback = Trap* (*)(void* env, void* caller, Raw* values, size_t count);

// The functions that are used, as its headers declare them.
struct Api {
#define FUNCTIONS(X)                                                                                        \
  X(Config*, wasm_config_new, ())                                                                           \
  X(Engine*, wasm_engine_new_with_config, (Config*))                                                        \
  X(Pooling*, wasmtime_pooling_allocation_config_new, ())                                                   \
  X(void, wasmtime_pooling_allocation_config_total_memories_set, (Pooling*, uint32_t))                      \
  X(void, wasmtime_pooling_allocation_config_total_tables_set, (Pooling*, uint32_t))                        \
  X(void, wasmtime_pooling_allocation_config_total_core_instances_set, (Pooling*, uint32_t))                \
  X(void, wasmtime_pooling_allocation_config_linear_memory_keep_resident_set, (Pooling*, size_t))           \
  X(void, wasmtime_pooling_allocation_config_table_keep_resident_set, (Pooling*, size_t))                   \
  X(void, wasmtime_pooling_allocation_strategy_set, (Config*, const Pooling*))                              \
  X(WasmError*, wasmtime_wat2wasm, (const char*, size_t, ByteVec*))                                         \
  X(WasmError*, wasmtime_module_new, (Engine*, const uint8_t*, size_t, Module**))                           \
  X(void, wasmtime_module_delete, (Module*))                                                                \
  X(Store*, wasmtime_store_new, (Engine*, void*, void (*)(void*)))                                          \
  X(void, wasmtime_store_delete, (Store*))                                                                  \
  X(Context*, wasmtime_store_context, (Store*))                                                             \
  X(Linker*, wasmtime_linker_new, (Engine*))                                                                \
  X(WasmError*, wasmtime_linker_define_func_unchecked,                                                      \
    (Linker*, const char*, size_t, const char*, size_t, const FuncType*, Callback, void*, void (*)(void*))) \
  X(WasmError*, wasmtime_linker_instantiate_pre, (const Linker*, const Module*, void**))                    \
  X(WasmError*, wasmtime_instance_pre_instantiate, (const void*, Context*, Instance*, Trap**))              \
  X(bool, wasmtime_instance_export_get, (Context*, const Instance*, const char*, size_t, Extern*))          \
  X(WasmError*, wasmtime_func_call_unchecked, (Context*, const Func*, Raw*, size_t, Trap**))                \
  X(FuncType*, wasm_functype_new, (TypeVec*, TypeVec*))                                                     \
  X(ValType*, wasm_valtype_new, (uint8_t))                                                                  \
  X(void, wasm_valtype_vec_new, (TypeVec*, size_t, ValType* const*))                                        \
  X(void, wasmtime_error_message, (const WasmError*, ByteVec*))
#define DECLARE(result, name, parameters) result(*name) parameters = nullptr;
  FUNCTIONS(DECLARE)
#undef DECLARE

  explicit Api(const std::string& path) {
    void* library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) stop(::dlerror());
    const auto find = [library](const char* name) {
      void* found = ::dlsym(library, name);
      if (found == nullptr) stop(std::string("the library has no ") + name);
      return found;
    };
#define FIND(result, name, parameters) name = reinterpret_cast<result(*) parameters>(find(#name));
    FUNCTIONS(FIND)
#undef FIND
#undef FUNCTIONS
  }

  void check(WasmError* error) const {
    if (error == nullptr) return;
    ByteVec text{};
    wasmtime_error_message(error, &text);
    stop("wasmtime: " + std::string(text.data, text.size));
  }
  ValType* i32() const { return wasm_valtype_new(0); }
};

struct Loaded {
  const Api& api;
  Engine* engine;
  Module* module = nullptr;
  Linker* linker = nullptr;
  void* ready = nullptr;
};

class WasmtimeGuest final : public Guest {
 public:
  explicit WasmtimeGuest(const Loaded& loaded)
      : api_(loaded.api),
        store_(api_.wasmtime_store_new(loaded.engine, nullptr, nullptr)),
        context_(api_.wasmtime_store_context(store_)) {
    Trap* trap = nullptr;
    api_.check(api_.wasmtime_instance_pre_instantiate(loaded.ready, context_, &instance_, &trap));
    if (trap) stop("wasmtime: a trap");
  }
  ~WasmtimeGuest() override { api_.wasmtime_store_delete(store_); }

  int32_t call(const char* name, int32_t argument) { return call(find(name), argument); }
  void run(uint32_t times) override {
    const Func function = find("run");
    for (uint32_t i = 0; i < times; ++i) (void)call(function, 1);
  }
  int32_t poke() override { return call("poke", 0); }
  void loop(uint32_t times) override { (void)call("loop", static_cast<int32_t>(times)); }

 private:
  Func find(const char* name) {
    Extern found;
    if (!api_.wasmtime_instance_export_get(context_, &instance_, name, std::strlen(name), &found)) stop(name);
    return found.func;
  }
  int32_t call(const Func& function, int32_t argument) {
    Raw value;
    value.i32 = argument;
    Trap* trap = nullptr;
    if (WasmError* error = api_.wasmtime_func_call_unchecked(context_, &function, &value, 1, &trap))
      api_.check(error);
    if (trap) stop("wasmtime: a trap");
    return value.i32;
  }

  const Api& api_;
  Store* store_;
  Context* context_;
  Instance instance_{};
};

class WasmtimeProgram final : public Program {
 public:
  WasmtimeProgram(const Api& api, Engine* engine, const Shape& shape) : loaded_{api, engine} {
    const std::string text = text_of(shape);
    ByteVec bytes{};
    api.check(api.wasmtime_wat2wasm(text.data(), text.size(), &bytes));
    api.check(api.wasmtime_module_new(engine, reinterpret_cast<const uint8_t*>(bytes.data), bytes.size,
                                      &loaded_.module));
    loaded_.linker = api.wasmtime_linker_new(engine);
    TypeVec params, results;
    ValType* param = api.i32();
    ValType* result = api.i32();
    api.wasm_valtype_vec_new(&params, 1, &param);
    api.wasm_valtype_vec_new(&results, 1, &result);
    const auto out = [](void*, void*, Raw* values, size_t) -> Trap* {
      values[0].i32 += 1;
      return nullptr;
    };
    api.check(api.wasmtime_linker_define_func_unchecked(
        loaded_.linker, "env", 3, "out", 3, api.wasm_functype_new(&params, &results), out, nullptr, nullptr));
    api.check(api.wasmtime_linker_instantiate_pre(loaded_.linker, loaded_.module, &loaded_.ready));
  }
  int32_t once(const char* name) override { return WasmtimeGuest(loaded_).call(name, 0); }
  std::unique_ptr<Guest> live() override { return std::make_unique<WasmtimeGuest>(loaded_); }

 private:
  Loaded loaded_;
};

class WasmtimeRuntime final : public Runtime {
 public:
  explicit WasmtimeRuntime(const WasmtimeOptions& options) : api_(options.library) {
    Config* config = api_.wasm_config_new();
    Pooling* pooling = api_.wasmtime_pooling_allocation_config_new();
    api_.wasmtime_pooling_allocation_config_total_core_instances_set(pooling, options.instances);
    api_.wasmtime_pooling_allocation_config_total_memories_set(pooling, options.instances);
    api_.wasmtime_pooling_allocation_config_total_tables_set(pooling, options.instances);
    api_.wasmtime_pooling_allocation_config_linear_memory_keep_resident_set(pooling, options.keep_bytes);
    api_.wasmtime_pooling_allocation_config_table_keep_resident_set(pooling, options.keep_bytes);
    api_.wasmtime_pooling_allocation_strategy_set(config, pooling);
    engine_ = api_.wasm_engine_new_with_config(config);
    if (engine_ == nullptr) stop("wasmtime makes no engine");
  }
  std::unique_ptr<Program> load(const Shape& shape) override {
    return std::make_unique<WasmtimeProgram>(api_, engine_, shape);
  }

 private:
  Api api_;
  Engine* engine_;
};

}  // namespace

std::unique_ptr<Runtime> make_wasmtime(const WasmtimeOptions& options) {
  return std::make_unique<WasmtimeRuntime>(options);
}

}  // namespace bench
