// Structs, arrays, i31 references and casts.
#include <array>

#include "code/ops_gc.h"
#include "code/translator.h"
#include "runtime/gc_type.h"

namespace godwit::code {

using ops::GcRead;
using ops::GcTarget;
using ops::GcWrite;
using runtime::GcStorage;
using runtime::GcType;
using wasm::HeapType;
using wasm::Opcode;
using wasm::ValKind;

namespace {

ValKind kind_of(GcStorage storage) {
  switch (storage) {
    case GcStorage::I64: return ValKind::I64;
    case GcStorage::F32: return ValKind::F32;
    case GcStorage::F64: return ValKind::F64;
    case GcStorage::V128: return ValKind::V128;
    case GcStorage::Ref:
    case GcStorage::Func: return ValKind::Ref;
    default: return ValKind::I32;
  }
}

GcRead read_of(GcStorage storage, bool is_signed) {
  switch (storage) {
    case GcStorage::I8: return is_signed ? GcRead::I8S : GcRead::I8U;
    case GcStorage::I16: return is_signed ? GcRead::I16S : GcRead::I16U;
    case GcStorage::I32: return GcRead::I32;
    case GcStorage::I64: return GcRead::I64;
    case GcStorage::F32: return GcRead::F32;
    case GcStorage::F64: return GcRead::F64;
    case GcStorage::V128: return GcRead::V128;
    case GcStorage::Ref: return GcRead::Ref;
    case GcStorage::Func: return GcRead::Func;
  }
  return GcRead::I32;
}

// How a value is written that comes from a slot: bits are bits.
GcWrite write_from_slot(GcStorage storage) {
  switch (storage) {
    case GcStorage::I8: return GcWrite::I8;
    case GcStorage::I16: return GcWrite::I16;
    case GcStorage::I64:
    case GcStorage::F64: return GcWrite::I64;
    case GcStorage::V128: return GcWrite::V128;
    case GcStorage::Func: return GcWrite::Func;
    default: return GcWrite::I32;
  }
}
GcWrite write_of(GcStorage storage, Source value) {
  if (value == Source::A && storage == GcStorage::F32) return GcWrite::F32;
  if (value == Source::A && storage == GcStorage::F64) return GcWrite::F64;
  return write_from_slot(storage);
}

// The families of cells_gc.def.
static_assert(CellOp::struct_get_i8_s_s + 4 * static_cast<unsigned>(GcRead::Func) ==
              CellOp::struct_get_func_s);
static_assert(CellOp::array_get_i8_s_ss + 10 * static_cast<unsigned>(GcRead::V128) + 8 ==
              CellOp::array_get_v128_ak);
static_assert(CellOp::struct_set_i8_ss + 4 * static_cast<unsigned>(GcWrite::Func) + 3 ==
              CellOp::struct_set_func_aa);
static_assert(CellOp::array_set_i8_ss + 6 * static_cast<unsigned>(GcWrite::Func) + 5 ==
              CellOp::array_set_func_ka);
static_assert(CellOp::ref_test_defined_s + 4 * static_cast<unsigned>(GcTarget::Abstract) + 2 ==
              CellOp::ref_test_abstract_a);
static_assert(CellOp::ref_cast_defined_s + 2 * static_cast<unsigned>(GcTarget::Abstract) ==
              CellOp::ref_cast_abstract_s);

}  // namespace

const GcType& Translator::gc_type(uint32_t type) const { return module_.gc_types[module_.type_ids[type]]; }

Result<> Translator::gc(const wasm::Instruction& in) {
  using enum Opcode;
  switch (in.op) {
    case any_convert_extern:
    case extern_convert_any: return {};  // the reference is the same
    case ref_i31: gc_unary(CellOp::ref_i31_s, ValKind::Ref); return {};
    case i31_get_s: gc_unary(CellOp::i31_get_s_s, ValKind::I32); return {};
    case i31_get_u: gc_unary(CellOp::i31_get_u_s, ValKind::I32); return {};
    case array_len: gc_unary(CellOp::array_len_s, ValKind::I32); return {};
    case ref_test:
    case ref_test_null: ref_test_(in.type); return {};
    case ref_cast:
    case ref_cast_null: ref_cast_(in.type); return {};
    default: break;
  }
  // What follows names a type, so the module has such.
  if (module_.gc_types == nullptr)
    return fail(Error(ErrorKind::Exhausted, function_text() + ": there was no memory for the module's types")
                    .at(in.offset));
  const GcType& type = gc_type(in.index);
  switch (in.op) {
    case struct_new: struct_new_(in, type.field_count); break;
    case struct_new_default: struct_new_(in, 0); break;
    case struct_get:
    case struct_get_s:
    case struct_get_u: struct_get_(in); break;
    case struct_set: struct_set_(in); break;
    case array_get:
    case array_get_s:
    case array_get_u: array_get_(in); break;
    case array_set: array_set_(in); break;
    case array_new: array_op(CellOp::array_new, 2, in, 0, true); break;
    case array_new_default: array_op(CellOp::array_new_default, 1, in, 0, true); break;
    case array_new_fixed: array_op(CellOp::array_new_fixed, in.index2, in, in.index2, true); break;
    case array_new_data: array_op(CellOp::array_new_data, 2, in, in.index2, true); break;
    case array_new_elem: array_op(CellOp::array_new_elem, 2, in, in.index2, true); break;
    case array_fill: array_op(CellOp::array_fill, 4, in, 0, false); break;
    case array_copy: array_op(CellOp::array_copy, 5, in, 0, false); break;
    case array_init_data: array_op(CellOp::array_init_data, 4, in, in.index2, false); break;
    case array_init_elem: array_op(CellOp::array_init_elem, 4, in, in.index2, false); break;
    default: return unsupported(in);
  }
  return {};
}

void Translator::gc_unary(CellOp first, ValKind result) {
  Operand operand = pop();
  if (operand.where == Operand::Where::Const) to_own_slot(operand);
  emit_result(unary_op(first, source_of(operand)), result, operand.place(), 0);
}

// --- Structs --------------------------------------------------------------------------------------------------------

void Translator::struct_new_(const wasm::Instruction& in, uint32_t written_fields) {
  const GcType& type = gc_type(in.index);
  const size_t base = stack_.size() - written_fields;
  std::vector<uint64_t> recipe;
  for (uint32_t i = 0; i < written_fields; ++i) {
    Operand& operand = stack_[base + i];
    const runtime::GcField field = type.fields[i];
    const GcWrite how = write_from_slot(field.storage());
    uint64_t literal = field.offset | static_cast<uint64_t>(how) << ops::StructNew::kWriteShift;
    if (operand.where == Operand::Where::Const) {
      if (operand.bits == 0 && operand.kind != ValKind::V128) continue;  // as the object is already
      if (is_short(operand.kind)) {
        recipe.push_back(literal | ops::StructNew::kIsConstant | operand.bits << 32);
        continue;
      }
    }
    if (operand.where != Operand::Where::Local) settle(operand);
    recipe.push_back(literal | uint64_t{operand.place()} << 32);
  }
  const uint32_t live_end = next_slot();
  truncate(base);
  reset_accs();
  uint32_t size_class = 0;  // of objects beyond, there are never any ready
  if (type.size_bytes <= runtime::kGcMaxSmallBytes) size_class = runtime::gc_size_class(type.size_bytes);
  else size_class = runtime::kGcClasses;
  const uint32_t first =
      code_.add_literal(runtime::gc_header(runtime::GcKind::Struct, module_.type_ids[in.index]) |
                        uint64_t{type.size_bytes} << 32);
  code_.add_literal(size_class | uint64_t{recipe.size()} << 32);
  for (const uint64_t literal : recipe) code_.add_literal(literal);
  const uint32_t cell = code_.emit(CellOp::struct_new, live_end, next_slot(), first);
  code_[cell].is_far = true;
  made_written_result(ValKind::Ref, cell);
}

void Translator::struct_get_(const wasm::Instruction& in) {
  const runtime::GcField field = gc_type(in.index).fields[in.index2];
  const GcRead how = read_of(field.storage(), in.op == Opcode::struct_get_s);
  Operand object = pop();
  if (object.where == Operand::Where::Const) to_own_slot(object);
  const CellOp first = CellOp::struct_get_i8_s_s + 4 * static_cast<unsigned>(how);
  emit_result(unary_op(first, source_of(object)), kind_of(field.storage()), object.place(), field.offset);
}

void Translator::struct_set_(const wasm::Instruction& in) {
  const runtime::GcField field = gc_type(in.index).fields[in.index2];
  Operand value = pop();
  Operand object = pop();
  if (value.where == Operand::Where::Const) to_own_slot(value);
  if (object.where == Operand::Where::Const) to_own_slot(object);
  const Source value_source = source_of(value);
  const CellOp first =
      CellOp::struct_set_i8_ss + 4 * static_cast<unsigned>(write_of(field.storage(), value_source));
  const unsigned form = (source_of(object) == Source::A ? 2U : 0U) + (value_source == Source::A ? 1U : 0U);
  code_.emit(first + form, object.place(), value.place(), field.offset);
}

// --- Arrays ---------------------------------------------------------------------------------------------------------

void Translator::array_get_(const wasm::Instruction& in) {
  const GcStorage storage = gc_type(in.index).element;
  const GcRead how = read_of(storage, in.op == Opcode::array_get_s);
  Operand index = pop();
  Operand array = pop();
  if (array.where == Operand::Where::Const) to_own_slot(array);
  Source right = source_of(index);
  const Source left = source_of(array);
  const Form form = left == Source::A    ? (right == Source::K ? Form::AK : Form::AS)
                    : right == Source::A ? Form::SA
                    : right == Source::K ? Form::SK
                                         : Form::SS;
  const CellOp first = CellOp::array_get_i8_s_ss + 10 * static_cast<unsigned>(how);
  const uint32_t b = right == Source::K ? static_cast<uint32_t>(index.bits) : index.place();
  emit_result(binary_op(first, form), kind_of(storage), array.place(), b);
}

void Translator::array_set_(const wasm::Instruction& in) {
  const GcStorage storage = gc_type(in.index).element;
  Operand value = pop();
  Operand index = pop();
  Operand array = pop();
  if (value.where == Operand::Where::Const) to_own_slot(value);
  to_readable_slot(array);
  const Source value_source = source_of(value);
  const Source index_source = source_of(index);
  const unsigned row = index_source == Source::S ? 0 : index_source == Source::A ? 2 : 4;
  const CellOp first = CellOp::array_set_i8_ss + 6 * static_cast<unsigned>(write_of(storage, value_source));
  const uint32_t b = index_source == Source::K ? static_cast<uint32_t>(index.bits) : index.place();
  code_.emit(first + row + (value_source == Source::A ? 1U : 0U), array.place(), value.place(), b);
}

// An op on operands in their own slots. If it makes an array, that takes the place of the first.
void Translator::array_op(CellOp op, size_t operands, const wasm::Instruction& in, uint64_t more,
                          bool makes_array) {
  top_to_own_slots(operands);
  truncate(stack_.size() - operands);
  reset_accs();
  const uint32_t first =
      code_.add_literal(runtime::gc_header(runtime::GcKind::Array, module_.type_ids[in.index]) |
                        static_cast<uint64_t>(gc_type(in.index).element) << 32);
  code_.add_literal(more);
  const uint32_t cell = code_.emit(op, next_slot(), 0, first);
  code_[cell].is_far = true;
  if (makes_array) push_temp(ValKind::Ref);
}

// --- Casts ----------------------------------------------------------------------------------------------------------

GcTarget Translator::target_of(wasm::ValType type, uint64_t& literal) const {
  literal = type.nullable() ? ops::kNullMatches : 0;
  const HeapType heap = type.heap();
  if (heap.is_abstract()) {
    literal |= static_cast<uint32_t>(heap.abstract());
    return GcTarget::Abstract;
  }
  const uint32_t index = heap.index().value;
  const uint32_t id = module_.type_ids[index];
  if (wasm_.types[index].kind == wasm::CompositeKind::Func || module_.gc_types == nullptr) {
    literal |= id;
    return GcTarget::Function;
  }
  const GcType& target = module_.gc_types[id];
  literal |= target.display[target.depth] | uint64_t{target.depth} << 32;
  return GcTarget::Defined;
}

void Translator::ref_test_(wasm::ValType type) {
  Operand ref = pop();
  if (ref.where == Operand::Where::Const) to_own_slot(ref);
  uint64_t literal = 0;
  const CellOp first = CellOp::ref_test_defined_s + 4 * static_cast<unsigned>(target_of(type, literal));
  emit_far_result(unary_op(first, source_of(ref)), ValKind::I32, ref.place(), literal);
}

void Translator::ref_cast_(wasm::ValType type) {
  Operand ref = pop();
  if (ref.where == Operand::Where::Const) to_own_slot(ref);
  uint64_t literal = 0;
  const CellOp first = CellOp::ref_cast_defined_s + 2 * static_cast<unsigned>(target_of(type, literal));
  code_.emit_far(first + (source_of(ref) == Source::A ? 1U : 0U), ref.place(), 0, literal);
  push_again(ref);
}

// The reference stays on the stack, whichever way control goes.
void Translator::br_on_cast(const wasm::Instruction& in, bool wanted) {
  settle(stack_.back());
  const Operand ref = stack_.back();  // a copy: pushing may move the stack
  push_again(ref);
  ref_test_(in.type2);
  Operand outcome = pop();
  branch_if(test_of(outcome, false), wanted, in.index);
}

}  // namespace godwit::code
