// Types in the text format.
#include "text/print_types.h"

namespace godwit::text {

namespace {

using wasm::CompositeKind;
using wasm::HeapType;
using wasm::ValKind;
using wasm::ValType;

// The abbreviation of (ref null <heap type>).
std::string_view short_form(HeapType::Abstract type) {
  using enum HeapType::Abstract;
  switch (type) {
    case Func: return "funcref";
    case NoFunc: return "nullfuncref";
    case Extern: return "externref";
    case NoExtern: return "nullexternref";
    case Any: return "anyref";
    case Eq: return "eqref";
    case I31: return "i31ref";
    case Struct: return "structref";
    case Array: return "arrayref";
    case None: return "nullref";
    case Exn: return "exnref";
    case NoExn: return "nullexnref";
  }
  return "";
}

std::string_view keyword_of(ValKind kind) {
  switch (kind) {
    case ValKind::I32: return "i32";
    case ValKind::I64: return "i64";
    case ValKind::F32: return "f32";
    case ValKind::F64: return "f64";
    case ValKind::V128: return "v128";
    case ValKind::I8: return "i8";
    case ValKind::I16: return "i16";
    case ValKind::Ref:
    case ValKind::Bot: break;
  }
  return "";
}

}  // namespace

void TypePrinter::heap_type(HeapType type) {
  if (type.is_abstract()) out_.put(wasm::to_string(type));
  else names_.types.put(out_, type.index().value);
}

void TypePrinter::val_type(ValType type) {
  if (!type.is_ref()) {
    out_.put(keyword_of(type.kind()));
  } else if (type.nullable() && type.heap().is_abstract()) {
    out_.put(short_form(type.heap().abstract()));
  } else {
    out_.put(type.nullable() ? "(ref null " : "(ref ");
    heap_type(type.heap());
    out_.put(')');
  }
}

void TypePrinter::list(std::string_view keyword, const std::vector<ValType>& types) {
  if (types.empty()) return;
  out_.put(" (").put(keyword);
  for (const ValType type : types) {
    out_.put(' ');
    val_type(type);
  }
  out_.put(')');
}

const wasm::FuncType* TypePrinter::func_type(wasm::TypeIdx type) const {
  const auto& types = names_.module.types;
  if (type.value >= types.size() || types[type.value].kind != CompositeKind::Func) return nullptr;
  return &types[type.value].func;
}

void TypePrinter::type_use(wasm::TypeIdx type) {
  out_.put(" (type ");
  names_.types.put(out_, type.value);
  out_.put(')');
  const wasm::FuncType* func = func_type(type);
  if (!func || func->params.size() + func->results.size() > kLongestRepeatedType) return;
  params(func->params);
  results(func->results);
}

void TypePrinter::block_type(const wasm::BlockType& type) {
  switch (type.kind) {
    case wasm::BlockType::Kind::Empty: return;
    case wasm::BlockType::Kind::Value: return results({type.value});
    case wasm::BlockType::Kind::Type: return type_use(type.type);
  }
}

void TypePrinter::limits(const wasm::Limits& limits) {
  if (limits.addr == wasm::AddrType::I64) out_.put("i64 ");
  out_.number(limits.min);
  if (limits.max) out_.put(' ').number(*limits.max);
}

void TypePrinter::memory_type(const wasm::MemType& type) {
  limits(type.limits);
  if (type.is_shared) out_.put(" shared");
  if (type.page_size_log2 == 16) return;
  out_.put(" (pagesize ");
  if (type.page_size_log2 < 64) out_.number(uint64_t{1} << type.page_size_log2);
  else out_.put("18446744073709551616");  // 2^64, the most that can be decoded; it is invalid
  out_.put(')');
}

void TypePrinter::table_type(const wasm::TableType& type) {
  limits(type.limits);
  out_.put(' ');
  val_type(type.elem);
}

void TypePrinter::global_type(const wasm::GlobalType& type) {
  if (type.is_mutable) out_.put("(mut ");
  val_type(type.val);
  if (type.is_mutable) out_.put(')');
}

void TypePrinter::field_type(const wasm::FieldType& type) {
  if (type.is_mutable) out_.put("(mut ");
  val_type(type.storage);
  if (type.is_mutable) out_.put(')');
}

void TypePrinter::composite_type(wasm::TypeIdx index, const wasm::SubType& type) {
  switch (type.kind) {
    case CompositeKind::Func:
      out_.put("(func");
      params(type.func.params);
      results(type.func.results);
      break;
    case CompositeKind::Struct:
      out_.put("(struct");
      for (uint32_t i = 0; i < type.fields.size(); ++i) {
        out_.put(" (field");
        names_.put_field_id(out_, index.value, i);
        out_.put(' ');
        field_type(type.fields[i]);
        out_.put(')');
      }
      break;
    case CompositeKind::Array:
      out_.put("(array ");
      field_type(type.fields[0]);
      break;
  }
  out_.put(')');
}

void TypePrinter::type_definition(wasm::TypeIdx index, bool with_index) {
  const wasm::SubType& type = names_.module.types[index.value];
  out_.put("(type ");
  names_.types.put(out_, index.value);
  if (with_index) out_.put(" (;").number(index.value).put(";)");
  out_.put(' ');
  const bool is_plain = type.is_final && !type.super;
  if (!is_plain) {
    out_.put(type.is_final ? "(sub final " : "(sub ");
    if (type.super) {
      names_.types.put(out_, type.super->value);
      out_.put(' ');
    }
  }
  composite_type(index, type);
  out_.put(is_plain ? ")" : "))");
}

}  // namespace godwit::text
