// The operand stack, the accumulators, and moving values.
#include <algorithm>

#include "code/translator.h"

namespace godwit::code {

using wasm::ValKind;

void Translator::truncate(size_t height) {
  if (stack_.size() <= height) return;
  work_.add(stack_.size() - height);
  if (local_operands_ == 0) stack_.resize(height);
  while (stack_.size() > height) pop();
  settled_ = std::min(settled_, height);
}

uint32_t Translator::emit_far_result(CellOp op, ValKind kind, uint32_t a, uint64_t literal) {
  flush(acc_class_of(kind));
  uint32_t cell = code_.emit_far(op, a, next_slot(), literal);
  made_result(kind, cell);
  return cell;
}

void Translator::emit_slot_result(CellOp op, ValKind kind, uint32_t a, uint32_t b) {
  code_.emit(op, a, next_slot(), b);
  push_temp(kind);
}

void Translator::flush_all_below(uint32_t end_slot) {
  for (AccClass acc : {AccClass::Int, AccClass::F32, AccClass::F64, AccClass::V128})
    flush_below(acc, end_slot);
}

void Translator::flush_all() { flush_all_below(next_slot()); }

void Translator::reset_accs() {
  flush_all();
  accs_.forget_all();
}

void Translator::to_readable_slot(Operand& operand) {
  if (operand.where == Operand::Where::Local) return;
  to_own_slot(operand);
}

void Translator::to_own_slot(Operand& operand) {
  if (operand.where == Operand::Where::Temp) {
    AccClass acc = acc_class_of(operand.kind);
    if (accs_.holds(acc, operand.slot)) write_pending(accs_[acc]);
    return;
  }
  move_to(operand, operand.slot);
  operand.where = Operand::Where::Temp;
}

void Translator::settle(Operand& operand) {
  if (operand.where == Operand::Where::Local) unlink_local(operand);
  to_own_slot(operand);
}

void Translator::top_to_own_slots(size_t count) {
  size_t first = stack_.size() - count;
  size_t from = std::max(first, settled_);
  work_.add(stack_.size() - from);
  for (size_t i = from; i < stack_.size(); ++i) settle(stack_[i]);
  if (first <= settled_) settled_ = stack_.size();
}

void Translator::move_to(const Operand& operand, uint32_t slot) {
  accs_.forget(slot);
  switch (operand.where) {
    case Operand::Where::Const: return emit_put(operand.kind, operand.bits, slot);
    case Operand::Where::Local: return emit_copy(operand.kind, operand.local_slot, slot);
    case Operand::Where::Temp: break;
  }
  if (source_of(operand) != Source::A) return emit_copy(operand.kind, operand.slot, slot);
  switch (operand.kind) {
    case ValKind::I32: code_.emit(CellOp::put_acc_i32, 0, slot, 0); break;
    case ValKind::F32: code_.emit(CellOp::put_acc_f32, 0, slot, 0); break;
    case ValKind::F64: code_.emit(CellOp::put_acc_f64, 0, slot, 0); break;
    case ValKind::V128: code_.emit(CellOp::put_acc_v128, 0, slot, 0); break;
    default: code_.emit(CellOp::put_acc_i64, 0, slot, 0); break;
  }
}

void Translator::emit_copy(ValKind kind, uint32_t from, uint32_t to) {
  if (kind == ValKind::V128) {
    code_.emit(CellOp::copy128, from, to, 0);
    return;
  }
  if (kind == ValKind::F32) {
    code_.emit(CellOp::copy32, from, to, 0);
    return;
  }
  // two copies in a row become one cell
  if (options_.fold && code_.has_last() && code_[code_.size() - 1].op == CellOp::copy64) {
    DraftCell& last = code_[code_.size() - 1];
    last.op = CellOp::copy_twice;
    last.b = to << 16 | from;
    return;
  }
  code_.emit(CellOp::copy64, from, to, 0);
}

void Translator::emit_put(ValKind kind, uint64_t bits, uint32_t slot) {
  if (kind == ValKind::I32 || kind == ValKind::F32) {
    code_.emit(CellOp::put_i32, 0, slot, static_cast<uint32_t>(bits));
  } else if (static_cast<int64_t>(bits) == static_cast<int32_t>(bits)) {
    code_.emit(CellOp::put_i64, 0, slot, static_cast<uint32_t>(bits));
  } else {
    code_.emit_far(CellOp::put_far, 0, slot, bits);
  }
}

void Translator::save_local(uint32_t index) {
  while (local_tops_[index] != Operand::kNoPlace) {
    work_.add(1);
    settle(stack_[local_tops_[index]]);
  }
}

void Translator::save_locals() {
  for (size_t i = stack_.size(); local_operands_ != 0;) {
    work_.add(1);
    Operand& operand = stack_[--i];
    if (operand.where == Operand::Where::Local) settle(operand);
  }
}

void Translator::set_local(uint32_t index, bool keep) {
  Operand value = pop();
  uint32_t slot = local_slots_[index];
  AccClass acc = acc_class_of(value.kind);
  bool is_in_acc = value.where == Operand::Where::Temp && source_of(value) == Source::A;
  if (value.where == Operand::Where::Local && value.local_slot == slot) {
    // nothing changes
  } else if (is_in_acc && accs_[acc].producer != AccState::kNothing && code_.is_last(accs_[acc].producer)) {
    // The cell that has just made the value writes it to the local; the old value is saved before that cell.
    AccState state = accs_[acc];
    DraftCell producer = code_.take_last();
    save_local(index);
    accs_.forget(slot);
    if (state.is_pending) producer.op = with_slot(producer.op);
    producer.d = static_cast<uint16_t>(slot);
    accs_[acc] = {slot, code_.put_back(producer), false};
    last_plain_ = {};
    last_load_ = {};
  } else {
    save_local(index);
    move_to(value, slot);
    if (is_in_acc) accs_[acc] = {slot, AccState::kNothing, false};
  }
  if (keep) push_local(index);
}

bool Translator::is_last_plain(const Operand& operand) {
  const AccState& acc = accs_[AccClass::Int];
  return operand.where == Operand::Where::Temp && acc.is_pending && acc.slot == operand.slot &&
         acc.producer == last_plain_.cell && code_.is_last(last_plain_.cell);
}

DraftCell Translator::take_last_plain() {
  accs_[AccClass::Int] = last_plain_.int_acc_before;
  last_plain_ = {};
  return code_.take_last();
}

void Translator::load_acc(Operand& operand) {
  Source source = source_of(operand);
  if (source == Source::A) return;
  to_readable_slot(operand);
  flush(AccClass::Int);
  code_.emit(CellOp::i32_or_sk, operand.place(), operand.slot, 0);
  accs_[AccClass::Int] = {};
}

}  // namespace godwit::code
