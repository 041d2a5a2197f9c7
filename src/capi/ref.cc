// Handles: copies, casts, host info, and references as values.
#include "capi/ref.h"

#include "capi/error.h"
#include "capi/vec.h"

using namespace godwit;
using capi::Content;
using capi::StoreState;

namespace godwit::capi {

StoreState::~StoreState() {
  const std::lock_guard lock(interrupter->mutex);
  interrupter->store = nullptr;
}

const void* StoreState::identity_of(const Content& content) const {
  struct Visitor {
    const Store& store;
    const void* operator()(const Func& func) const { return func.get(store); }
    const void* operator()(const Global& global) const { return global.object(store); }
    const void* operator()(const Table& table) const { return table.object(store); }
    const void* operator()(const Memory& memory) const { return memory.object(store); }
    const void* operator()(const Tag& tag) const { return tag.get(store); }
    const void* operator()(const Instance& instance) const { return instance.get(store); }
    const void* operator()(const std::shared_ptr<ModuleData>& data) const { return data.get(); }
    const void* operator()(const std::shared_ptr<TrapData>& data) const { return data.get(); }
    const void* operator()(const std::shared_ptr<ForeignData>& data) const { return data.get(); }
    const void* operator()(const Value& value) const {
      return reinterpret_cast<const void*>(value.bits()[0]);
    }
  };
  return std::visit(Visitor{store}, content);
}

HostInfo* StoreState::info_of(const Content& content, bool makes_it) {
  if (const auto* module = std::get_if<std::shared_ptr<ModuleData>>(&content)) return &(*module)->info;
  if (const auto* trap = std::get_if<std::shared_ptr<TrapData>>(&content)) return &(*trap)->info;
  if (const auto* foreign = std::get_if<std::shared_ptr<ForeignData>>(&content)) return &(*foreign)->info;
  if (std::holds_alternative<Value>(content)) return nullptr;
  const void* const identity = identity_of(content);
  if (makes_it) return &infos_[identity];
  const auto found = infos_.find(identity);
  return found == infos_.end() ? nullptr : &found->second;
}

Result<Value> StoreState::to_value(const wasm_ref_t* ref, ValType type) {
  if (ref == nullptr) return Value::null(type);
  if (ref->store.get() != this) return usage_error("the reference belongs to another store");
  if (const auto* value = std::get_if<Value>(&ref->content)) return *value;
  if (type == ValType::FuncRef) {
    if (const auto* func = std::get_if<Func>(&ref->content)) return func->reference();
    return usage_error("the reference is to no function");
  }
  if (type != ValType::ExternRef && type != ValType::OtherRef)
    return usage_error("a reference is no " + std::string(to_string(type)));
  const void* const identity = identity_of(ref->content);
  if (const auto found = externrefs_.find(identity); found != externrefs_.end()) return found->second;
  auto made = store.externref(externs_.size());
  if (!made) return made;
  externs_.push_back(ref->content);
  externrefs_.emplace(identity, *made);
  return made;
}

Result<Value> StoreState::to_value(const wasm_val_t& value, ValType type) {
  switch (value.kind) {
    case WASM_I32: return Value::i32(value.of.i32);
    case WASM_I64: return Value::i64(value.of.i64);
    case WASM_F32: return Value::f32(value.of.f32);
    case WASM_F64: return Value::f64(value.of.f64);
    default: break;
  }
  if (wasm_valkind_is_ref(value.kind)) return to_value(value.of.ref, type);
  return usage_error("there is no value of kind " + std::to_string(value.kind) + " in wasm_val_t");
}

wasm_ref_t* StoreState::to_ref(const Value& value) {
  if (value.is_null()) return nullptr;
  if (const auto func = Func::from(value)) return make_ref(shared_from_this(), *func);
  const auto number = store.host_value(value);
  if (number && *number < externs_.size()) return make_ref(shared_from_this(), externs_[*number]);
  return make_ref(shared_from_this(), value);
}

wasm_val_t StoreState::to_val(const Value& value) {
  wasm_val_t out{};
  out.kind = to_c(value.type());
  switch (value.type()) {
    case ValType::I32: out.of.i32 = value.as_i32(); break;
    case ValType::F32: out.of.f32 = value.as_f32(); break;
    case ValType::F64: out.of.f64 = value.as_f64(); break;
    case ValType::I64:
    case ValType::V128: out.of.i64 = value.as_i64(); break;
    case ValType::FuncRef:
    case ValType::ExternRef:
    case ValType::OtherRef: out.of.ref = to_ref(value); break;
  }
  return out;
}

namespace {

// Makes a handle of the class that stands for each kind of content.
struct HandleMaker {
  std::shared_ptr<StoreState>& state;

  template <class T, class Object>
  wasm_ref_t* make(const Object& object) const {
    return new T(std::move(state), Content(object));
  }
  wasm_ref_t* operator()(const Func& func) const { return make<wasm_func_t>(func); }
  wasm_ref_t* operator()(const Global& global) const { return make<wasm_global_t>(global); }
  wasm_ref_t* operator()(const Table& table) const { return make<wasm_table_t>(table); }
  wasm_ref_t* operator()(const Memory& memory) const { return make<wasm_memory_t>(memory); }
  wasm_ref_t* operator()(const Tag& tag) const { return make<wasm_extern_t>(tag); }
  wasm_ref_t* operator()(const Instance& instance) const { return make<wasm_instance_t>(instance); }
  wasm_ref_t* operator()(const std::shared_ptr<ModuleData>& data) const { return make<wasm_module_t>(data); }
  wasm_ref_t* operator()(const std::shared_ptr<TrapData>& data) const { return make<wasm_trap_t>(data); }
  wasm_ref_t* operator()(const std::shared_ptr<ForeignData>& data) const {
    return make<wasm_foreign_t>(data);
  }
  wasm_ref_t* operator()(const Value& value) const { return make<wasm_ref_t>(value); }
};

}  // namespace

wasm_ref_t* make_ref(std::shared_ptr<StoreState> state, const Content& content) {
  return std::visit(HandleMaker{state}, content);
}

wasm_extern_t* make_extern(std::shared_ptr<StoreState> state, const Extern& value) {
  return std::visit(
      [&state](const auto& object) {
        return static_cast<wasm_extern_t*>(make_ref(std::move(state), Content(object)));
      },
      value);
}

Extern extern_of(const wasm_extern_t& handle) {
  if (const auto* func = std::get_if<Func>(&handle.content)) return *func;
  if (const auto* global = std::get_if<Global>(&handle.content)) return *global;
  if (const auto* table = std::get_if<Table>(&handle.content)) return *table;
  if (const auto* memory = std::get_if<Memory>(&handle.content)) return *memory;
  return handle.as<Tag>();
}

}  // namespace godwit::capi

namespace {

template <class... T>
bool holds(const wasm_ref_t* ref) {
  return ref != nullptr && (std::holds_alternative<T>(ref->content) || ...);
}

wasm_ref_t* copy(const wasm_ref_t* ref) { return capi::make_ref(ref->store, ref->content); }

bool is_same(const wasm_ref_t* a, const wasm_ref_t* b) {
  return a->store == b->store && a->content.index() == b->content.index() &&
         a->store->identity_of(a->content) == b->store->identity_of(b->content);
}

}  // namespace

#define GODWIT_DEFINE_REF_BASE(name)                                                                    \
  void wasm_##name##_delete(wasm_##name##_t* ref) { delete ref; }                                       \
  wasm_##name##_t* wasm_##name##_copy(const wasm_##name##_t* ref) {                                     \
    return static_cast<wasm_##name##_t*>(copy(ref));                                                    \
  }                                                                                                     \
  bool wasm_##name##_same(const wasm_##name##_t* a, const wasm_##name##_t* b) { return is_same(a, b); } \
  void* wasm_##name##_get_host_info(const wasm_##name##_t* ref) {                                       \
    const capi::HostInfo* info = ref->store->info_of(ref->content, false);                              \
    return info ? info->get() : nullptr;                                                                \
  }                                                                                                     \
  void wasm_##name##_set_host_info(wasm_##name##_t* ref, void* pointer) {                               \
    wasm_##name##_set_host_info_with_finalizer(ref, pointer, nullptr);                                  \
  }                                                                                                     \
  void wasm_##name##_set_host_info_with_finalizer(wasm_##name##_t* ref, void* pointer,                  \
                                                  void (*finalizer)(void*)) {                           \
    if (capi::HostInfo* info = ref->store->info_of(ref->content, true)) info->set(pointer, finalizer);  \
  }

#define GODWIT_DEFINE_REF(name, ...)                                                       \
  GODWIT_DEFINE_REF_BASE(name)                                                             \
  wasm_ref_t* wasm_##name##_as_ref(wasm_##name##_t* ref) { return ref; }                   \
  const wasm_ref_t* wasm_##name##_as_ref_const(const wasm_##name##_t* ref) { return ref; } \
  wasm_##name##_t* wasm_ref_as_##name(wasm_ref_t* ref) {                                   \
    return holds<__VA_ARGS__>(ref) ? static_cast<wasm_##name##_t*>(ref) : nullptr;         \
  }                                                                                        \
  const wasm_##name##_t* wasm_ref_as_##name##_const(const wasm_ref_t* ref) {               \
    return holds<__VA_ARGS__>(ref) ? static_cast<const wasm_##name##_t*>(ref) : nullptr;   \
  }

GODWIT_DEFINE_REF_BASE(ref)
GODWIT_DEFINE_REF(func, Func)
GODWIT_DEFINE_REF(global, Global)
GODWIT_DEFINE_REF(table, Table)
GODWIT_DEFINE_REF(memory, Memory)
GODWIT_DEFINE_REF(extern, Func, Global, Table, Memory, Tag)
GODWIT_DEFINE_REF(instance, Instance)
GODWIT_DEFINE_REF(module, std::shared_ptr<capi::ModuleData>)
GODWIT_DEFINE_REF(trap, std::shared_ptr<capi::TrapData>)
GODWIT_DEFINE_REF(foreign, std::shared_ptr<capi::ForeignData>)
GODWIT_DEFINE_HANDLE_VEC(extern)

#define GODWIT_DEFINE_EXTERN_CASTS(name, T)                                                            \
  wasm_extern_t* wasm_##name##_as_extern(wasm_##name##_t* object) { return object; }                   \
  const wasm_extern_t* wasm_##name##_as_extern_const(const wasm_##name##_t* object) { return object; } \
  wasm_##name##_t* wasm_extern_as_##name(wasm_extern_t* value) {                                       \
    return holds<T>(value) ? static_cast<wasm_##name##_t*>(value) : nullptr;                           \
  }                                                                                                    \
  const wasm_##name##_t* wasm_extern_as_##name##_const(const wasm_extern_t* value) {                   \
    return holds<T>(value) ? static_cast<const wasm_##name##_t*>(value) : nullptr;                     \
  }
GODWIT_DEFINE_EXTERN_CASTS(func, Func)
GODWIT_DEFINE_EXTERN_CASTS(global, Global)
GODWIT_DEFINE_EXTERN_CASTS(table, Table)
GODWIT_DEFINE_EXTERN_CASTS(memory, Memory)

wasm_externkind_t wasm_extern_kind(const wasm_extern_t* value) {
  if (holds<Func>(value)) return WASM_EXTERN_FUNC;
  if (holds<Global>(value)) return WASM_EXTERN_GLOBAL;
  if (holds<Table>(value)) return WASM_EXTERN_TABLE;
  if (holds<Memory>(value)) return WASM_EXTERN_MEMORY;
  return WASM_EXTERN_TAG;
}

wasm_externtype_t* wasm_extern_type(const wasm_extern_t* value) {
  const Store& store = value->store->store;
  if (const auto* func = wasm_extern_as_func_const(value)) return capi::to_c(func->type());
  if (const auto* global = std::get_if<Global>(&value->content)) return capi::to_c(*global->type(store));
  if (const auto* table = std::get_if<Table>(&value->content)) return capi::to_c(*table->type(store));
  if (const auto* memory = std::get_if<Memory>(&value->content)) return capi::to_c(*memory->type(store));
  return capi::to_c(TagType{*value->as<Tag>().type(store)});
}

// Values

void wasm_val_delete(wasm_val_t* value) {
  if (wasm_valkind_is_ref(value->kind)) wasm_ref_delete(std::exchange(value->of.ref, nullptr));
}

void wasm_val_copy(wasm_val_t* out, const wasm_val_t* value) {
  const wasm_val_t source = *value;
  *out = source;
  if (wasm_valkind_is_ref(source.kind) && source.of.ref != nullptr)
    out->of.ref = wasm_ref_copy(source.of.ref);
}

static void delete_val(wasm_val_t* value) { wasm_val_delete(value); }
GODWIT_DEFINE_VEC(val, , wasm_val_copy, delete_val)

wasm_foreign_t* wasm_foreign_new(wasm_store_t* store) {
  return static_cast<wasm_foreign_t*>(capi::make_ref(store->state, std::make_shared<capi::ForeignData>()));
}
