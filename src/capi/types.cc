// The types of values, functions and of what modules import and export.
#include "capi/types.h"

#include "capi/vec.h"
#include "godwit.h"

using namespace godwit;
using capi::take;

namespace godwit::capi {

wasm_valkind_t to_c(ValType type) {
  switch (type) {
    case ValType::I32: return WASM_I32;
    case ValType::I64: return WASM_I64;
    case ValType::F32: return WASM_F32;
    case ValType::F64: return WASM_F64;
    case ValType::V128: return GODWIT_V128;
    case ValType::FuncRef: return WASM_FUNCREF;
    case ValType::ExternRef: return WASM_EXTERNREF;
    case ValType::OtherRef: break;
  }
  return GODWIT_OTHERREF;
}

std::optional<ValType> from_c(wasm_valkind_t kind) {
  switch (kind) {
    case WASM_I32: return ValType::I32;
    case WASM_I64: return ValType::I64;
    case WASM_F32: return ValType::F32;
    case WASM_F64: return ValType::F64;
    case GODWIT_V128: return ValType::V128;
    case WASM_FUNCREF: return ValType::FuncRef;
    case WASM_EXTERNREF: return ValType::ExternRef;
    case GODWIT_OTHERREF: return ValType::OtherRef;
    default: return std::nullopt;
  }
}

namespace {

wasm_valtype_vec_t vec_of(const std::vector<ValType>& types) {
  wasm_valtype_vec_t vec;
  make_vec(&vec, types.size());
  for (size_t i = 0; i < vec.size; ++i) vec.data[i] = new wasm_valtype_t{to_c(types[i])};
  return vec;
}

// What does not fit is as good as none: 2^32 elements or pages are more than any store has.
wasm_limits_t to_c_limits(uint64_t min, const std::optional<uint64_t>& max) {
  constexpr uint64_t kMost = wasm_limits_max_default;
  return {static_cast<uint32_t>(std::min(min, kMost)),
          static_cast<uint32_t>(std::min(max.value_or(kMost), kMost))};
}

std::optional<uint64_t> max_of(const wasm_limits_t& limits) {
  if (limits.max == wasm_limits_max_default) return std::nullopt;
  return limits.max;
}

}  // namespace

wasm_functype_t* to_c(const FuncType& type) {
  return new wasm_functype_t(vec_of(type.params), vec_of(type.results));
}
wasm_globaltype_t* to_c(const GlobalType& type) {
  return new wasm_globaltype_t(to_c(type.value),
                               static_cast<wasm_mutability_t>(type.is_mutable ? WASM_VAR : WASM_CONST));
}
wasm_tabletype_t* to_c(const TableType& type) {
  return new wasm_tabletype_t(to_c(type.element), to_c_limits(type.min, type.max));
}
wasm_memorytype_t* to_c(const MemoryType& type) {
  return new wasm_memorytype_t(to_c_limits(type.min_pages, type.max_pages));
}
wasm_tagtype_t* to_c(const TagType& type) { return new wasm_tagtype_t(to_c(FuncType{type.payload, {}})); }
wasm_externtype_t* to_c(const ExternType& type) {
  return std::visit([](const auto& special) -> wasm_externtype_t* { return to_c(special); }, type);
}

FuncType from_c(const wasm_functype_t& type) {
  const auto types_of = [](const wasm_valtype_vec_t& vec) {
    std::vector<ValType> types;
    for (size_t i = 0; i < vec.size; ++i)
      types.push_back(from_c(vec.data[i]->kind).value_or(ValType::OtherRef));
    return types;
  };
  return {types_of(type.params.vec), types_of(type.results.vec)};
}
MemoryType from_c(const wasm_memorytype_t& type) {
  return {.min_pages = type.limits.min, .max_pages = max_of(type.limits)};
}
TableType from_c(const wasm_tabletype_t& type) {
  return {.element = from_c(type.element.kind).value_or(ValType::OtherRef),
          .min = type.limits.min,
          .max = max_of(type.limits)};
}

wasm_name_t to_c(std::string_view text) {
  wasm_name_t name;
  wasm_name_new(&name, text.size(), text.data());
  return name;
}

}  // namespace godwit::capi

// Names

static void copy_byte(wasm_byte_t* to, const wasm_byte_t* from) { *to = *from; }
static void delete_byte(const wasm_byte_t* /*byte*/) {}
GODWIT_DEFINE_VEC(byte, , copy_byte, delete_byte)

// Values

wasm_valtype_t* wasm_valtype_new(wasm_valkind_t kind) {
  return capi::from_c(kind) ? new wasm_valtype_t{kind} : nullptr;
}
void wasm_valtype_delete(wasm_valtype_t* type) { delete type; }
wasm_valtype_t* wasm_valtype_copy(const wasm_valtype_t* type) { return new wasm_valtype_t(*type); }
wasm_valkind_t wasm_valtype_kind(const wasm_valtype_t* type) { return type->kind; }
GODWIT_DEFINE_HANDLE_VEC(valtype)

namespace {

wasm_valtype_vec_t copy_of(const wasm_valtype_vec_t& vec) {
  wasm_valtype_vec_t copy;
  wasm_valtype_vec_copy(&copy, &vec);
  return copy;
}

// The kind of an own type, which is deleted.
wasm_valkind_t taken_kind(wasm_valtype_t* type) {
  const std::unique_ptr<wasm_valtype_t> own(type);
  return own->kind;
}

}  // namespace

// Functions

wasm_functype_t* wasm_functype_new(wasm_valtype_vec_t* params, wasm_valtype_vec_t* results) {
  const wasm_valtype_vec_t taken = take(params);
  return new wasm_functype_t(taken, take(results));
}
void wasm_functype_delete(wasm_functype_t* type) { delete type; }
wasm_functype_t* wasm_functype_copy(const wasm_functype_t* type) {
  return new wasm_functype_t(copy_of(type->params.vec), copy_of(type->results.vec));
}
const wasm_valtype_vec_t* wasm_functype_params(const wasm_functype_t* type) { return &type->params.vec; }
const wasm_valtype_vec_t* wasm_functype_results(const wasm_functype_t* type) { return &type->results.vec; }
GODWIT_DEFINE_HANDLE_VEC(functype)

// Globals

wasm_globaltype_t* wasm_globaltype_new(wasm_valtype_t* content, wasm_mutability_t mutability) {
  return new wasm_globaltype_t(taken_kind(content), mutability);
}
void wasm_globaltype_delete(wasm_globaltype_t* type) { delete type; }
wasm_globaltype_t* wasm_globaltype_copy(const wasm_globaltype_t* type) {
  return new wasm_globaltype_t(type->content.kind, type->mutability);
}
const wasm_valtype_t* wasm_globaltype_content(const wasm_globaltype_t* type) { return &type->content; }
wasm_mutability_t wasm_globaltype_mutability(const wasm_globaltype_t* type) { return type->mutability; }
GODWIT_DEFINE_HANDLE_VEC(globaltype)

// Tables

wasm_tabletype_t* wasm_tabletype_new(wasm_valtype_t* element, const wasm_limits_t* limits) {
  return new wasm_tabletype_t(taken_kind(element), *limits);
}
void wasm_tabletype_delete(wasm_tabletype_t* type) { delete type; }
wasm_tabletype_t* wasm_tabletype_copy(const wasm_tabletype_t* type) {
  return new wasm_tabletype_t(type->element.kind, type->limits);
}
const wasm_valtype_t* wasm_tabletype_element(const wasm_tabletype_t* type) { return &type->element; }
const wasm_limits_t* wasm_tabletype_limits(const wasm_tabletype_t* type) { return &type->limits; }
GODWIT_DEFINE_HANDLE_VEC(tabletype)

// Memories

wasm_memorytype_t* wasm_memorytype_new(const wasm_limits_t* limits) { return new wasm_memorytype_t(*limits); }
void wasm_memorytype_delete(wasm_memorytype_t* type) { delete type; }
wasm_memorytype_t* wasm_memorytype_copy(const wasm_memorytype_t* type) {
  return new wasm_memorytype_t(type->limits);
}
const wasm_limits_t* wasm_memorytype_limits(const wasm_memorytype_t* type) { return &type->limits; }
GODWIT_DEFINE_HANDLE_VEC(memorytype)

// Tags

wasm_tagtype_t* wasm_tagtype_new(wasm_functype_t* type) { return new wasm_tagtype_t(type); }
void wasm_tagtype_delete(wasm_tagtype_t* type) { delete type; }
wasm_tagtype_t* wasm_tagtype_copy(const wasm_tagtype_t* type) {
  return new wasm_tagtype_t(wasm_functype_copy(type->type.get()));
}
const wasm_functype_t* wasm_tagtype_functype(const wasm_tagtype_t* type) { return type->type.get(); }
GODWIT_DEFINE_HANDLE_VEC(tagtype)

// Any of them

wasm_externkind_t wasm_externtype_kind(const wasm_externtype_t* type) { return type->kind; }
void wasm_externtype_delete(wasm_externtype_t* type) { delete type; }

#define GODWIT_DEFINE_EXTERNTYPE_CASTS(name, which)                                                        \
  wasm_externtype_t* wasm_##name##_as_externtype(wasm_##name##_t* type) { return type; }                   \
  wasm_##name##_t* wasm_externtype_as_##name(wasm_externtype_t* type) {                                    \
    return type != nullptr && type->kind == (which) ? static_cast<wasm_##name##_t*>(type) : nullptr;       \
  }                                                                                                        \
  const wasm_externtype_t* wasm_##name##_as_externtype_const(const wasm_##name##_t* type) { return type; } \
  const wasm_##name##_t* wasm_externtype_as_##name##_const(const wasm_externtype_t* type) {                \
    return type != nullptr && type->kind == (which) ? static_cast<const wasm_##name##_t*>(type) : nullptr; \
  }
GODWIT_DEFINE_EXTERNTYPE_CASTS(functype, WASM_EXTERN_FUNC)
GODWIT_DEFINE_EXTERNTYPE_CASTS(globaltype, WASM_EXTERN_GLOBAL)
GODWIT_DEFINE_EXTERNTYPE_CASTS(tabletype, WASM_EXTERN_TABLE)
GODWIT_DEFINE_EXTERNTYPE_CASTS(memorytype, WASM_EXTERN_MEMORY)
GODWIT_DEFINE_EXTERNTYPE_CASTS(tagtype, WASM_EXTERN_TAG)

wasm_externtype_t* wasm_externtype_copy(const wasm_externtype_t* type) {
  if (const auto* func = wasm_externtype_as_functype_const(type)) return wasm_functype_copy(func);
  if (const auto* global = wasm_externtype_as_globaltype_const(type)) return wasm_globaltype_copy(global);
  if (const auto* table = wasm_externtype_as_tabletype_const(type)) return wasm_tabletype_copy(table);
  if (const auto* memory = wasm_externtype_as_memorytype_const(type)) return wasm_memorytype_copy(memory);
  return wasm_tagtype_copy(wasm_externtype_as_tagtype_const(type));
}
GODWIT_DEFINE_HANDLE_VEC(externtype)

// Imports and exports

struct wasm_importtype_t {
  OwnName module, name;
  std::unique_ptr<wasm_externtype_t> type;
};

wasm_importtype_t* wasm_importtype_new(wasm_name_t* module, wasm_name_t* name, wasm_externtype_t* type) {
  const wasm_name_t taken = take(module);
  return new wasm_importtype_t{OwnName(taken), OwnName(take(name)), std::unique_ptr<wasm_externtype_t>(type)};
}
void wasm_importtype_delete(wasm_importtype_t* type) { delete type; }
wasm_importtype_t* wasm_importtype_copy(const wasm_importtype_t* type) {
  wasm_name_t module, name;
  wasm_name_copy(&module, &type->module.vec);
  wasm_name_copy(&name, &type->name.vec);
  return wasm_importtype_new(&module, &name, wasm_externtype_copy(type->type.get()));
}
const wasm_name_t* wasm_importtype_module(const wasm_importtype_t* type) { return &type->module.vec; }
const wasm_name_t* wasm_importtype_name(const wasm_importtype_t* type) { return &type->name.vec; }
const wasm_externtype_t* wasm_importtype_type(const wasm_importtype_t* type) { return type->type.get(); }
GODWIT_DEFINE_HANDLE_VEC(importtype)

struct wasm_exporttype_t {
  OwnName name;
  std::unique_ptr<wasm_externtype_t> type;
};

wasm_exporttype_t* wasm_exporttype_new(wasm_name_t* name, wasm_externtype_t* type) {
  return new wasm_exporttype_t{OwnName(take(name)), std::unique_ptr<wasm_externtype_t>(type)};
}
void wasm_exporttype_delete(wasm_exporttype_t* type) { delete type; }
wasm_exporttype_t* wasm_exporttype_copy(const wasm_exporttype_t* type) {
  wasm_name_t name;
  wasm_name_copy(&name, &type->name.vec);
  return wasm_exporttype_new(&name, wasm_externtype_copy(type->type.get()));
}
const wasm_name_t* wasm_exporttype_name(const wasm_exporttype_t* type) { return &type->name.vec; }
const wasm_externtype_t* wasm_exporttype_type(const wasm_exporttype_t* type) { return type->type.get(); }
GODWIT_DEFINE_HANDLE_VEC(exporttype)
