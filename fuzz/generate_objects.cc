// Generated instructions on objects.
#include "module_generator.h"

namespace godwit::fuzz {

using wasm::FieldType;
using wasm::HeapType;
using wasm::Opcode;
using wasm::ValKind;
using wasm::ValType;
using Abstract = HeapType::Abstract;

namespace {

constexpr uint32_t kIndexMask = 7;  // of arrays, most of which have 8 elements
constexpr ValType kAnyRef = ValType::ref(Abstract::Any, true);
constexpr ValType kEqRef = ValType::ref(Abstract::Eq, true);

ValType unpacked(const FieldType& field) { return field.storage.is_packed() ? ValKind::I32 : field.storage; }
ValType non_null(ValType type) { return ValType::ref(type.heap(), false); }

}  // namespace

template <class Predicate>
const ModuleGenerator::ObjectType* ModuleGenerator::array_with(Predicate&& is_wanted) {
  std::vector<const ObjectType*> found;
  for (const ObjectType& one : arrays_)
    if (is_wanted(one.type.fields[0])) found.push_back(&one);
  return found.empty() ? nullptr : found[choices_.below(found.size())];
}

void ModuleGenerator::object_op(Opcode op, size_t base) {
  switch (op) {
    case Opcode::struct_new:
    case Opcode::struct_new_default: {
      const ObjectType& type = structs_[choices_.below(structs_.size())];
      const bool has_defaults =
          std::all_of(type.type.fields.begin(), type.type.fields.end(),
                      [](const FieldType& field) { return field.storage.is_defaultable(); });
      if (op == Opcode::struct_new_default && !has_defaults) return;
      if (op == Opcode::struct_new) {
        for (const FieldType& field : type.type.fields) push(unpacked(field));
        popped(type.type.fields.size());
      }
      code_.op(op, type.index.value);
      return pushed(ValType::ref(HeapType(type.index), false));
    }
    case Opcode::struct_get:
    case Opcode::struct_get_s:
    case Opcode::struct_get_u:
    case Opcode::struct_set: {
      uint32_t field = 0;
      const bool writes = op == Opcode::struct_set;
      const ObjectType* type = struct_with(op != Opcode::struct_get, writes, field);
      if (type == nullptr) return;
      const ValType value = unpacked(type->type.fields[field]);
      push_object(*type);
      if (writes) push(value);
      code_.op(op, type->index.value, field);
      popped(writes ? 2 : 1);
      if (!writes) pushed(value);
      return;
    }
    case Opcode::ref_test:
    case Opcode::ref_test_null: {
      ValType source = some_ref();
      push(source);
      const bool null = op == Opcode::ref_test_null;
      code_.add({.op = op, .type = ValType::ref(some_target(source, true).heap(), null)});
      popped(1);
      return pushed(ValKind::I32);
    }
    case Opcode::ref_cast:
    case Opcode::ref_cast_null: {
      const ValType source = some_ref();
      const bool null = op == Opcode::ref_cast_null;
      // mostly one that succeeds
      const ValType target = choices_.one_in(8) ? some_target(source, true) : source;
      push(target == source && !null ? non_null(source) : source);
      const ValType result = ValType::ref(target.heap(), null);
      code_.add({.op = op, .type = result});
      popped(1);
      return pushed(result);
    }
    case Opcode::any_convert_extern:
    case Opcode::extern_convert_any: {
      const bool to_any = op == Opcode::any_convert_extern;
      want({to_any ? wasm::kExternRef : kAnyRef}, base);
      const bool null = stack_.back().nullable();
      code_.op(op);
      popped(1);
      return pushed(ValType::ref(to_any ? Abstract::Any : Abstract::Extern, null));
    }
    case Opcode::ref_i31:
      want({ValKind::I32}, base);
      code_.op(op);
      popped(1);
      return pushed(ValType::ref(Abstract::I31, false));
    case Opcode::i31_get_s:
    case Opcode::i31_get_u:
      push(ValType::ref(Abstract::I31, choices_.one_in(16)));
      code_.op(op);
      popped(1);
      return pushed(ValKind::I32);
    case Opcode::ref_eq:
      want({kEqRef}, base);
      if (choices_.one_in(3)) {  // the same one twice
        const uint32_t local = local_of(kEqRef);
        code_.op(Opcode::local_tee, local).op(Opcode::local_get, local);
      } else {
        push(kEqRef);
        popped(1);
      }
      code_.op(op);
      popped(1);
      return pushed(ValKind::I32);
    default: return array_op(op);
  }
}

void ModuleGenerator::array_op(Opcode op) {
  const bool reads_packed = op == Opcode::array_get_s || op == Opcode::array_get_u;
  const bool from_data = op == Opcode::array_new_data || op == Opcode::array_init_data;
  const bool from_elem = op == Opcode::array_new_elem || op == Opcode::array_init_elem;
  const bool writes = op == Opcode::array_set || op == Opcode::array_fill || op == Opcode::array_copy ||
                      op == Opcode::array_init_data || op == Opcode::array_init_elem;
  const uint32_t elem = choices_.below(elems_);
  const ObjectType* type = array_with([&](const FieldType& field) {
    if (op == Opcode::array_get || reads_packed) return field.storage.is_packed() == reads_packed;
    if (writes && !field.is_mutable) return false;
    if (from_data) return !field.storage.is_ref();
    if (from_elem) return fits(elem_types_[elem], field.storage);
    return op != Opcode::array_new_default || field.storage.is_defaultable();
  });
  if (type == nullptr) return;
  const uint32_t index = type->index.value;
  const ValType value = unpacked(type->type.fields[0]);
  const ValType made = ValType::ref(HeapType(type->index), false);
  const auto new_one = [&](size_t operands) {
    popped(operands);
    pushed(made);
  };
  if (writes) {
    push_object(*type);
    push_small(false, op == Opcode::array_set ? kIndexMask : 3);
  }
  switch (op) {
    case Opcode::array_new:
      push(value);
      push_small(false, 15);
      code_.op(op, index);
      return new_one(2);
    case Opcode::array_new_default:
      push_small(false, 15);
      code_.op(op, index);
      return new_one(1);
    case Opcode::array_new_fixed: {
      const uint32_t count = choices_.below(value.is_ref() ? 4 : 10);
      for (uint32_t i = 0; i < count; ++i) push(value);
      code_.op(op, index, count);
      return new_one(count);
    }
    case Opcode::array_new_data:
    case Opcode::array_new_elem:
      push_small(false, from_data ? 7 : 1);
      push_small(false, from_data ? 7 : 3);
      code_.op(op, index, from_data ? choices_.below(datas_) : elem);
      return new_one(2);
    case Opcode::array_get:
    case Opcode::array_get_s:
    case Opcode::array_get_u:
      push_object(*type);
      push_small(false, kIndexMask);
      code_.op(op, index);
      popped(2);
      return pushed(value);
    case Opcode::array_len:
      push(choices_.one_in(2) ? made : ValType::ref(Abstract::Array, choices_.one_in(16)));
      code_.op(op);
      popped(1);
      return pushed(ValKind::I32);
    case Opcode::array_set:
      push(value);
      code_.op(op, index);
      return popped(3);
    case Opcode::array_fill:
      push(value);
      push_small(false, 3);
      code_.op(op, index);
      return popped(4);
    case Opcode::array_copy: {
      const ValType storage = type->type.fields[0].storage;
      const ObjectType& from =
          *array_with([&](const FieldType& field) { return fits(field.storage, storage); });
      push_object(from);
      push_small(false, 3);
      push_small(false, 3);
      code_.op(op, index, from.index.value);
      return popped(5);
    }
    default:  // array_init_data, array_init_elem
      push_small(false, from_data ? 7 : 1);
      push_small(false, 3);
      code_.op(op, index, from_data ? choices_.below(datas_) : elem);
      return popped(4);
  }
}

// Shows the first field, or the length, of the object on top if it cannot be null and has one.
bool ModuleGenerator::show_field(ValType type) {
  if (type.nullable() || type.heap().is_abstract()) return false;
  const wasm::SubType& object = defined_types_[type.heap().index().value];
  if (object.kind == wasm::CompositeKind::Array && has(Opcode::array_len)) {
    code_.op(Opcode::array_len);
    pushed(ValKind::I32);
  } else if (object.kind == wasm::CompositeKind::Struct && !object.fields.empty() &&
             has(Opcode::struct_get) && has(Opcode::struct_get_u)) {
    const bool is_packed = object.fields[0].storage.is_packed();
    code_.op(is_packed ? Opcode::struct_get_u : Opcode::struct_get, type.heap().index().value, 0);
    pushed(unpacked(object.fields[0]));
  } else {
    return false;
  }
  show();
  return true;
}

// br_on_cast and br_on_cast_fail, out of a block of their own.
void ModuleGenerator::cast_branch(Opcode op) {
  ValType source = some_ref();
  if (choices_.one_in(4)) source = non_null(source);
  const ValType target = some_target(source, false);
  // what of the source is no target: null only if the target may not be
  const ValType rest = ValType::ref(source.heap(), source.nullable() && !target.nullable());
  const ValType result = op == Opcode::br_on_cast_fail ? rest : target;
  code_.block(Opcode::block, result);
  push(source);
  code_.add({.op = op, .type = source, .type2 = target});
  popped(1);
  code_.op(Opcode::drop);
  push(result);
  popped(1);
  code_.end();
  pushed(result);
}

}  // namespace godwit::fuzz
