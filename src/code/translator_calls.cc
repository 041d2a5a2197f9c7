// Calls: arguments lie in consecutive slots on top of the frame, which is where the callee's frame begins.
#include "code/translator.h"

namespace godwit::code {

void Translator::finish_call(const wasm::FuncType& type, CellOp op, uint32_t d, uint32_t b, CallKind kind) {
  size_t count = type.params.size();
  top_to_own_slots(count);
  uint32_t end = next_slot();
  truncate(stack_.size() - count);
  uint32_t base = next_slot();
  if (kind == CallKind::Tail) {
    code_.emit(op, base, d, b);
    code_.emit(CellOp::tail_frame, header_slot_, 0, end - base);
    return mark_unreachable();
  }
  reset_accs();
  code_.emit(op, base, d, b);
  push_types(type.results);
  if (type.results.empty() || !options_.fold) return;
  // the first result is in its accumulator, too, unless it is a vector
  AccClass acc = acc_class_of(type.results[0].kind());
  if (acc != AccClass::None && acc != AccClass::V128) accs_[acc] = {base, AccState::kNothing, false};
}

void Translator::call(uint32_t func, CallKind kind) {
  bool is_imported = func < wasm_.imported_funcs;
  CellOp op = kind == CallKind::Normal ? (is_imported ? CellOp::call_imported : CellOp::call)
                                       : (is_imported ? CellOp::return_call_imported : CellOp::return_call);
  uint32_t b = is_imported ? func : func - wasm_.imported_funcs;
  finish_call(wasm_.func_type(wasm::FuncIdx(func)), op, 0, b, kind);
}

// Brings a 64-bit index into the accumulator, checked to have 32 bits.
void Translator::narrow_index(const Operand& index) {
  bool from_acc = source_of(index) == Source::A;
  flush(AccClass::Int);
  code_.emit(from_acc ? CellOp::narrow_index_a : CellOp::narrow_index_s, index.place(), 0, 0);
  accs_[AccClass::Int] = {};
}

Result<> Translator::call_indirect(const wasm::Instruction& in, CallKind kind) {
  uint32_t table = in.index2;
  TRY(check_table(in, table));
  Operand index = pop();
  to_readable_slot(index);
  bool is_wide = table_width(table) == Width::Wide;
  if (is_wide) narrow_index(index);
  else if (table != 0) load_acc(index);
  bool from_acc = is_wide || table != 0 || source_of(index) == Source::A;
  CellOp op = kind == CallKind::Normal
                  ? (from_acc ? CellOp::call_indirect_a : CellOp::call_indirect_s)
                  : (from_acc ? CellOp::return_call_indirect_a : CellOp::return_call_indirect_s);
  finish_call(wasm_.types[in.index].func, op, from_acc ? table : index.place(), module_.type_ids[in.index],
              kind);
  return {};
}

void Translator::call_ref(uint32_t type, CallKind kind) {
  Operand ref = pop();
  if (ref.where == Operand::Where::Const) to_own_slot(ref);
  bool from_acc = source_of(ref) == Source::A;
  CellOp op = kind == CallKind::Normal ? (from_acc ? CellOp::call_ref_a : CellOp::call_ref_s)
                                       : (from_acc ? CellOp::return_call_ref_a : CellOp::return_call_ref_s);
  finish_call(wasm_.types[type].func, op, ref.place(), 0, kind);
}

}  // namespace godwit::code
