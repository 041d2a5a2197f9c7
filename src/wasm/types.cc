// Types as text, for messages.
#include "wasm/types.h"

namespace godwit::wasm {

namespace {

std::string list(const std::vector<ValType>& types) {
  std::string text = "[";
  for (const ValType type : types) {
    if (text.size() > 1) text += ' ';
    text += to_string(type);
  }
  return text + "]";
}

}  // namespace

std::string to_string(HeapType type) {
  if (!type.is_abstract()) return std::to_string(type.index().value);
  using enum HeapType::Abstract;
  switch (type.abstract()) {
    case Func: return "func";
    case NoFunc: return "nofunc";
    case Extern: return "extern";
    case NoExtern: return "noextern";
    case Any: return "any";
    case Eq: return "eq";
    case I31: return "i31";
    case Struct: return "struct";
    case Array: return "array";
    case None: return "none";
    case Exn: return "exn";
    case NoExn: return "noexn";
  }
  return "bottom";
}

std::string to_string(ValType type) {
  switch (type.kind()) {
    case ValKind::I32: return "i32";
    case ValKind::I64: return "i64";
    case ValKind::F32: return "f32";
    case ValKind::F64: return "f64";
    case ValKind::V128: return "v128";
    case ValKind::I8: return "i8";
    case ValKind::I16: return "i16";
    case ValKind::Bot: return "any type";
    case ValKind::Ref: break;
  }
  if (type == kFuncRef) return "funcref";
  if (type == kExternRef) return "externref";
  return std::string(type.nullable() ? "(ref null " : "(ref ") + to_string(type.heap()) + ")";
}

std::string to_string(const FuncType& type) { return list(type.params) + " -> " + list(type.results); }

std::string_view to_string(ExternKind kind) {
  switch (kind) {
    case ExternKind::Func: return "func";
    case ExternKind::Table: return "table";
    case ExternKind::Mem: return "memory";
    case ExternKind::Global: return "global";
    case ExternKind::Tag: return "tag";
  }
  return "";
}

}  // namespace godwit::wasm
