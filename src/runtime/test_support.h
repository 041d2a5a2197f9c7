// For the tests of this room: modules put together by hand, and an executor and code that only pretend.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "runtime/instance.h"
#include "runtime/memory.h"
#include "wasm/opcodes.h"

namespace godwit::runtime::testing {

inline wasm::Limits limits(uint64_t min, std::optional<uint64_t> max = {},
                           wasm::AddrType addr = wasm::AddrType::I32) {
  return {.min = min, .max = max, .addr = addr};
}

// Declarations whose constant expressions and data lie in a buffer of their own.
class Declarations final {
 public:
  Declarations() { bytes_->reserve(size_t{64} << 10); }

  wasm::Module module;

  uint32_t type(std::vector<wasm::ValType> params, std::vector<wasm::ValType> results) {
    wasm::SubType type;
    type.func = {std::move(params), std::move(results)};
    return add_type(std::move(type));
  }
  uint32_t add_type(wasm::SubType type) {
    module.types.push_back(std::move(type));
    const auto index = static_cast<uint32_t>(module.types.size() - 1);
    module.rec_groups.push_back({wasm::TypeIdx(index), 1});
    return index;
  }

  // Imports come before definitions of the same kind.
  void import_func(std::string_view from, std::string_view field, uint32_t type_index) {
    add_import(from, field, wasm::ExternKind::Func, module.imported_funcs++);
    module.funcs.push_back(wasm::TypeIdx(type_index));
  }
  void import_memory(std::string_view from, std::string_view field, const wasm::MemType& type) {
    add_import(from, field, wasm::ExternKind::Mem, module.imported_memories++);
    module.memories.push_back(type);
  }
  void import_table(std::string_view from, std::string_view field, const wasm::TableType& type) {
    add_import(from, field, wasm::ExternKind::Table, module.imported_tables++);
    module.tables.push_back({type, {}});
  }
  void import_global(std::string_view from, std::string_view field, const wasm::GlobalType& type) {
    add_import(from, field, wasm::ExternKind::Global, module.imported_globals++);
    module.globals.push_back({type, {}});
  }
  void import_tag(std::string_view from, std::string_view field, uint32_t type_index) {
    add_import(from, field, wasm::ExternKind::Tag, module.imported_tags++);
    module.tags.push_back({wasm::TypeIdx(type_index)});
  }

  uint32_t func(uint32_t type_index) {
    module.funcs.push_back(wasm::TypeIdx(type_index));
    module.bodies.push_back({});
    return static_cast<uint32_t>(module.funcs.size() - 1);
  }
  void export_as(std::string_view name, wasm::ExternKind kind, uint32_t index) {
    module.exports.push_back({name, kind, index});
    if (kind == wasm::ExternKind::Func) declare(index);
  }
  void declare(uint32_t func_index) {
    if (module.declared_funcs.size() <= func_index) module.declared_funcs.resize(func_index + 1);
    module.declared_funcs[func_index] = true;
  }

  wasm::ConstExpr i32(int32_t value) { return expr({0x41}, value); }
  wasm::ConstExpr i64(int64_t value) { return expr({0x42}, value); }
  wasm::ConstExpr ref_func(uint32_t index) {
    declare(index);
    return expr({0xD2}, index);
  }
  wasm::ConstExpr raw(std::vector<uint8_t> code) {
    code.push_back(0x0B);
    return {append(code)};
  }

  wasm::ByteRange append(const std::vector<uint8_t>& data) {
    const wasm::ByteRange range{static_cast<uint32_t>(bytes_->size()), static_cast<uint32_t>(data.size())};
    bytes_->insert(bytes_->end(), data.begin(), data.end());
    return range;
  }

  std::shared_ptr<Module> build(TypeRegistry& types, std::string name = {}) {
    wasm::Module made = module;
    made.storage = bytes_;
    made.bytes = *bytes_;
    return make_module(std::move(made), types, std::move(name));
  }

 private:
  void add_import(std::string_view from, std::string_view field, wasm::ExternKind kind, uint32_t index) {
    module.imports.push_back({.module = from, .field = field, .kind = kind, .index = index, .offset = 0});
  }
  wasm::ConstExpr expr(std::vector<uint8_t> code, int64_t value) {
    for (;;) {
      const auto low = static_cast<uint8_t>(value & 0x7F);
      value >>= 7;
      const bool is_last = (value == 0 && !(low & 0x40)) || (value == -1 && (low & 0x40));
      code.push_back(is_last ? low : static_cast<uint8_t>(low | 0x80));
      if (is_last) break;
    }
    return raw(std::move(code));
  }

  std::shared_ptr<std::vector<uint8_t>> bytes_ = std::make_shared<std::vector<uint8_t>>();
};

// Calls host functions directly and hands calls of wasm functions to `wasm`.
class FakeExecutor final : public Executor {
 public:
  std::function<Result<>(Store&, FuncRecord&, std::span<Slot>)> wasm;

  Result<> invoke(Store& store, FuncRecord& func, std::span<Slot> slots) override {
    if (func.vmctx) return wasm ? wasm(store, func, slots) : Result<>();
    auto& record = reinterpret_cast<HostRecord&>(func);  // its first member
    if (record.function(record.env, nullptr, slots.data())) return {};
    return fail(store.take_pending_error().value_or(Error(ErrorKind::Trap, "host error")));
  }
  const Cell* make_record_entry(void* into, uint32_t) override { return static_cast<const Cell*>(into); }
  const Cell* make_host_entry(void* into) override { return static_cast<const Cell*>(into); }
};

// Knows where the cells are that a test made up.
class FakeCode final : public CodeSource {
 public:
  std::map<const Cell*, Location> executing, returning;

  std::atomic<const Cell*>* entries() override { return nullptr; }
  Result<const Cell*> prepare(uint32_t, Interrupt) override {
    return fail(ErrorKind::Unsupported, "no code here");
  }
  bool locate(const Cell* cell, CellRole role, Location& into, Lookup) const override {
    const auto& cells = role == CellRole::Executing ? executing : returning;
    const auto at = cells.find(cell);
    if (at == cells.end()) return false;
    into = at->second;
    return true;
  }
  bool find_unwind_site(const Cell*, UnwindSite&) const override { return false; }
};

struct World {
  TypeRegistry types;
  FakeExecutor executor;
  Store store{types, executor};
};

}  // namespace godwit::runtime::testing
