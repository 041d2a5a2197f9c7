// Types of imports and exports as text.
#include "runtime/extern_text.h"

#include "runtime/memory.h"

namespace godwit::runtime {

namespace {

std::string list(const std::vector<wasm::ValType>& types) {
  std::string text = "(";
  for (const wasm::ValType type : types) {
    if (text.size() > 1) text += ", ";
    text += to_string(type);
  }
  return text + ")";
}

std::string describe(const wasm::Limits& limits) {
  std::string text = std::to_string(limits.min);
  if (limits.max) text += ".." + std::to_string(*limits.max);
  else text += "..";
  if (limits.addr == wasm::AddrType::I64) text += " (i64)";
  return text;
}

wasm::Limits current(const wasm::Limits& limits, uint64_t size) {
  return {.min = size, .max = limits.max, .addr = limits.addr};
}

}  // namespace

std::string describe(const wasm::FuncType& type) {
  std::string text = "func " + list(type.params) + " -> ";
  return text + (type.results.size() == 1 ? to_string(type.results[0]) : list(type.results));
}

std::string describe(const wasm::TableType& type) {
  return "table " + to_string(type.elem) + " " + describe(type.limits);
}

std::string describe(const wasm::MemType& type) {
  std::string text = type.is_shared ? "shared memory " : "memory ";
  text += describe(type.limits) + " pages";
  if (type.page_size_log2 != 16)
    text += " of " + std::to_string(uint64_t{1} << type.page_size_log2) + " bytes";
  return text;
}

std::string describe(const wasm::GlobalType& type) {
  return (type.is_mutable ? "global mut " : "global ") + to_string(type.val);
}

std::string describe_wanted(const Module& module, const wasm::Import& import) {
  const wasm::Module& declarations = module.declarations;
  switch (import.kind) {
    case wasm::ExternKind::Func: return describe(declarations.func_type(wasm::FuncIdx(import.index)));
    case wasm::ExternKind::Table: return describe(declarations.tables[import.index].type);
    case wasm::ExternKind::Mem: return describe(declarations.memories[import.index]);
    case wasm::ExternKind::Global: return describe(declarations.globals[import.index].type);
    case wasm::ExternKind::Tag: {
      const wasm::SubType& type = declarations.types[declarations.tags[import.index].type.value];
      return "tag " + list(type.func.params);
    }
  }
  return {};
}

std::string describe_found(const TypeRegistry& types, const Extern& value) {
  switch (value.kind) {
    case wasm::ExternKind::Func: return describe(types.func_type(value.func->type));
    case wasm::ExternKind::Table: {
      wasm::TableType type = value.table->type();
      type.limits = current(type.limits, value.table->size());
      return describe(type);
    }
    case wasm::ExternKind::Mem: {
      wasm::MemType type = value.memory->type();
      type.limits = current(type.limits, value.memory->pages());
      return describe(type);
    }
    case wasm::ExternKind::Global: return describe(value.global->type());
    case wasm::ExternKind::Tag: return "tag " + list(types.func_type(value.tag->type_id()).params);
  }
  return {};
}

}  // namespace godwit::runtime
