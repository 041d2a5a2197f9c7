// Types as the text format writes them.
#include "text/type_parser.h"

#include <bit>

namespace godwit::text {
namespace {

using wasm::HeapType;
using wasm::ValKind;
using wasm::ValType;

struct NumberType {
  std::string_view text;
  ValKind kind;
};
constexpr NumberType kNumberTypes[] = {{"i32", ValKind::I32},
                                       {"i64", ValKind::I64},
                                       {"f32", ValKind::F32},
                                       {"f64", ValKind::F64},
                                       {"v128", ValKind::V128}};
constexpr NumberType kPackedTypes[] = {{"i8", ValKind::I8}, {"i16", ValKind::I16}};

struct AbstractType {
  std::string_view heap;       // `(ref null func)`
  std::string_view reference;  // the same in one word
  HeapType::Abstract type;
};
constexpr AbstractType kAbstractTypes[] = {
    {"func", "funcref", HeapType::Abstract::Func},
    {"extern", "externref", HeapType::Abstract::Extern},
    {"any", "anyref", HeapType::Abstract::Any},
    {"eq", "eqref", HeapType::Abstract::Eq},
    {"i31", "i31ref", HeapType::Abstract::I31},
    {"struct", "structref", HeapType::Abstract::Struct},
    {"array", "arrayref", HeapType::Abstract::Array},
    {"exn", "exnref", HeapType::Abstract::Exn},
    {"none", "nullref", HeapType::Abstract::None},
    {"nofunc", "nullfuncref", HeapType::Abstract::NoFunc},
    {"noextern", "nullexternref", HeapType::Abstract::NoExtern},
    {"noexn", "nullexnref", HeapType::Abstract::NoExn},
};

// The value type that is one word.
std::optional<ValType> find_val_type(std::string_view text) {
  for (const NumberType& row : kNumberTypes)
    if (row.text == text) return row.kind;
  for (const AbstractType& row : kAbstractTypes)
    if (row.reference == text) return ValType::ref(row.type, true);
  return {};
}

// More than any module may have, and what ValType has room for.
constexpr uint32_t kNoSuchType = 0x7FF'0000;

}  // namespace

bool TypeParser::at_val_type() const {
  return in_.at_open("ref") || (in_.kind() == TokenKind::Keyword && find_val_type(in_.text()));
}

ValType TypeParser::val_type() {
  if (in_.kind() == TokenKind::Keyword) {
    if (const std::optional<ValType> found = find_val_type(in_.text())) return in_.take(), *found;
  } else if (in_.take_open("ref")) {
    const bool is_nullable = in_.take_keyword("null");
    const HeapType heap = heap_type();
    in_.expect_close();
    return ValType::ref(heap, is_nullable);
  }
  in_.unexpected("a value type");
  return ValKind::I32;
}

ValType TypeParser::storage_type() {
  for (const NumberType& row : kPackedTypes)
    if (in_.take_keyword(row.text)) return row.kind;
  return val_type();
}

HeapType TypeParser::heap_type() {
  if (in_.at_index()) return HeapType(wasm::TypeIdx(std::min(context_.index(context_.types), kNoSuchType)));
  for (const AbstractType& row : kAbstractTypes)
    if (in_.take_keyword(row.heap)) return row.type;
  in_.unexpected("a heap type");
  return HeapType();
}

ValType TypeParser::ref_type() {
  const Token at = in_.token();
  const ValType type = val_type();
  if (type.is_ref() || in_.failed()) return type;
  in_.fail(at, "unexpected token, wanted a reference type");
  return wasm::kFuncRef;
}

wasm::FuncType TypeParser::func_type(ParamNames names, std::vector<Token>* param_ids) {
  wasm::FuncType type;
  while (in_.take_open("param")) {
    if (in_.kind() == TokenKind::Id && names == ParamNames::Allowed) {
      const Token id = in_.take();
      type.params.push_back(val_type());
      if (param_ids) param_ids->push_back(id);
    } else {
      while (in_.has_more()) {
        type.params.push_back(val_type());
        if (param_ids) param_ids->emplace_back();
      }
    }
    in_.expect_close();
  }
  while (in_.take_open("result")) {
    while (in_.has_more()) type.results.push_back(val_type());
    in_.expect_close();
  }
  return type;
}

TypeUse TypeParser::type_use(ParamNames names, bool is_block) {
  TypeUse use;
  const Token at = in_.after();
  if (in_.take_open("type")) {
    use.index = context_.index(context_.types);
    in_.expect_close();
  }
  use.type = func_type(names, &use.param_ids);
  if (use.index) {
    const wasm::FuncType* const named = context_.table.func(*use.index);
    if (use.is_written()) {
      if (!named || use.type != *named)
        in_.fail(at, "inline function type: the parameters and results differ from those of the type");
    } else if (named) {
      use.type = *named;
      use.param_ids.resize(use.type.params.size());
    } else if (*use.index >= context_.table.size()) {
      context_.early_uses.emplace_back(*use.index, at);
    }
  } else if (!is_block && !in_.failed()) {
    use.index = context_.table.index_of(use.type);
  }
  return use;
}

uint32_t TypeParser::resolve(const TypeUse& use) {
  if (use.index) return *use.index;
  return in_.failed() ? 0 : context_.table.index_of(use.type);
}

wasm::AddrType TypeParser::addr_type() {
  if (in_.take_keyword("i64")) return wasm::AddrType::I64;
  in_.take_keyword("i32");
  return wasm::AddrType::I32;
}

wasm::Limits TypeParser::limits(wasm::AddrType addr) {
  wasm::Limits limits;
  limits.addr = addr;
  limits.min = in_.expect_unsigned("a number, the minimum", ~uint64_t{0}, "i64");
  if (at_limits()) limits.max = in_.expect_unsigned("a number", ~uint64_t{0}, "i64");
  return limits;
}

uint8_t TypeParser::page_size_log2() {
  if (!in_.take_open("pagesize")) return 16;
  const Token at = in_.token();
  const uint64_t size = in_.expect_unsigned("the size of a page in bytes", ~uint64_t{0}, "i64");
  in_.expect_close();
  if (!std::has_single_bit(size)) in_.fail(at, "invalid custom page size: it must be a power of two");
  return static_cast<uint8_t>(std::countr_zero(size));
}

wasm::MemType TypeParser::memory_type(wasm::AddrType addr) {
  wasm::MemType type;
  type.limits = limits(addr);
  type.is_shared = in_.take_keyword("shared");
  type.page_size_log2 = page_size_log2();
  return type;
}

wasm::TableType TypeParser::table_type() {
  wasm::TableType type;
  type.limits = limits(addr_type());
  type.elem = ref_type();
  return type;
}

wasm::GlobalType TypeParser::global_type() {
  wasm::GlobalType type;
  type.is_mutable = in_.take_open("mut");
  type.val = val_type();
  if (type.is_mutable) in_.expect_close();
  return type;
}

wasm::FieldType TypeParser::field_type() {
  wasm::FieldType type;
  type.is_mutable = in_.take_open("mut");
  type.storage = storage_type();
  if (type.is_mutable) in_.expect_close();
  return type;
}

void TypeParser::field(wasm::SubType& into, uint32_t index) {
  Space& names = context_.fields[index];
  if (in_.kind() == TokenKind::Id) {
    const Token at = in_.take();
    context_.declare(names, at, in_.name_of(at));
    context_.take_name_annotation(names, names.size() - 1);
    into.fields.push_back(field_type());
  } else {
    while (in_.has_more()) {
      into.fields.push_back(field_type());
      names.add();
    }
  }
  in_.expect_close();
}

void TypeParser::composite_type(wasm::SubType& into, uint32_t index) {
  if (in_.take_open("func")) {
    into.kind = wasm::CompositeKind::Func;
    into.func = func_type(ParamNames::Allowed, nullptr);
  } else if (in_.take_open("struct")) {
    into.kind = wasm::CompositeKind::Struct;
    while (in_.take_open("field")) field(into, index);
  } else if (in_.take_open("array")) {
    into.kind = wasm::CompositeKind::Array;
    into.fields = {field_type()};
  } else {
    in_.unexpected("'(func', '(struct' or '(array'");
  }
  in_.expect_close();
}

TypeTable::Definition TypeParser::definition(uint32_t index) {
  TypeTable::Definition definition;
  if (in_.take_open("sub")) {
    definition.type.is_final = in_.take_keyword("final");
    while (in_.at_index()) definition.supers.emplace_back(context_.index(context_.types));
    composite_type(definition.type, index);
    in_.expect_close();
  } else {
    composite_type(definition.type, index);
  }
  in_.expect_close();
  return definition;
}

}  // namespace godwit::text
