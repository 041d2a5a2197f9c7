// TypeRegistry: engine-wide canonical ids of types, so that a type check at run time compares two integers.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "base/error.h"
#include "wasm/module.h"

namespace godwit::runtime {

struct GcType;

// Types that leave their module (those of externs, tables, globals) carry canonical ids in place of type indices.
//
// @threads any; ids are never reused.
class TypeRegistry final {
 public:
  // So many types may be registered by modules, all together: ids must stay far below what a HeapType can hold.
  static constexpr size_t kMaxTypes = 32'000'000;

  TypeRegistry();
  ~TypeRegistry();
  TypeRegistry(const TypeRegistry&) = delete;
  TypeRegistry& operator=(const TypeRegistry&) = delete;

  // True if there is room for all types of a module, whether they are new or not. Threads that ask at the same time
  // share the room; the limit has some to spare for that.
  bool has_room_for(const wasm::Module& module, size_t max_types = kMaxTypes) const;
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

  // What the garbage-collected heap knows of types, by id; all that were interned before have an entry. The array stays
  // where it is. Nothing is made before somebody asks.
  // @errors Exhausted: no memory.
  Result<const GcType*> gc_types();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// `type` with canonical ids for type indices; `ids` is Module::type_ids.
wasm::ValType canonical(wasm::ValType type, std::span<const uint32_t> ids);

}  // namespace godwit::runtime
