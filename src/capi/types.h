// The types of the C API as C++ objects, and how they are made of the C++ API's.
#pragma once

#include <memory>
#include <optional>

#include "godwit/types.h"
#include "wasm.h"

// A vector that owns its elements, as a member.
template <class Vec, void (*destroy)(Vec*)>
struct OwnVec {
  Vec vec{0, nullptr};
  OwnVec() = default;
  explicit OwnVec(Vec taken) : vec(taken) {}
  OwnVec(const OwnVec&) = delete;
  OwnVec& operator=(const OwnVec&) = delete;
  ~OwnVec() { destroy(&vec); }
};
using OwnValtypes = OwnVec<wasm_valtype_vec_t, wasm_valtype_vec_delete>;
using OwnName = OwnVec<wasm_name_t, wasm_byte_vec_delete>;

struct wasm_valtype_t {
  wasm_valkind_t kind;
};

// What the types of imports and exports share: the pointer to it is the pointer to the special one.
struct wasm_externtype_t {
  explicit wasm_externtype_t(wasm_externkind_t which) : kind(which) {}
  wasm_externtype_t(const wasm_externtype_t&) = delete;
  wasm_externtype_t& operator=(const wasm_externtype_t&) = delete;
  virtual ~wasm_externtype_t() = default;
  wasm_externkind_t kind;
};

struct wasm_functype_t final : wasm_externtype_t {
  wasm_functype_t(wasm_valtype_vec_t own_params, wasm_valtype_vec_t own_results)
      : wasm_externtype_t(WASM_EXTERN_FUNC), params(own_params), results(own_results) {}
  OwnValtypes params, results;
};

struct wasm_globaltype_t final : wasm_externtype_t {
  wasm_globaltype_t(wasm_valkind_t kind_of_value, wasm_mutability_t mut)
      : wasm_externtype_t(WASM_EXTERN_GLOBAL), content{kind_of_value}, mutability(mut) {}
  wasm_valtype_t content;
  wasm_mutability_t mutability;
};

struct wasm_tabletype_t final : wasm_externtype_t {
  wasm_tabletype_t(wasm_valkind_t kind_of_element, wasm_limits_t size)
      : wasm_externtype_t(WASM_EXTERN_TABLE), element{kind_of_element}, limits(size) {}
  wasm_valtype_t element;
  wasm_limits_t limits;
};

struct wasm_memorytype_t final : wasm_externtype_t {
  explicit wasm_memorytype_t(wasm_limits_t size) : wasm_externtype_t(WASM_EXTERN_MEMORY), limits(size) {}
  wasm_limits_t limits;
};

struct wasm_tagtype_t final : wasm_externtype_t {
  explicit wasm_tagtype_t(wasm_functype_t* own_type) : wasm_externtype_t(WASM_EXTERN_TAG), type(own_type) {}
  std::unique_ptr<wasm_functype_t> type;
};

namespace godwit::capi {

wasm_valkind_t to_c(ValType type);
// Nothing for kinds that there are not.
std::optional<ValType> from_c(wasm_valkind_t kind);

wasm_functype_t* to_c(const FuncType& type);
wasm_globaltype_t* to_c(const GlobalType& type);
wasm_tabletype_t* to_c(const TableType& type);
wasm_memorytype_t* to_c(const MemoryType& type);
wasm_tagtype_t* to_c(const TagType& type);
wasm_externtype_t* to_c(const ExternType& type);

FuncType from_c(const wasm_functype_t& type);
MemoryType from_c(const wasm_memorytype_t& type);
TableType from_c(const wasm_tabletype_t& type);

wasm_name_t to_c(std::string_view text);

}  // namespace godwit::capi
