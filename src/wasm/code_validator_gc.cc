// CodeValidator: references, structures and arrays.
// spec: https://webassembly.github.io/spec/core/valid/instructions.html#aggregate-instructions
#include "wasm/code_validator.h"
#include "wasm/limits.h"

namespace godwit::wasm {

namespace {

// The type of a field's value on the stack.
ValType unpacked(const FieldType& field) {
  return field.storage.is_packed() ? ValType(ValKind::I32) : field.storage;
}

ValType ref_to(uint32_t type, bool nullable) { return ValType::ref(HeapType(TypeIdx(type)), nullable); }

constexpr ValType kEqRef = ValType::ref(HeapType::Abstract::Eq, true);
constexpr ValType kI31Ref = ValType::ref(HeapType::Abstract::I31, true);
constexpr ValType kArrayRef = ValType::ref(HeapType::Abstract::Array, true);
constexpr ValType kAnyRef = ValType::ref(HeapType::Abstract::Any, true);

}  // namespace

void CodeValidator::reference(const Instruction& ins) {
  using enum Opcode;
  switch (ins.op) {
    case ref_null:
      if (check_type(ins.type)) push(ins.type);
      return;
    case ref_func:
      if (ins.index >= module_.funcs.size()) return error("unknown function " + std::to_string(ins.index));
      if (!module_.declared_funcs[ins.index])
        return error("undeclared function reference " + std::to_string(ins.index));
      return push(ref_to(module_.funcs[ins.index].value, false));
    case ref_is_null: pop_ref(); return push(ValKind::I32);
    case ref_as_non_null: return push(ValType::ref(pop_ref().heap(), false));
    case ref_eq:
      pop(kEqRef);
      pop(kEqRef);
      return push(ValKind::I32);
    case ref_test:
    case ref_test_null:
    case ref_cast:
    case ref_cast_null: {
      if (!check_type(ins.type)) return;
      pop(ValType::ref(top_of(module_, ins.type.heap()), true));
      const bool is_test = ins.op == ref_test || ins.op == ref_test_null;
      return push(is_test ? ValType(ValKind::I32) : ins.type);
    }
    case any_convert_extern:
    case extern_convert_any: {
      const bool to_any = ins.op == any_convert_extern;
      const ValType found = pop_ref();
      const ValType wanted = to_any ? kExternRef : kAnyRef;
      if (!matches(module_, found, wanted)) return mismatch(wanted, found);
      return push(
          ValType::ref(to_any ? HeapType::Abstract::Any : HeapType::Abstract::Extern, found.nullable()));
    }
    case ref_i31: pop(ValKind::I32); return push(ValType::ref(HeapType::Abstract::I31, false));
    case i31_get_s:
    case i31_get_u: pop(kI31Ref); return push(ValKind::I32);
    default: return aggregate(ins);
  }
}

void CodeValidator::aggregate(const Instruction& ins) {
  using enum Opcode;
  if (ins.op == array_len) {
    pop(kArrayRef);
    return push(ValKind::I32);
  }

  const bool is_struct = ins.op >= struct_new && ins.op <= struct_set;
  if (is_struct) {
    const SubType* type = struct_type(ins.index);
    if (!type) return;
    if (ins.op == struct_new || ins.op == struct_new_default) {
      work_.add(type->fields.size());
      for (size_t i = type->fields.size(); i-- > 0;) {
        if (ins.op == struct_new) pop(unpacked(type->fields[i]));
        else if (!type->fields[i].storage.is_defaultable())
          return error("type mismatch: field " + std::to_string(i) + " has no default value");
      }
      return push(ref_to(ins.index, false));
    }
    if (ins.index2 >= type->fields.size()) return error("unknown field " + std::to_string(ins.index2));
    const FieldType& field = type->fields[ins.index2];
    if (ins.op == struct_set) {
      if (!field.is_mutable) return error("immutable field " + std::to_string(ins.index2));
      pop(unpacked(field));
      return pop(ref_to(ins.index, true));
    }
    if (field.storage.is_packed() == (ins.op == struct_get))
      return error("type mismatch: field " + std::to_string(ins.index2) + " is " +
                   (field.storage.is_packed() ? "packed" : "not packed"));
    pop(ref_to(ins.index, true));
    return push(unpacked(field));
  }

  const FieldType* field = array_field(ins.index);
  if (!field) return;
  const ValType value = unpacked(*field);
  const bool is_numeric = !field->storage.is_ref();
  switch (ins.op) {
    case array_new:
      pop(ValKind::I32);
      pop(value);
      return push(ref_to(ins.index, false));
    case array_new_default:
      if (!field->storage.is_defaultable()) return error("type mismatch: the elements have no default value");
      pop(ValKind::I32);
      return push(ref_to(ins.index, false));
    case array_new_fixed:
      if (ins.index2 > limits::kArrayNewFixed)
        return error("array.new_fixed too long: the limit is " + std::to_string(limits::kArrayNewFixed));
      pop_many(value, ins.index2);
      return push(ref_to(ins.index, false));
    case array_new_data:
      if (!is_numeric) return error("array type is not numeric or vector");
      if (!data(ins.index2)) return;
      pop(ValKind::I32);
      pop(ValKind::I32);
      return push(ref_to(ins.index, false));
    case array_new_elem: {
      const ElemSegment* from = elem(ins.index2);
      if (!from) return;
      if (!matches(module_, from->type, field->storage)) return mismatch(field->storage, from->type);
      pop(ValKind::I32);
      pop(ValKind::I32);
      return push(ref_to(ins.index, false));
    }
    case array_get:
    case array_get_s:
    case array_get_u:
      if (field->storage.is_packed() == (ins.op == array_get))
        return error(std::string("type mismatch: the elements are ") +
                     (field->storage.is_packed() ? "packed" : "not packed"));
      pop(ValKind::I32);
      pop(ref_to(ins.index, true));
      return push(value);
    default: break;
  }

  // The rest writes into an array.
  if (!field->is_mutable) return error("immutable array");
  switch (ins.op) {
    case array_set: pop(value); break;
    case array_fill:
      pop(ValKind::I32);
      pop(value);
      break;
    case array_copy: {
      const FieldType* from = array_field(ins.index2);
      if (!from) return;
      if (!matches(module_, from->storage, field->storage)) return error("array types do not match");
      pop(ValKind::I32);
      pop(ValKind::I32);
      pop(ref_to(ins.index2, true));
      break;
    }
    case array_init_data:
      if (!is_numeric) return error("array type is not numeric or vector");
      if (!data(ins.index2)) return;
      pop(ValKind::I32);
      pop(ValKind::I32);
      break;
    case array_init_elem: {
      const ElemSegment* from = elem(ins.index2);
      if (!from) return;
      if (!matches(module_, from->type, field->storage)) return mismatch(field->storage, from->type);
      pop(ValKind::I32);
      pop(ValKind::I32);
      break;
    }
    default: return error("illegal opcode: no rule for " + std::string(text_of(ins.op)));
  }
  pop(ValKind::I32);
  pop(ref_to(ins.index, true));
}

}  // namespace godwit::wasm
