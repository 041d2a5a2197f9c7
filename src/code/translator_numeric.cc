// Plain numeric instructions and select.
#include <array>

#include "code/divisor.h"
#include "code/translator.h"
#include "runtime/numeric.h"
#include "wasm/opcode_relations.h"

namespace godwit::code {

using wasm::OpClass;
using wasm::Opcode;
using wasm::ValKind;

namespace {

ValKind kind_of(wasm::Signature::Type type) {
  switch (type) {
    case wasm::Signature::Type::I64: return ValKind::I64;
    case wasm::Signature::Type::F32: return ValKind::F32;
    case wasm::Signature::Type::F64: return ValKind::F64;
    case wasm::Signature::Type::V128: return ValKind::V128;
    default: return ValKind::I32;
  }
}

Form form_of(Source left, Source right) {
  constexpr Form kForms[3][3] = {
      {Form::SS, Form::SA, Form::SK}, {Form::AS, Form::AS, Form::AK}, {Form::KS, Form::KA, Form::SK}};
  return kForms[static_cast<size_t>(left)][static_cast<size_t>(right)];
}

}  // namespace

// Reading an i32 reads the low half of wherever an i64 lies.
void Translator::wrap() {
  Operand x = pop();
  x.kind = ValKind::I32;
  if (x.where == Operand::Where::Const) x.bits = static_cast<uint64_t>(int64_t{static_cast<int32_t>(x.bits)});
  push_again(x);
}

void Translator::unary(Opcode op) {
  if (wasm::is_wrap(op) && options_.fold) return wrap();
  const wasm::OpInfo& info = wasm::info_of(op);
  ValKind result = kind_of(info.signature.results()[0]);
  Operand x = pop();
  if (x.where == Operand::Where::Const) to_own_slot(x);
  Source source = source_of(x);
  flush(acc_class_of(result));
  AccState int_acc = accs_[AccClass::Int];
  uint32_t cell = emit_result(unary_op(first_cell_op(op), source), result, x.place(), 0);
  if (acc_class_of(result) == AccClass::Int) last_plain_ = {cell, op, Form::SS, source, int_acc};
}

bool Translator::is_last_load(const Operand& operand) {
  AccClass acc = acc_class_of(operand.kind);
  if (operand.where != Operand::Where::Temp || acc == AccClass::None) return false;
  const AccState& state = accs_[acc];
  return state.is_pending && state.slot == operand.slot && state.producer == last_load_.cell &&
         code_.is_last(last_load_.cell);
}

bool Translator::binary_with_load(Opcode op, Operand left, const Operand& loaded) {
  if (left.where == Operand::Where::Const || !is_last_load(loaded)) return false;
  AccClass acc = acc_class_of(loaded.kind);
  bool address_in_int_acc =
      last_load_.place == Place::A || last_load_.place == Place::SA || last_load_.place == Place::AK;
  // The left operand lies in its slot; it is in the accumulator too if it was before the load.
  Source source = last_load_.acc_before.slot == left.place() && !(acc == AccClass::Int && address_in_int_acc)
                      ? Source::A
                      : Source::S;
  auto cell_op = load_binary_op(op, last_load_.op, source, last_load_.place);
  if (!cell_op) return false;
  DraftCell load = code_[last_load_.cell];
  uint32_t a = load.a, b = load.b;
  if (source == Source::S) {
    a = left.place();
    switch (last_load_.place) {
      case Place::S:
      case Place::SA:
        if (load.b > 0xFFFF) return false;
        b = load.a | load.b << 16;
        break;
      case Place::SS:
        if (load.b > 0xFFFF) return false;
        b = load.a | load.b << 16;
        break;
      case Place::SK:
        if (static_cast<int32_t>(load.b) != static_cast<int16_t>(load.b)) return false;
        b = load.a | load.b << 16;
        break;
      default: break;  // b alone
    }
  }
  code_.take_last();
  accs_[acc] = last_load_.acc_before;
  last_load_ = {};
  uint32_t cell = emit_result(*cell_op, loaded.kind, a, b);
  code_[cell].offset = load.offset;  // only the load can trap
  return true;
}

bool Translator::divide_by_constant(const Operand& x, const Operand& y) {
  if (!options_.fold || y.where != Operand::Where::Const || x.where == Operand::Where::Const) return false;
  const std::optional<Divisor> divisor = product_for(y.bits);
  if (!divisor) return false;
  Source source = source_of(x);
  if (divisor->before != 0 || source != Source::A) {
    // a shift by nothing is a move to the accumulator
    const CellOp shift =
        binary_op(first_cell_op(runtime::numeric::kUnsignedShift), form_of(source, Source::K));
    flush(AccClass::Int);
    emit_far_result(shift, ValKind::I64, x.place(), divisor->before);
    pop();
  }
  emit_far_result(CellOp::i64_divide_a, ValKind::I64, divisor->after, divisor->factor);
  last_plain_ = {};
  return true;
}

void Translator::binary(Opcode op) {
  const wasm::OpInfo& info = wasm::info_of(op);
  ValKind result = kind_of(info.signature.results()[0]);
  Operand y = pop();
  Operand x = pop();
  bool is_compare = info.op_class == OpClass::Compare;
  if (y.where == Operand::Where::Const && wasm::as_addition(op) != op) {
    // there is more that a sum can be folded into
    op = wasm::as_addition(op);
    y.bits = 0 - y.bits;
  }
  if (op == runtime::numeric::kUnsignedDivision && divide_by_constant(x, y)) return;
  if (binary_with_load(op, x, y)) return;
  bool may_swap = wasm::is_commutative(op);
  if (may_swap && y.where == Operand::Where::Local && binary_with_load(op, y, x)) return;
  if (x.where == Operand::Where::Const && y.where == Operand::Where::Const) to_own_slot(x);
  // a constant goes to the right and the accumulator to the left, so that one form does for both
  bool is_constant_left = x.where == Operand::Where::Const && (is_compare || wasm::is_of_integers(op));
  bool is_acc_right = source_of(x) == Source::S && source_of(y) == Source::A;
  if ((is_constant_left || is_acc_right) && (is_compare || may_swap)) {
    std::swap(x, y);
    if (is_compare) op = wasm::mirrored(op);
  }
  Source left = source_of(x), right = source_of(y);
  if (left == Source::A && right == Source::A) right = Source::S;  // one local twice: it lies in its slot
  Form form = form_of(left, right);
  CellOp cell_op = binary_op(first_cell_op(op), form);
  uint32_t a = left == Source::K ? y.place() : x.place();
  flush(acc_class_of(result));
  AccState int_acc = accs_[AccClass::Int];
  uint32_t cell;
  const Operand* constant = left == Source::K ? &x : right == Source::K ? &y : nullptr;
  if (constant != nullptr && !is_short(constant->kind)) {
    cell = emit_far_result(cell_op, result, a, constant->bits);
  } else {
    cell = emit_result(cell_op, result, a,
                       constant != nullptr ? static_cast<uint32_t>(constant->bits) : y.place());
  }
  if (acc_class_of(result) == AccClass::Int) last_plain_ = {cell, op, form, left, int_acc};
}

void Translator::select(ValKind kind) {
  Operand condition = pop();
  Operand y = pop();
  Operand x = pop();
  to_readable_slot(x);
  to_readable_slot(y);
  if (condition.where == Operand::Where::Const) to_own_slot(condition);
  Source source = source_of(condition);
  uint32_t b = y.place();
  if (source == Source::S) b |= condition.place() << 16;
  CellOp first = kind == ValKind::F32    ? CellOp::select_f32_s
                 : kind == ValKind::F64  ? CellOp::select_f64_s
                 : kind == ValKind::V128 ? CellOp::select_v128_s
                                         : CellOp::select_i64_s;
  emit_result(unary_op(first, source), kind, x.place(), b);
}

void Translator::wide(Opcode op) {
  size_t operands = wasm::info_of(op).signature.params().size();
  slots_op(first_cell_op(op), operands, 0, 0);
  push_temp(ValKind::I64);
  push_temp(ValKind::I64);
}

}  // namespace godwit::code
