// Types of objects, and references of all types.
#include "module_generator.h"

namespace godwit::fuzz {

using wasm::FieldType;
using wasm::HeapType;
using wasm::Opcode;
using wasm::SubType;
using wasm::TypeIdx;
using wasm::ValKind;
using wasm::ValType;
using Abstract = HeapType::Abstract;

namespace {

constexpr uint32_t kMaxObjectDepth = 3;  // of objects made to be fields of others

constexpr ValType null_or(Abstract type) { return ValType::ref(type, true); }
constexpr ValType null_or(TypeIdx type) { return ValType::ref(HeapType(type), true); }

ValType unpacked(const FieldType& field) { return field.storage.is_packed() ? ValKind::I32 : field.storage; }

SubType struct_of(std::vector<FieldType> fields, std::optional<TypeIdx> super, bool is_final) {
  return {.kind = wasm::CompositeKind::Struct,
          .is_final = is_final,
          .super = super,
          .func = {},
          .fields = std::move(fields)};
}
SubType array_of(ValType storage, bool is_mutable = true, std::optional<TypeIdx> super = {},
                 bool is_final = true) {
  return {.kind = wasm::CompositeKind::Array,
          .is_final = is_final,
          .super = super,
          .func = {},
          .fields = {{storage, is_mutable}}};
}

bool has_defaults(const SubType& type) {
  return std::all_of(type.fields.begin(), type.fields.end(),
                     [](const FieldType& field) { return field.storage.is_defaultable(); });
}

}  // namespace

// One recursion group of structs that extend each other and arrays of everything, and two types that are the same.
void ModuleGenerator::declare_objects() {
  const auto base = static_cast<uint32_t>(defined_types_.size());
  const auto type = [base](uint32_t index) { return TypeIdx(base + index); };
  const FieldType number{ValKind::I32, true}, byte{ValKind::I8, true};
  std::vector<SubType> group = {
      struct_of({number, byte}, {}, false),
      struct_of({number, byte, {null_or(type(0)), true}, {ValKind::I64, false}}, type(0), false),
      struct_of({number,
                 byte,
                 {null_or(type(0)), true},
                 {ValKind::I64, false},
                 {ValKind::F64, true},
                 {ValKind::I16, true}},
                type(1), true),
      struct_of({{null_or(type(3)), true},
                 {null_or(type(6)), true},
                 {ValKind::F32, true},
                 {null_or(Abstract::Any), true}},
                {}, true),
  };
  // one by choice
  std::vector<FieldType> fields;
  const ValType storages[] = {ValKind::I8,
                              ValKind::I16,
                              ValKind::I32,
                              ValKind::I64,
                              ValKind::F32,
                              ValKind::F64,
                              null_or(Abstract::Eq),
                              wasm::kExternRef,
                              wasm::kFuncRef,
                              null_or(type(1)),
                              null_or(type(4)),
                              ValType::ref(Abstract::I31, false),
                              has_simd() ? ValType(ValKind::V128) : ValType(ValKind::I64)};
  for (uint32_t count = choices_.below(7); count > 0; --count)
    fields.push_back({storages[choices_.below(std::size(storages))], choices_.one_in(2)});
  group.push_back(struct_of(std::move(fields), {}, choices_.one_in(2)));
  // no fields
  group.push_back(struct_of({}, {}, false));
  const uint32_t first_array = static_cast<uint32_t>(group.size());
  group.push_back(array_of(null_or(Abstract::Any)));  // 6
  for (const ValKind kind :
       {ValKind::I8, ValKind::I16, ValKind::I32, ValKind::I64, ValKind::F32, ValKind::F64})
    group.push_back(array_of(kind));
  if (has_simd()) group.push_back(array_of(ValKind::V128));
  for (const ValType element : {null_or(type(0)), null_or(type(1)), wasm::kFuncRef, wasm::kExternRef})
    group.push_back(array_of(element));
  group.push_back(array_of(ValKind::I32, false));
  const TypeIdx constant = type(static_cast<uint32_t>(group.size()));
  group.push_back(array_of(null_or(type(0)), false, {}, false));
  group.push_back(array_of(null_or(type(1)), false, constant, true));

  module_.types(group);
  for (uint32_t i = 0; i < group.size(); ++i) {
    (i < first_array ? structs_ : arrays_).push_back({type(i), group[i]});
    defined_types_.push_back(group[i]);
  }
  for (int i = 0; i < 2; ++i) {
    const SubType same = struct_of({number}, {}, true);
    structs_.push_back({module_.type(same), same});
    defined_types_.push_back(same);
  }

  for (const Abstract abstract : {Abstract::Any, Abstract::Eq, Abstract::I31, Abstract::Struct,
                                  Abstract::Array, Abstract::None, Abstract::NoExtern, Abstract::NoFunc})
    ref_types_.push_back(null_or(abstract));
  for (const auto* types : {&structs_, &arrays_})
    for (const ObjectType& one : *types) ref_types_.push_back(null_or(one.index));
}

bool ModuleGenerator::heap_fits(HeapType sub, HeapType super) const {
  if (sub == super) return true;
  if (!sub.is_abstract()) {
    const SubType& type = defined_types_[sub.index().value];
    if (!super.is_abstract()) return type.super && heap_fits(HeapType(*type.super), super);
    if (type.kind == wasm::CompositeKind::Func) return super.abstract() == Abstract::Func;
    const Abstract own = type.kind == wasm::CompositeKind::Struct ? Abstract::Struct : Abstract::Array;
    return heap_fits(own, super);
  }
  const Abstract bottom = sub.abstract();
  if (bottom == Abstract::None || bottom == Abstract::NoFunc || bottom == Abstract::NoExtern ||
      bottom == Abstract::NoExn)
    return top_of(sub) == top_of(super);
  if (!super.is_abstract()) return false;
  if (super.abstract() == Abstract::Any) return top_of(sub) == Abstract::Any;
  return super.abstract() == Abstract::Eq &&
         (bottom == Abstract::I31 || bottom == Abstract::Struct || bottom == Abstract::Array);
}

bool ModuleGenerator::fits(ValType sub, ValType super) const {
  if (!sub.is_ref() || !super.is_ref()) return sub == super;
  return (super.nullable() || !sub.nullable()) && heap_fits(sub.heap(), super.heap());
}

Abstract ModuleGenerator::top_of(HeapType type) const {
  if (!type.is_abstract())
    return defined_types_[type.index().value].kind == wasm::CompositeKind::Func ? Abstract::Func
                                                                                : Abstract::Any;
  switch (type.abstract()) {
    case Abstract::Func:
    case Abstract::NoFunc: return Abstract::Func;
    case Abstract::Extern:
    case Abstract::NoExtern: return Abstract::Extern;
    case Abstract::Exn:
    case Abstract::NoExn: return Abstract::Exn;
    default: return Abstract::Any;
  }
}

ValType ModuleGenerator::some_ref() { return ref_types_[choices_.below(ref_types_.size())]; }

ValType ModuleGenerator::some_target(ValType source, bool any) {
  std::vector<ValType> targets;
  for (const ValType type : ref_types_)
    if (any ? top_of(type.heap()) == top_of(source.heap())
            : fits(ValType::ref(type.heap(), source.nullable()), source))
      targets.push_back(type);
  if (targets.empty()) targets.push_back(source);
  const ValType found = targets[choices_.below(targets.size())];
  return ValType::ref(found.heap(), (any || source.nullable()) && choices_.one_in(2));
}

void ModuleGenerator::make_null(HeapType type) {
  code_.add({.op = Opcode::ref_null, .type = ValType::ref(type, true)});
  pushed(ValType::ref(type, true));
}

void ModuleGenerator::make_struct(const ObjectType& type) {
  const uint32_t index = type.index.value;
  const bool may_default = has(Opcode::struct_new_default) && has_defaults(type.type);
  if (may_default && (object_depth_ >= kMaxObjectDepth || !has(Opcode::struct_new) || choices_.one_in(3))) {
    code_.op(Opcode::struct_new_default, index);
  } else if (has(Opcode::struct_new)) {
    ++object_depth_;
    for (const FieldType& field : type.type.fields) push(unpacked(field));
    --object_depth_;
    code_.op(Opcode::struct_new, index);
    popped(type.type.fields.size());
  } else {
    make_null(HeapType(type.index));
    code_.op(Opcode::ref_as_non_null);
    popped(1);
  }
  pushed(ValType::ref(HeapType(type.index), false));
}

// Mostly of 8 elements.
void ModuleGenerator::make_array(const ObjectType& type) {
  const uint32_t index = type.index.value;
  const ValType element = unpacked(type.type.fields[0]);
  const uint32_t way = object_depth_ >= kMaxObjectDepth ? 0 : choices_.below(4);
  if (way == 1 && has(Opcode::array_new_fixed)) {
    const uint32_t count = element.is_ref() ? 2 : 8;
    ++object_depth_;
    for (uint32_t i = 0; i < count; ++i) push(element);
    --object_depth_;
    code_.op(Opcode::array_new_fixed, index, count);
    popped(count);
  } else if (way == 2 && has(Opcode::array_new)) {
    ++object_depth_;
    push(element);
    --object_depth_;
    if (choices_.one_in(8)) push_small(false, 15), popped(1);
    else code_.i32(8);
    code_.op(Opcode::array_new, index);
    popped(1);
  } else if (has(Opcode::array_new_default)) {
    code_.i32(8).op(Opcode::array_new_default, index);
  } else if (has(Opcode::array_new)) {
    push(element);
    code_.i32(8).op(Opcode::array_new, index);
    popped(1);
  } else {
    make_null(HeapType(type.index));
    code_.op(Opcode::ref_as_non_null);
    popped(1);
  }
  pushed(ValType::ref(HeapType(type.index), false));
}

void ModuleGenerator::make_ref(HeapType type) {
  const Abstract top = top_of(type);
  if (top == Abstract::Func && type != HeapType(Abstract::NoFunc)) {
    std::vector<uint32_t> found;
    for (uint32_t i = 0; i < funcs_.size(); ++i)
      if (heap_fits(HeapType(funcs_[i].index), type)) found.push_back(i);
    if (!found.empty()) {
      const uint32_t func = found[choices_.below(found.size())];
      code_.op(Opcode::ref_func, func);
      return pushed(ValType::ref(HeapType(funcs_[func].index), false));
    }
  }
  if (type == HeapType(Abstract::Exn) && has(Opcode::try_table) && has(Opcode::throw_))
    return make_exception();
  if (type == HeapType(Abstract::Extern) && has(Opcode::extern_convert_any) && has_objects()) {
    make_ref(Abstract::Any);
    code_.op(Opcode::extern_convert_any);
    popped(1);
    return pushed(ValType::ref(Abstract::Extern, false));
  }
  if (top == Abstract::Any && type != HeapType(Abstract::None)) {
    std::vector<const ObjectType*> found;
    for (const auto* types : {&structs_, &arrays_})
      for (const ObjectType& one : *types)
        if (heap_fits(HeapType(one.index), type)) found.push_back(&one);
    if (heap_fits(Abstract::I31, type) && has(Opcode::ref_i31) && (found.empty() || choices_.one_in(4))) {
      push(ValKind::I32);
      code_.op(Opcode::ref_i31);
      popped(1);
      return pushed(ValType::ref(Abstract::I31, false));
    }
    if (!found.empty()) {
      const ObjectType& one = *found[choices_.below(found.size())];
      return one.type.kind == wasm::CompositeKind::Struct ? make_struct(one) : make_array(one);
    }
  }
  make_null(type);
  code_.op(Opcode::ref_as_non_null);
  popped(1);
  pushed(ValType::ref(type, false));
}

void ModuleGenerator::push_ref(ValType type) {
  const bool may_nest = object_depth_ < kMaxObjectDepth;
  switch (choices_.below(8)) {
    case 0:
      if (type.nullable()) return make_null(type.heap());
      break;
    case 1:
    case 2:
      for (uint32_t i = 0; i < globals_.size(); ++i) {
        if (!fits(globals_[i].val, type)) continue;
        code_.op(Opcode::global_get, i);
        return pushed(globals_[i].val);
      }
      break;
    case 3:
    case 4:
    case 5:
      if (type.nullable()) {
        const uint32_t local = local_of(type);
        code_.op(Opcode::local_get, local);
        return pushed(locals_[local]);
      }
      break;
    default: break;
  }
  if (may_nest || !type.nullable()) {
    ++object_depth_;
    make_ref(type.heap());
    --object_depth_;
  } else {
    make_null(type.heap());
  }
}

void ModuleGenerator::push_object(const ObjectType& type) {
  const ValType nullable = ValType::ref(HeapType(type.index), true),
                sure = ValType::ref(HeapType(type.index), false);
  if (choices_.one_in(24)) return push(nullable);
  if (choices_.one_in(3) || !has(Opcode::br_on_non_null)) return push(sure);
  // what a local holds, unless that is null
  code_.block(Opcode::block, sure).op(Opcode::local_get, local_of(nullable)).op(Opcode::br_on_non_null, 0);
  push(sure);
  code_.end();
  popped(1);
  pushed(sure);
}

const ModuleGenerator::ObjectType* ModuleGenerator::struct_with(bool is_packed, bool is_mutable,
                                                                uint32_t& field) {
  std::vector<std::pair<const ObjectType*, uint32_t>> found;
  for (const ObjectType& one : structs_)
    for (uint32_t i = 0; i < one.type.fields.size(); ++i) {
      const FieldType& candidate = one.type.fields[i];
      // whoever writes may write packed fields as well
      if (is_mutable ? candidate.is_mutable : candidate.storage.is_packed() == is_packed)
        found.emplace_back(&one, i);
    }
  if (found.empty()) return nullptr;
  const auto& [type, index] = found[choices_.below(found.size())];
  field = index;
  return type;
}

}  // namespace godwit::fuzz
