// TypeRegistry: engine-wide canonical ids of types, so that a type check at run time compares two integers.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "wasm/module.h"

namespace godwit::runtime {

// Types that leave their module (those of externs, tables, globals) carry canonical ids in place of type indices.
//
// @threads any; ids are never reused.
class TypeRegistry final {
 public:
  TypeRegistry();
  ~TypeRegistry();
  TypeRegistry(const TypeRegistry&) = delete;
  TypeRegistry& operator=(const TypeRegistry&) = delete;

  // Canonical ids of all types of a module, by type index. Two types get one id exactly if they are equal
  // (iso-recursively). spec: https://webassembly.github.io/spec/core/valid/conventions.html#rolling-and-unrolling
  std::vector<uint32_t> intern(const wasm::Module& module);
  // The id of a plain final function type without type indices, as host functions have.
  uint32_t intern(const wasm::FuncType& type);

  // True if values of type `sub` may be used as `super`.
  bool is_subtype(uint32_t sub, uint32_t super) const;
  // The same for value types that carry canonical ids.
  // spec: https://webassembly.github.io/spec/core/valid/matching.html#value-types
  bool matches(wasm::ValType sub, wasm::ValType super) const;

  // The function type of an id; its type indices, if any, are canonical ids. Valid as long as the registry.
  const wasm::FuncType& func_type(uint32_t id) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// `type` with canonical ids for type indices; `ids` is Module::type_ids.
wasm::ValType canonical(wasm::ValType type, std::span<const uint32_t> ids);

}  // namespace godwit::runtime
