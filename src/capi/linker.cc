// Linkers, what WASI is told, snapshots, and schedulers.
#include <unistd.h>

#include "capi/error.h"
#include "capi/ref.h"

using namespace godwit;

struct godwit_wasi_config_t {
  WasiConfig config;
};

godwit_wasi_config_t* godwit_wasi_config_new() { return new godwit_wasi_config_t(); }
void godwit_wasi_config_delete(godwit_wasi_config_t* config) { delete config; }
void godwit_wasi_config_set_args(godwit_wasi_config_t* config, size_t count, const char* const args[]) {
  config->config.args.assign(args, args + count);
}
void godwit_wasi_config_add_env(godwit_wasi_config_t* config, const char* name, const char* value) {
  config->config.env.emplace_back(name, value);
}
void godwit_wasi_config_inherit_env(godwit_wasi_config_t* config) {
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const size_t equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    config->config.env.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
}
void godwit_wasi_config_add_preopen(godwit_wasi_config_t* config, const char* host_path,
                                    const char* guest_path, bool is_read_only) {
  config->config.preopens.push_back(
      {guest_path, host_path, is_read_only ? Access::ReadOnly : Access::ReadWrite});
}
void godwit_wasi_config_set_stdio(godwit_wasi_config_t* config, int stdin_fd, int stdout_fd, int stderr_fd) {
  config->config.stdin_fd = stdin_fd;
  config->config.stdout_fd = stdout_fd;
  config->config.stderr_fd = stderr_fd;
}
void godwit_wasi_config_allow_connect(godwit_wasi_config_t* config, const char* place) {
  config->config.network.connect.emplace_back(place);
}
void godwit_wasi_config_allow_listen(godwit_wasi_config_t* config, const char* place) {
  config->config.network.listen.emplace_back(place);
}

struct godwit_scheduler_t {
  Scheduler scheduler;
};

void godwit_wasi_config_set_scheduler(godwit_wasi_config_t* config, godwit_scheduler_t* scheduler) {
  config->config.scheduler = &scheduler->scheduler;
}

struct godwit_snapshot_t {
  Snapshot snapshot;
};

struct godwit_linker_t {
  std::vector<std::shared_ptr<const void>> parts;  // what guests use
  Linker linker;
};

namespace {

godwit_error_t* error_of(Result<void> result) {
  return result ? nullptr : capi::to_c(std::move(result).error());
}

// Of a module or a snapshot.
template <class Source>
godwit_error_t* instantiate(const godwit_linker_t& linker, const std::shared_ptr<capi::StoreState>& state,
                            const Source& source, wasm_instance_t** out) {
  for (const std::shared_ptr<const void>& part : linker.parts) state->keep(part);
  auto made = linker.linker.instantiate(state->store, source);
  if (!made) return capi::to_c(std::move(made).error());
  *out = static_cast<wasm_instance_t*>(capi::make_ref(state, *made));
  return nullptr;
}

}  // namespace

godwit_linker_t* godwit_linker_new() { return new godwit_linker_t(); }
void godwit_linker_delete(godwit_linker_t* linker) { delete linker; }

godwit_error_t* godwit_linker_define_wasi(godwit_linker_t* linker, godwit_wasi_config_t* own_config) {
  const std::unique_ptr<godwit_wasi_config_t> config(own_config);
  auto wasi = Wasi::create(std::move(config->config));
  if (!wasi) return capi::to_c(std::move(wasi).error());
  auto part = std::make_shared<Wasi>(std::move(*wasi));
  linker->linker.define(*part);
  linker->parts.push_back(std::move(part));
  return nullptr;
}

godwit_error_t* godwit_linker_define(godwit_linker_t* linker, const char* module, const char* name,
                                     const wasm_extern_t* value) {
  return error_of(linker->linker.define(value->store->store, module, name, capi::extern_of(*value)));
}

godwit_error_t* godwit_linker_define_instance(godwit_linker_t* linker, const char* module,
                                              const wasm_instance_t* instance) {
  return error_of(linker->linker.define(instance->store->store, module, instance->as<Instance>()));
}

godwit_error_t* godwit_linker_instantiate(const godwit_linker_t* linker, wasm_store_t* store,
                                          const wasm_module_t* module, wasm_instance_t** out) {
  return instantiate(*linker, store->state, module->module(), out);
}

godwit_error_t* godwit_linker_instantiate_snapshot(const godwit_linker_t* linker, wasm_store_t* store,
                                                   const godwit_snapshot_t* snapshot, wasm_instance_t** out) {
  return instantiate(*linker, store->state, snapshot->snapshot, out);
}

godwit_error_t* godwit_snapshot_new(const wasm_instance_t* instance, godwit_snapshot_t** out) {
  auto taken = instance->as<Instance>().snapshot(instance->store->store);
  if (!taken) return capi::to_c(std::move(taken).error());
  *out = new godwit_snapshot_t{std::move(*taken)};
  return nullptr;
}
void godwit_snapshot_delete(godwit_snapshot_t* snapshot) { delete snapshot; }

godwit_error_t* godwit_scheduler_new(godwit_scheduler_t** out) {
  auto made = Scheduler::create();
  if (!made) return capi::to_c(std::move(made).error());
  *out = new godwit_scheduler_t{std::move(*made)};
  return nullptr;
}
void godwit_scheduler_delete(godwit_scheduler_t* scheduler) { delete scheduler; }
godwit_error_t* godwit_scheduler_spawn(godwit_scheduler_t* scheduler, void (*function)(void* env),
                                       void* env) {
  return error_of(scheduler->scheduler.spawn([function, env] { function(env); }));
}
godwit_error_t* godwit_scheduler_run(godwit_scheduler_t* scheduler) {
  return error_of(scheduler->scheduler.run());
}
