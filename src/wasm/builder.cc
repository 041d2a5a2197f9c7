// Assembling modules in C++.
#include "wasm/builder.h"

#include <algorithm>
#include <bit>

namespace godwit::wasm {

CodeBuilder& CodeBuilder::access(Opcode op, uint64_t offset, MemIdx memory) {
  const uint32_t bytes = access_bytes_of(op);
  return access(op, {static_cast<uint32_t>(std::countr_zero(bytes)), memory, offset});
}

TypeIdx ModuleBuilder::type(FuncType type) {
  SubType sub;
  sub.func = std::move(type);
  return this->type(sub);
}

TypeIdx ModuleBuilder::type(const SubType& type) {
  add(types_);
  types_.body.sub_type(type);
  return TypeIdx(type_count_++);
}

TypeIdx ModuleBuilder::types(const std::vector<SubType>& group) {
  add(types_);
  types_.body.u8(0x4E).u32(group.size());
  for (const SubType& type : group) types_.body.sub_type(type);
  const TypeIdx first(type_count_);
  type_count_ += static_cast<uint32_t>(group.size());
  return first;
}

Encoder& ModuleBuilder::add_import(std::string_view module, std::string_view field, ExternKind kind) {
  add(imports_);
  return imports_.body.name(module).name(field).u8(static_cast<uint8_t>(kind));
}

FuncIdx ModuleBuilder::import_func(std::string_view module, std::string_view field, TypeIdx type) {
  add_import(module, field, ExternKind::Func).u32(type.value);
  return FuncIdx(imported_funcs_++);
}

TableIdx ModuleBuilder::import_table(std::string_view module, std::string_view field, const TableType& type) {
  add_import(module, field, ExternKind::Table).table_type(type);
  return TableIdx(imported_tables_++);
}

MemIdx ModuleBuilder::import_memory(std::string_view module, std::string_view field, const MemType& type) {
  add_import(module, field, ExternKind::Mem).memory_type(type);
  return MemIdx(imported_memories_++);
}

GlobalIdx ModuleBuilder::import_global(std::string_view module, std::string_view field,
                                       const GlobalType& type) {
  add_import(module, field, ExternKind::Global).global_type(type);
  return GlobalIdx(imported_globals_++);
}

TagIdx ModuleBuilder::import_tag(std::string_view module, std::string_view field, TypeIdx type) {
  add_import(module, field, ExternKind::Tag).u8(0).u32(type.value);
  return TagIdx(imported_tags_++);
}

FuncIdx ModuleBuilder::func(TypeIdx type, const std::vector<ValType>& locals, const CodeBuilder& code) {
  funcs_.body.u32(type.value);
  Encoder body;
  std::vector<std::pair<uint32_t, ValType>> groups;
  for (const ValType local : locals) {
    if (groups.empty() || groups.back().second != local) groups.emplace_back(0, local);
    ++groups.back().first;
  }
  body.u32(groups.size());
  for (const auto& [count, local] : groups) body.u32(count).val_type(local);
  body.raw(code.bytes()).opcode(Opcode::end);
  add(bodies_);
  bodies_.body.sized(body.bytes());
  return FuncIdx(imported_funcs_ + add(funcs_));
}

TableIdx ModuleBuilder::table(const TableType& type) {
  tables_.body.table_type(type);
  return TableIdx(imported_tables_ + add(tables_));
}

TableIdx ModuleBuilder::table(const TableType& type, const CodeBuilder& init) {
  tables_.body.u8(0x40).u8(0).table_type(type).raw(init.bytes()).opcode(Opcode::end);
  return TableIdx(imported_tables_ + add(tables_));
}

MemIdx ModuleBuilder::memory(const MemType& type) {
  memories_.body.memory_type(type);
  return MemIdx(imported_memories_ + add(memories_));
}

GlobalIdx ModuleBuilder::global(const GlobalType& type, const CodeBuilder& init) {
  globals_.body.global_type(type).raw(init.bytes()).opcode(Opcode::end);
  return GlobalIdx(imported_globals_ + add(globals_));
}

TagIdx ModuleBuilder::tag(TypeIdx type) {
  tags_.body.u8(0).u32(type.value);
  return TagIdx(imported_tags_ + add(tags_));
}

void ModuleBuilder::add_export(std::string_view name, ExternKind kind, uint32_t index) {
  exports_.body.name(name).u8(static_cast<uint8_t>(kind)).u32(index);
  add(exports_);
}

ElemIdx ModuleBuilder::elem(TableIdx table, const CodeBuilder& offset, const std::vector<FuncIdx>& funcs) {
  elems_.body.u32(2).u32(table.value).raw(offset.bytes()).opcode(Opcode::end).u8(0).u32(funcs.size());
  for (const FuncIdx func : funcs) elems_.body.u32(func.value);
  return ElemIdx(add(elems_));
}

ElemIdx ModuleBuilder::elem(SegmentMode mode, ValType type, const std::vector<CodeBuilder>& exprs) {
  elems_.body.u32(mode == SegmentMode::Passive ? 5 : 7).val_type(type).u32(exprs.size());
  for (const CodeBuilder& expr : exprs) elems_.body.raw(expr.bytes()).opcode(Opcode::end);
  return ElemIdx(add(elems_));
}

DataIdx ModuleBuilder::data(MemIdx memory, const CodeBuilder& offset, Bytes bytes) {
  datas_.body.u32(2).u32(memory.value).raw(offset.bytes()).opcode(Opcode::end).sized(bytes);
  return DataIdx(add(datas_));
}

DataIdx ModuleBuilder::data(Bytes bytes) {
  datas_.body.u32(1).sized(bytes);
  return DataIdx(add(datas_));
}

void ModuleBuilder::name_func(FuncIdx func, std::string_view name) {
  func_names_.emplace_back(func.value, name);
}

void ModuleBuilder::custom(std::string_view name, Bytes contents) {
  customs_.emplace_back(name, std::vector<uint8_t>(contents.begin(), contents.end()));
}

std::vector<uint8_t> ModuleBuilder::build() const {
  Encoder out;
  out.raw(as_bytes({"\0asm\1\0\0\0", 8}));
  const auto section = [&](uint8_t id, const Entries& entries) {
    if (entries.count == 0) return;
    Encoder contents;
    contents.u32(entries.count).raw(entries.body.bytes());
    out.u8(id).sized(contents.bytes());
  };
  const auto number = [&](uint8_t id, uint32_t value) { out.u8(id).sized(Encoder().u32(value).bytes()); };

  section(1, types_);
  section(2, imports_);
  section(3, funcs_);
  section(4, tables_);
  section(5, memories_);
  section(13, tags_);
  section(6, globals_);
  section(7, exports_);
  if (start_) number(8, start_->value);
  section(9, elems_);
  if (writes_data_count_ && datas_.count != 0) number(12, datas_.count);
  section(10, bodies_);
  section(11, datas_);

  if (!func_names_.empty()) {
    auto names = func_names_;
    std::ranges::sort(names);
    Encoder map;
    map.u32(names.size());
    for (const auto& [index, text] : names) map.u32(index).name(text);
    out.u8(0).sized(Encoder().name("name").u8(1).sized(map.bytes()).bytes());
  }
  for (const auto& [name, contents] : customs_) out.u8(0).sized(Encoder().name(name).raw(contents).bytes());
  return out.take();
}

}  // namespace godwit::wasm
