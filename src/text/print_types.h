// Types in the text format, by the identifiers of a module.
// spec: https://webassembly.github.io/spec/core/text/types.html
#pragma once

#include "text/print_names.h"

namespace godwit::text {

// Longer types are not repeated where an index says them: a module of a few bytes per use could make them fill a disk.
inline constexpr size_t kLongestRepeatedType = 32;

class TypePrinter final {
 public:
  TypePrinter(PrintWriter& writer, const PrintNames& names) : out_(writer), names_(names) {}

  void heap_type(wasm::HeapType type);
  void val_type(wasm::ValType type);
  // (param …) (result …), each with a blank before it.
  void params(const std::vector<wasm::ValType>& types) { list("param", types); }
  void results(const std::vector<wasm::ValType>& types) { list("result", types); }
  // " (type $t)", and the parameters and results if the index is a function's and they are not too long.
  void type_use(wasm::TypeIdx type);
  // The type of a block, with a blank before it if it is not empty.
  void block_type(const wasm::BlockType& type);
  void limits(const wasm::Limits& limits);
  void memory_type(const wasm::MemType& type);
  void table_type(const wasm::TableType& type);
  void global_type(const wasm::GlobalType& type);
  // A definition in parentheses, as (type $t (func)).
  void type_definition(wasm::TypeIdx type, bool with_index);

  // The function type at `type`, or null.
  const wasm::FuncType* func_type(wasm::TypeIdx type) const;

 private:
  void list(std::string_view keyword, const std::vector<wasm::ValType>& types);
  void composite_type(wasm::TypeIdx index, const wasm::SubType& type);
  void field_type(const wasm::FieldType& type);

  PrintWriter& out_;
  const PrintNames& names_;
};

}  // namespace godwit::text
