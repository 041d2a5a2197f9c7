// Configs, engines and stores; what limits and stops the stores' guests.
#include "capi/error.h"
#include "capi/ref.h"

using namespace godwit;

namespace {

uint64_t* limit_of(Limits& limits, godwit_limit_t which) {
  switch (which) {
    case GODWIT_LIMIT_MEMORY_BYTES: return &limits.max_memory_bytes;
    case GODWIT_LIMIT_TOTAL_MEMORY_BYTES: return &limits.max_total_memory_bytes;
    case GODWIT_LIMIT_TABLE_ELEMENTS: return &limits.max_table_elements;
    case GODWIT_LIMIT_GC_HEAP_BYTES: return &limits.max_gc_heap_bytes;
    case GODWIT_LIMIT_STACK_BYTES: return &limits.stack_bytes;
    case GODWIT_LIMIT_FUEL: return &limits.fuel;
  }
  return nullptr;
}

void set_limit(Limits& limits, godwit_limit_t which, uint64_t value) {
  if (uint64_t* limit = limit_of(limits, which)) *limit = value;
}

wasm_engine_t* make_engine(const wasm_config_t& config) {
  auto engine = Engine::create(config.config);
  if (!engine) return capi::fail(std::move(engine).error());
  return new wasm_engine_t{std::move(*engine), config.limits};
}

wasm_store_t* make_store(const Engine& engine, const Limits& limits) {
  auto state = std::make_shared<capi::StoreState>(engine, limits);
  state->interrupter->store = &state->store;
  return new wasm_store_t{std::move(state)};
}

godwit_error_t* error_of(Result<void> result) {
  return result ? nullptr : capi::to_c(std::move(result).error());
}

}  // namespace

const char* godwit_version() { return version().data(); }

wasm_config_t* wasm_config_new() { return new wasm_config_t(); }
void wasm_config_delete(wasm_config_t* config) { delete config; }

void godwit_config_set_tier(wasm_config_t* config, godwit_tier_t tier) {
  switch (tier) {
    case GODWIT_TIER_INTERPRETER: config->config.tier = Tier::Interpreter; break;
    case GODWIT_TIER_BASELINE: config->config.tier = Tier::Baseline; break;
    case GODWIT_TIER_AUTO: config->config.tier = Tier::Auto; break;
    case GODWIT_TIER_PEAK: config->config.tier = Tier::Peak; break;
  }
}
void godwit_config_set_lazy_validation(wasm_config_t* config, bool is_lazy) {
  config->config.validation = is_lazy ? Validation::Lazy : Validation::Eager;
}
void godwit_config_set_max_machine_code_bytes(wasm_config_t* config, size_t bytes) {
  config->config.max_machine_code_bytes = bytes;
}
void godwit_config_set_cache(wasm_config_t* config, bool uses_cache) {
  config->config.uses_cache = uses_cache;
}
void godwit_config_set_fuel(wasm_config_t* config, bool counts_it) { config->config.counts_fuel = counts_it; }
void godwit_config_set_perf_map(wasm_config_t* config, bool writes_it) {
  config->config.writes_perf_map = writes_it;
}
void godwit_config_set_pool(wasm_config_t* config, bool is_used) { config->config.pool.is_used = is_used; }
void godwit_config_set_limit(wasm_config_t* config, godwit_limit_t limit, uint64_t value) {
  set_limit(config->limits, limit, value);
}

wasm_engine_t* wasm_engine_new() { return make_engine({}); }
wasm_engine_t* wasm_engine_new_with_config(wasm_config_t* config) {
  const std::unique_ptr<wasm_config_t> own(config);
  return make_engine(*own);
}
void wasm_engine_delete(wasm_engine_t* engine) { delete engine; }

wasm_store_t* wasm_store_new(wasm_engine_t* engine) { return make_store(engine->engine, engine->limits); }
wasm_store_t* godwit_store_new(wasm_engine_t* engine, const godwit_limit_setting_t settings[], size_t count) {
  Limits limits = engine->limits;
  for (size_t i = 0; i < count; ++i) set_limit(limits, settings[i].limit, settings[i].value);
  return make_store(engine->engine, limits);
}
void wasm_store_delete(wasm_store_t* store) { delete store; }

godwit_error_t* godwit_store_set_timeout(wasm_store_t* store, uint64_t timeout_ns) {
  // what no int64_t holds is 292 years, and as good as for ever
  const auto bounded = static_cast<int64_t>(std::min<uint64_t>(timeout_ns, INT64_MAX));
  return error_of(store->state->store.set_timeout(std::chrono::nanoseconds(bounded)));
}

uint64_t godwit_store_fuel(const wasm_store_t* store) { return store->state->store.fuel(); }
void godwit_store_set_fuel(wasm_store_t* store, uint64_t fuel) { store->state->store.set_fuel(fuel); }

godwit_error_t* godwit_store_collect_garbage(wasm_store_t* store) {
  return error_of(store->state->store.collect_garbage());
}

struct godwit_interrupt_handle_t {
  std::shared_ptr<capi::StoreState::Interrupter> interrupter;
};

godwit_interrupt_handle_t* godwit_interrupt_handle_new(wasm_store_t* store) {
  return new godwit_interrupt_handle_t{store->state->interrupter};
}
void godwit_interrupt_handle_delete(godwit_interrupt_handle_t* handle) { delete handle; }
void godwit_interrupt(const godwit_interrupt_handle_t* handle) {
  const std::lock_guard lock(handle->interrupter->mutex);
  if (handle->interrupter->store) handle->interrupter->store->interrupt();
}
