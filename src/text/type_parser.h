// TypeParser: types as the text format writes them.
// spec: https://webassembly.github.io/spec/core/text/types.html
#pragma once

#include <optional>
#include <vector>

#include "text/context.h"
#include "wasm/types.h"

namespace godwit::text {

// Which function type something has: by index, or by its parameters and results, or by both.
struct TypeUse {
  std::optional<uint32_t> index = {};
  wasm::FuncType type = {};           // as written; of the index where nothing is written
  std::vector<Token> param_ids = {};  // one per parameter; of kind End: it has none
  bool is_written() const { return !type.params.empty() || !type.results.empty(); }
};

enum class ParamNames : uint8_t { Allowed, Forbidden };

class TypeParser final {
 public:
  explicit TypeParser(Context& context) : context_(context), in_(context.in) {}

  wasm::ValType val_type();
  bool at_val_type() const;
  wasm::ValType storage_type();
  wasm::HeapType heap_type();
  wasm::ValType ref_type();
  // `(type …)? (param …)* (result …)*`. A block type without `(type …)` is left without an index.
  TypeUse type_use(ParamNames names, bool is_block = false);
  // The index of the function type; one is added if need be.
  uint32_t resolve(const TypeUse& use);

  wasm::TableType table_type();
  // The limits and what comes after them, without the address type.
  wasm::MemType memory_type(wasm::AddrType addr);
  wasm::GlobalType global_type();
  wasm::AddrType addr_type();  // i32 where nothing is said
  uint8_t page_size_log2();    // `(pagesize …)`, 16 where nothing is said
  bool at_limits() const { return in_.kind() == TokenKind::Number; }
  wasm::Limits limits(wasm::AddrType addr);

  // A `type` field behind its name, up to its `)`; `index` is its own.
  TypeTable::Definition definition(uint32_t index);

 private:
  wasm::FuncType func_type(ParamNames names, std::vector<Token>* param_ids);
  void composite_type(wasm::SubType& into, uint32_t index);
  void field(wasm::SubType& into, uint32_t index);
  wasm::FieldType field_type();

  Context& context_;
  Cursor& in_;
};

}  // namespace godwit::text
