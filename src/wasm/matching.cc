// Subtyping between the types of one module.
#include "wasm/matching.h"

namespace godwit::wasm {

namespace {

using Abstract = HeapType::Abstract;

bool abstract_matches(Abstract sub, Abstract super) {
  if (sub == super) return true;
  switch (sub) {
    case Abstract::Eq: return super == Abstract::Any;
    case Abstract::I31:
    case Abstract::Struct:
    case Abstract::Array: return super == Abstract::Eq || super == Abstract::Any;
    case Abstract::None:
      return super == Abstract::I31 || super == Abstract::Struct || super == Abstract::Array ||
             super == Abstract::Eq || super == Abstract::Any;
    case Abstract::NoFunc: return super == Abstract::Func;
    case Abstract::NoExtern: return super == Abstract::Extern;
    case Abstract::NoExn: return super == Abstract::Exn;
    case Abstract::Func:
    case Abstract::Extern:
    case Abstract::Any:
    case Abstract::Exn: return false;
  }
  return false;
}

Abstract abstract_of(CompositeKind kind) {
  switch (kind) {
    case CompositeKind::Func: return Abstract::Func;
    case CompositeKind::Struct: return Abstract::Struct;
    case CompositeKind::Array: return Abstract::Array;
  }
  return Abstract::Any;
}

bool is_declared_subtype(const Module& module, TypeIdx sub, TypeIdx super) {
  for (;;) {
    if (module.type_ids[sub.value] == module.type_ids[super.value]) return true;
    const auto& next = module.types[sub.value].super;
    // Supertypes come first; validation checks that, perhaps later than this is asked.
    if (!next || next->value >= sub.value) return false;
    sub = *next;
  }
}

}  // namespace

bool matches(const Module& module, HeapType sub, HeapType super) {
  if (sub == super || sub == kBottomHeap) return true;
  if (super == kBottomHeap) return false;
  if (sub.is_abstract() && super.is_abstract()) return abstract_matches(sub.abstract(), super.abstract());
  if (super.is_abstract())
    return abstract_matches(abstract_of(module.types[sub.index().value].kind), super.abstract());
  if (sub.is_abstract()) {
    const bool is_func = module.types[super.index().value].kind == CompositeKind::Func;
    return sub.abstract() == (is_func ? Abstract::NoFunc : Abstract::None);
  }
  return is_declared_subtype(module, sub.index(), super.index());
}

bool matches(const Module& module, ValType sub, ValType super) {
  if (sub == super || sub.is_bot()) return true;
  if (!sub.is_ref() || !super.is_ref()) return false;
  if (sub.nullable() && !super.nullable()) return false;
  return matches(module, sub.heap(), super.heap());
}

bool equivalent(const Module& module, ValType a, ValType b) {
  return a == b || (matches(module, a, b) && matches(module, b, a));
}

bool matches(const Module& module, const FieldType& sub, const FieldType& super) {
  if (sub.is_mutable != super.is_mutable) return false;
  return sub.is_mutable ? equivalent(module, sub.storage, super.storage)
                        : matches(module, sub.storage, super.storage);
}

bool composite_matches(const Module& module, const SubType& sub, const SubType& super) {
  if (sub.kind != super.kind) return false;
  if (sub.kind == CompositeKind::Func) {
    const FuncType &a = sub.func, &b = super.func;
    if (a.params.size() != b.params.size() || a.results.size() != b.results.size()) return false;
    for (size_t i = 0; i < a.params.size(); ++i)
      if (!matches(module, b.params[i], a.params[i])) return false;
    for (size_t i = 0; i < a.results.size(); ++i)
      if (!matches(module, a.results[i], b.results[i])) return false;
    return true;
  }
  if (sub.fields.size() < super.fields.size()) return false;
  for (size_t i = 0; i < super.fields.size(); ++i)
    if (!matches(module, sub.fields[i], super.fields[i])) return false;
  return true;
}

HeapType top_of(const Module& module, HeapType type) {
  if (type == kBottomHeap) return Abstract::Any;
  switch (type.is_abstract() ? type.abstract() : abstract_of(module.types[type.index().value].kind)) {
    case Abstract::Func:
    case Abstract::NoFunc: return Abstract::Func;
    case Abstract::Extern:
    case Abstract::NoExtern: return Abstract::Extern;
    case Abstract::Exn:
    case Abstract::NoExn: return Abstract::Exn;
    case Abstract::Any:
    case Abstract::Eq:
    case Abstract::I31:
    case Abstract::Struct:
    case Abstract::Array:
    case Abstract::None: return Abstract::Any;
  }
  return Abstract::Any;
}

}  // namespace godwit::wasm
