// Matching of externs against imports.
#include "runtime/import_match.h"

#include "runtime/extern_text.h"
#include "runtime/memory.h"

namespace godwit::runtime {

namespace {

// spec: https://webassembly.github.io/spec/core/valid/matching.html#limits; `size` is what there is now
bool limits_match(const wasm::Limits& found, uint64_t size, const wasm::Limits& wanted) {
  if (found.addr != wanted.addr || size < wanted.min) return false;
  if (!wanted.max) return true;
  return found.max && *found.max <= *wanted.max;
}

bool table_matches(const Table& found, const wasm::TableType& wanted, const Module& module) {
  return found.type().elem == canonical(wanted.elem, module.type_ids) &&
         limits_match(found.type().limits, found.size(), wanted.limits);
}

bool memory_matches(const Memory& found, const wasm::MemType& wanted) {
  return found.type().is_shared == wanted.is_shared && found.type().page_size_log2 == wanted.page_size_log2 &&
         limits_match(found.type().limits, found.pages(), wanted.limits);
}

bool global_matches(const TypeRegistry& types, const Global& found, const wasm::GlobalType& wanted,
                    const Module& module) {
  if (found.type().is_mutable != wanted.is_mutable) return false;
  const wasm::ValType wanted_val = canonical(wanted.val, module.type_ids);
  // What can be written must be of exactly this type; what is only read may be of a subtype.
  return wanted.is_mutable ? found.type().val == wanted_val : types.matches(found.type().val, wanted_val);
}

}  // namespace

bool matches_import(const TypeRegistry& types, const Module& module, const wasm::Import& import,
                    const Extern& value) {
  if (value.kind != import.kind) return false;
  const wasm::Module& declarations = module.declarations;
  switch (import.kind) {
    case wasm::ExternKind::Func:
      return types.is_subtype(value.func->type, module.func_type_id(wasm::FuncIdx(import.index)));
    case wasm::ExternKind::Table:
      return table_matches(*value.table, declarations.tables[import.index].type, module);
    case wasm::ExternKind::Mem: return memory_matches(*value.memory, declarations.memories[import.index]);
    case wasm::ExternKind::Global:
      return global_matches(types, *value.global, declarations.globals[import.index].type, module);
    case wasm::ExternKind::Tag:
      return value.tag->type_id() == module.type_ids[declarations.tags[import.index].type.value];
  }
  return false;
}

std::string name_of(const wasm::Import& import) {
  return "module \"" + std::string(import.module) + "\" field \"" + std::string(import.field) + "\"";
}

std::string mismatch_text(const TypeRegistry& types, const Module& module, const wasm::Import& import,
                          const Extern& value) {
  return "incompatible import type: " + name_of(import) + ": wanted " + describe_wanted(module, import) +
         ", found " + describe_found(types, value);
}

}  // namespace godwit::runtime
