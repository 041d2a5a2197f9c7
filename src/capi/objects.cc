// Globals, tables, memories and instances.
#include "capi/error.h"
#include "capi/ref.h"
#include "capi/vec.h"

using namespace godwit;

namespace {

// An own handle, or null after fail().
template <class Handle, class T>
Handle* give(const std::shared_ptr<capi::StoreState>& state, Result<T> made) {
  if (!made) return capi::fail(std::move(made).error());
  return static_cast<Handle*>(capi::make_ref(state, *made));
}

// True, or false after fail().
template <class T>
bool succeeded(const Result<T>& result) {
  if (!result) capi::fail(capi::copy_of(result.error()));
  return result.has_value();
}

}  // namespace

// Globals

wasm_global_t* wasm_global_new(wasm_store_t* store, const wasm_globaltype_t* type, const wasm_val_t* value) {
  const ValType content = *capi::from_c(type->content.kind);
  auto inner = store->state->to_value(*value, content);
  if (!inner) return capi::fail(std::move(inner).error());
  return give<wasm_global_t>(
      store->state, Global::create(store->state->store, {content, type->mutability == WASM_VAR}, *inner));
}

wasm_globaltype_t* wasm_global_type(const wasm_global_t* global) {
  return capi::to_c(*global->as<Global>().type(global->store->store));
}

void wasm_global_get(const wasm_global_t* global, wasm_val_t* out) {
  *out = global->store->to_val(*global->as<Global>().get(global->store->store));
}

void wasm_global_set(wasm_global_t* global, const wasm_val_t* value) {
  Store& store = global->store->store;
  auto inner = global->store->to_value(*value, global->as<Global>().type(store)->value);
  if (succeeded(inner)) succeeded(global->as<Global>().set(store, *inner));
}

// Tables

wasm_table_t* wasm_table_new(wasm_store_t* store, const wasm_tabletype_t* type, wasm_ref_t* init) {
  const TableType inner = capi::from_c(*type);
  auto value = store->state->to_value(init, inner.element);
  if (!value) return capi::fail(std::move(value).error());
  return give<wasm_table_t>(store->state, Table::create(store->state->store, inner, *value));
}

wasm_tabletype_t* wasm_table_type(const wasm_table_t* table) {
  return capi::to_c(*table->as<Table>().type(table->store->store));
}

wasm_ref_t* wasm_table_get(const wasm_table_t* table, wasm_table_size_t index) {
  auto value = table->as<Table>().get(table->store->store, index);
  return succeeded(value) ? table->store->to_ref(*value) : nullptr;
}

bool wasm_table_set(wasm_table_t* table, wasm_table_size_t index, wasm_ref_t* ref) {
  Store& store = table->store->store;
  auto value = table->store->to_value(ref, table->as<Table>().type(store)->element);
  return succeeded(value) && succeeded(table->as<Table>().set(store, index, *value));
}

wasm_table_size_t wasm_table_size(const wasm_table_t* table) {
  return static_cast<wasm_table_size_t>(*table->as<Table>().size(table->store->store));
}

bool wasm_table_grow(wasm_table_t* table, wasm_table_size_t delta, wasm_ref_t* init) {
  Store& store = table->store->store;
  auto value = table->store->to_value(init, table->as<Table>().type(store)->element);
  return succeeded(value) && succeeded(table->as<Table>().grow(store, delta, *value));
}

// Memories

wasm_memory_t* wasm_memory_new(wasm_store_t* store, const wasm_memorytype_t* type) {
  return give<wasm_memory_t>(store->state, Memory::create(store->state->store, capi::from_c(*type)));
}

wasm_memorytype_t* wasm_memory_type(const wasm_memory_t* memory) {
  return capi::to_c(*memory->as<Memory>().type(memory->store->store));
}

byte_t* wasm_memory_data(wasm_memory_t* memory) {
  return reinterpret_cast<byte_t*>(memory->as<Memory>().bytes(memory->store->store)->data());
}

size_t wasm_memory_data_size(const wasm_memory_t* memory) {
  return memory->as<Memory>().bytes(memory->store->store)->size();
}

wasm_memory_pages_t wasm_memory_size(const wasm_memory_t* memory) {
  return static_cast<wasm_memory_pages_t>(*memory->as<Memory>().pages(memory->store->store));
}

bool wasm_memory_grow(wasm_memory_t* memory, wasm_memory_pages_t delta) {
  return succeeded(memory->as<Memory>().grow(memory->store->store, delta));
}

// Instances

wasm_instance_t* wasm_instance_new(wasm_store_t* store, const wasm_module_t* module,
                                   const wasm_extern_vec_t* imports, wasm_trap_t** trap) {
  if (trap != nullptr) *trap = nullptr;
  const std::shared_ptr<capi::StoreState> state = store->state;
  std::vector<Extern> values;
  for (size_t i = 0; imports != nullptr && i < imports->size; ++i)
    values.push_back(capi::extern_of(*imports->data[i]));
  auto made = Instance::create(state->store, module->module(), values);
  if (!made && trap != nullptr) *trap = capi::make_trap(state, capi::copy_of(made.error()));
  return give<wasm_instance_t>(state, std::move(made));
}

void wasm_instance_exports(const wasm_instance_t* instance, wasm_extern_vec_t* out) {
  const std::vector<Export> exports = instance->as<Instance>().exports(instance->store->store);
  capi::make_vec(out, exports.size());
  for (size_t i = 0; i < exports.size(); ++i)
    out->data[i] = capi::make_extern(instance->store, exports[i].value);
}

wasm_extern_t* godwit_instance_export(const wasm_instance_t* instance, const char* name) {
  const auto found = instance->as<Instance>().find(instance->store->store, name);
  return found ? capi::make_extern(instance->store, *found) : nullptr;
}
