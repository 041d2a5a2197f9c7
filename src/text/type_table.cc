// The type section.
#include "text/type_table.h"

namespace godwit::text {

std::string TypeTable::key_of(const wasm::FuncType& type) {
  wasm::Encoder key;
  key.val_types(type.params).val_types(type.results);
  return std::string(as_text(key.bytes()));
}

void TypeTable::define(const std::vector<Definition>& group, bool is_rec) {
  ++entries_;
  if (is_rec) body_.u8(0x4E).u32(group.size());
  if (group.size() == 1) {
    const Definition& only = group[0];
    if (only.type.kind == wasm::CompositeKind::Func && only.type.is_final && only.supers.empty())
      plain_.emplace(key_of(only.type.func), size());
  }
  for (const Definition& definition : group) add(definition);
}

void TypeTable::add(const Definition& definition) {
  const bool is_func = definition.type.kind == wasm::CompositeKind::Func;
  is_func_.push_back(is_func);
  funcs_.push_back(is_func ? definition.type.func : wasm::FuncType());
  wasm::SubType type = definition.type;
  if (definition.supers.size() <= 1) {
    if (!definition.supers.empty()) type.super = definition.supers[0];
    body_.sub_type(type);
    return;
  }
  body_.u8(type.is_final ? 0x4F : 0x50).u32(definition.supers.size());
  for (const wasm::TypeIdx super : definition.supers) body_.u32(super.value);
  type.is_final = true;  // without supertypes: the composite type alone
  body_.sub_type(type);
}

uint32_t TypeTable::index_of(const wasm::FuncType& type) {
  const auto found = plain_.find(key_of(type));
  if (found != plain_.end()) return found->second;
  const uint32_t index = size();
  Definition definition;
  definition.type.func = type;
  define({definition}, false);
  return index;
}

}  // namespace godwit::text
