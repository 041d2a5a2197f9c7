// Modules: making them of bytes, texts and files, looking at them, taking them to other stores.
#include "capi/error.h"
#include "capi/ref.h"
#include "capi/vec.h"

using namespace godwit;

namespace {

wasm_module_t* make_module(std::shared_ptr<capi::StoreState> state, Module module) {
  return static_cast<wasm_module_t*>(
      capi::make_ref(std::move(state), std::make_shared<capi::ModuleData>(std::move(module))));
}

std::span<const uint8_t> bytes_of(const wasm_byte_vec_t& vec) {
  return {reinterpret_cast<const uint8_t*>(vec.data), vec.size};
}

godwit_error_t* give(std::shared_ptr<capi::StoreState> state, Result<Module> made, wasm_module_t** out) {
  if (!made) return capi::to_c(std::move(made).error());
  *out = make_module(std::move(state), std::move(*made));
  return nullptr;
}

std::string_view text_of(const char* text) { return text ? text : ""; }

}  // namespace

wasm_module_t* wasm_module_new(wasm_store_t* store, const wasm_byte_vec_t* binary) {
  auto made = Module::from_bytes(store->state->store, bytes_of(*binary));
  if (!made) return capi::fail(std::move(made).error());
  return make_module(store->state, std::move(*made));
}

bool wasm_module_validate(wasm_store_t* store, const wasm_byte_vec_t* binary) {
  auto made = Module::from_bytes(store->state->store, bytes_of(*binary));
  if (made) return true;
  capi::fail(std::move(made).error());
  return false;
}

void wasm_module_imports(const wasm_module_t* module, wasm_importtype_vec_t* out) {
  const std::vector<ImportType> imports = module->module().imports();
  capi::make_vec(out, imports.size());
  for (size_t i = 0; i < imports.size(); ++i) {
    wasm_name_t from = capi::to_c(imports[i].module), name = capi::to_c(imports[i].name);
    out->data[i] = wasm_importtype_new(&from, &name, capi::to_c(imports[i].type));
  }
}

void wasm_module_exports(const wasm_module_t* module, wasm_exporttype_vec_t* out) {
  const std::vector<ExportType> exports = module->module().exports();
  capi::make_vec(out, exports.size());
  for (size_t i = 0; i < exports.size(); ++i) {
    wasm_name_t name = capi::to_c(exports[i].name);
    out->data[i] = wasm_exporttype_new(&name, capi::to_c(exports[i].type));
  }
}

void wasm_module_serialize(const wasm_module_t* module, wasm_byte_vec_t* out) {
  const std::span<const uint8_t> binary = module->module().binary();
  wasm_byte_vec_new(out, binary.size(), reinterpret_cast<const char*>(binary.data()));
}

wasm_module_t* wasm_module_deserialize(wasm_store_t* store, const wasm_byte_vec_t* bytes) {
  return wasm_module_new(store, bytes);
}

struct wasm_shared_module_t {
  Module module;
};

void wasm_shared_module_delete(wasm_shared_module_t* module) { delete module; }
wasm_shared_module_t* wasm_module_share(const wasm_module_t* module) {
  return new wasm_shared_module_t{module->module()};
}

wasm_module_t* wasm_module_obtain(wasm_store_t* store, const wasm_shared_module_t* shared) {
  const Engine& engine = store->state->engine;
  if (engine.made(shared->module)) return make_module(store->state, shared->module);
  // of another engine, whose modules are no use here
  auto made = Module::from_bytes(engine, shared->module.binary());
  if (!made) return capi::fail(std::move(made).error());
  return make_module(store->state, std::move(*made));
}

godwit_error_t* godwit_module_new(wasm_store_t* store, const uint8_t* bytes, size_t size, const char* name,
                                  wasm_module_t** out) {
  return give(store->state, Module::from_bytes(store->state->store, {bytes, size}, text_of(name)), out);
}

godwit_error_t* godwit_module_from_text(wasm_store_t* store, const char* text, size_t size, const char* name,
                                        wasm_module_t** out) {
  return give(store->state, Module::from_text(store->state->engine, {text, size}, text_of(name)), out);
}

godwit_error_t* godwit_module_from_file(wasm_store_t* store, const char* path, wasm_module_t** out) {
  return give(store->state, Module::from_file(store->state->store, path), out);
}

godwit_error_t* godwit_text_to_binary(wasm_engine_t* engine, const char* text, size_t size,
                                      wasm_byte_vec_t* out) {
  auto module = Module::from_text(engine->engine, {text, size});
  if (!module) return capi::to_c(std::move(module).error());
  const std::span<const uint8_t> binary = module->binary();
  wasm_byte_vec_new(out, binary.size(), reinterpret_cast<const char*>(binary.data()));
  return nullptr;
}
