// ModuleBuilder, CodeBuilder: assembling modules in C++, for tests and fuzzers.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "wasm/encoder.h"

namespace godwit::wasm {

// A sequence of instructions. `end` is never added by itself, save by ModuleBuilder where an expression must have one.
class CodeBuilder final {
 public:
  // The instruction with the immediates that the arguments are: nothing, one index, two indices.
  CodeBuilder& op(Opcode op) { return add({.op = op}); }
  CodeBuilder& op(Opcode op, uint32_t index) { return add({.op = op, .index = index}); }
  CodeBuilder& op(Opcode op, uint32_t index, uint32_t index2) {
    return add({.op = op, .index = index, .index2 = index2});
  }

  CodeBuilder& i32(int32_t value) {
    return add({.op = Opcode::i32_const, .bits = static_cast<uint64_t>(int64_t{value})});
  }
  CodeBuilder& i64(int64_t value) {
    return add({.op = Opcode::i64_const, .bits = static_cast<uint64_t>(value)});
  }
  CodeBuilder& f32(float value) {
    return add({.op = Opcode::f32_const, .bits = std::bit_cast<uint32_t>(value)});
  }
  CodeBuilder& f64(double value) {
    return add({.op = Opcode::f64_const, .bits = std::bit_cast<uint64_t>(value)});
  }

  // block, loop, if_ or try_ without parameters, with no result, one result or a function type.
  CodeBuilder& block(Opcode op) { return add({.op = op}); }
  CodeBuilder& block(Opcode op, ValType result) {
    return add({.op = op, .block = {BlockType::Kind::Value, result, {}}});
  }
  CodeBuilder& block(Opcode op, TypeIdx type) {
    return add({.op = op, .block = {BlockType::Kind::Type, {}, type}});
  }

  // A load or store, naturally aligned unless `mem` says otherwise.
  CodeBuilder& access(Opcode op, uint64_t offset = 0, MemIdx memory = {});
  CodeBuilder& access(Opcode op, const MemArg& mem) { return add({.op = op, .mem = mem}); }

  CodeBuilder& end() { return op(Opcode::end); }
  CodeBuilder& add(const Instruction& instruction) { return encoder_.instruction(instruction), *this; }
  // Bytes as they are, for code that is wrong.
  CodeBuilder& raw(Bytes bytes) { return encoder_.raw(bytes), *this; }

  const std::vector<uint8_t>& bytes() const { return encoder_.bytes(); }

 private:
  Encoder encoder_;
};

// A module, section by section. Imports come before definitions of their kind, as the index spaces have it.
class ModuleBuilder final {
 public:
  TypeIdx type(FuncType type);
  TypeIdx type(const SubType& type);
  // A recursion group; returns the index of its first type.
  TypeIdx types(const std::vector<SubType>& group);

  FuncIdx import_func(std::string_view module, std::string_view field, TypeIdx type);
  TableIdx import_table(std::string_view module, std::string_view field, const TableType& type);
  MemIdx import_memory(std::string_view module, std::string_view field, const MemType& type);
  GlobalIdx import_global(std::string_view module, std::string_view field, const GlobalType& type);
  TagIdx import_tag(std::string_view module, std::string_view field, TypeIdx type);

  // `code` without the final `end`, which is added, as it is for every expression here.
  FuncIdx func(TypeIdx type, const std::vector<ValType>& locals, const CodeBuilder& code);
  TableIdx table(const TableType& type);
  TableIdx table(const TableType& type, const CodeBuilder& init);
  MemIdx memory(const MemType& type);
  GlobalIdx global(const GlobalType& type, const CodeBuilder& init);
  TagIdx tag(TypeIdx type);

  void export_as(std::string_view name, FuncIdx func) { add_export(name, ExternKind::Func, func.value); }
  void export_as(std::string_view name, TableIdx table) { add_export(name, ExternKind::Table, table.value); }
  void export_as(std::string_view name, MemIdx memory) { add_export(name, ExternKind::Mem, memory.value); }
  void export_as(std::string_view name, GlobalIdx global) {
    add_export(name, ExternKind::Global, global.value);
  }
  void export_as(std::string_view name, TagIdx tag) { add_export(name, ExternKind::Tag, tag.value); }
  void start(FuncIdx func) { start_ = func; }

  ElemIdx elem(TableIdx table, const CodeBuilder& offset, const std::vector<FuncIdx>& funcs);
  // Passive or declarative.
  ElemIdx elem(SegmentMode mode, ValType type, const std::vector<CodeBuilder>& exprs);
  DataIdx data(MemIdx memory, const CodeBuilder& offset, Bytes bytes);
  DataIdx data(Bytes bytes);  // passive
  // Without it memory.init and data.drop are malformed; it is written wherever there are data segments, unless off.
  void write_data_count(bool on) { writes_data_count_ = on; }

  void name_func(FuncIdx func, std::string_view name);
  void custom(std::string_view name, Bytes contents);

  std::vector<uint8_t> build() const;

 private:
  // The entries of a section and how many there are.
  struct Entries {
    uint32_t count = 0;
    Encoder body;
  };
  static uint32_t add(Entries& entries) { return entries.count++; }
  Encoder& add_import(std::string_view module, std::string_view field, ExternKind kind);
  void add_export(std::string_view name, ExternKind kind, uint32_t index);

  Entries types_, imports_, funcs_, tables_, memories_, tags_, globals_, exports_, elems_, bodies_, datas_;
  uint32_t type_count_ = 0;
  uint32_t imported_funcs_ = 0, imported_tables_ = 0, imported_memories_ = 0, imported_globals_ = 0,
           imported_tags_ = 0;
  std::optional<FuncIdx> start_;
  bool writes_data_count_ = true;
  std::vector<std::pair<uint32_t, std::string>> func_names_;
  std::vector<std::pair<std::string, std::vector<uint8_t>>> customs_;
};

}  // namespace godwit::wasm
