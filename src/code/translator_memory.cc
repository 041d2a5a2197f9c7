// Loads, stores, globals, and the operations on memories and tables.
#include "code/translator.h"
#include "wasm/opcode_relations.h"

namespace godwit::code {

using wasm::Opcode;
using wasm::ValKind;

namespace {

constexpr uint64_t kMaxOffset = 0xFFFF'FFFF;

bool fits_16(uint64_t bits, ValKind kind) {
  int64_t value =
      kind == ValKind::I32 || kind == ValKind::F32 ? static_cast<int32_t>(bits) : static_cast<int64_t>(bits);
  return value == static_cast<int16_t>(value);
}

Width width_of(const wasm::Limits& limits) {
  return limits.addr == wasm::AddrType::I64 ? Width::Wide : Width::Narrow;
}
ValKind kind_of(Width width) { return width == Width::Wide ? ValKind::I64 : ValKind::I32; }

ValKind loaded_kind(Opcode op) {
  switch (wasm::info_of(op).signature.results()[0]) {
    case wasm::Signature::Type::I64: return ValKind::I64;
    case wasm::Signature::Type::F32: return ValKind::F32;
    case wasm::Signature::Type::F64: return ValKind::F64;
    default: return ValKind::I32;
  }
}

}  // namespace

Result<> Translator::refuse_memory(const wasm::Instruction& in, uint32_t memory) const {
  return fail(Error(ErrorKind::Unsupported, function_text() + ": memory " + std::to_string(memory) +
                                                ": an instruction can name 65,536 memories")
                  .at(in.offset));
}

Result<> Translator::check_table(const wasm::Instruction& in, uint32_t table) const {
  if (table > 0xFFFF)
    return fail(Error(ErrorKind::Unsupported, function_text() + ": table " + std::to_string(table) +
                                                  ": an instruction can name 65,536 tables")
                    .at(in.offset));
  return {};
}

// Memory 0 lies in a reservation that no 32-bit address plus offset can leave (runtime::Memory::needs_checks).
bool Translator::is_unchecked(uint32_t memory) const {
  const wasm::MemType& type = wasm_.memories[0];
  return memory == 0 && !type.is_checked && type.page_size_log2 == 16 && memory_width(0) == Width::Narrow;
}

Width Translator::memory_width(uint32_t memory) const { return width_of(wasm_.memories[memory].limits); }
Width Translator::table_width(uint32_t table) const { return width_of(wasm_.tables[table].type.limits); }

uint64_t Translator::memory_literal(uint32_t memory) const {
  return memory | (memory_width(memory) == Width::Wide ? kWideAddress : 0);
}

bool Translator::has_wide_ops(uint32_t memory, uint64_t offset) const {
  return memory == 0 && memory_width(0) == Width::Wide && offset <= kMaxOffset;
}

std::optional<Translator::SumAddress> Translator::take_sum(const Operand& address, uint64_t offset) {
  if (!is_last_plain(address) || !wasm::is_addition(last_plain_.op, wasm::Signature::Type::I32))
    return std::nullopt;
  const DraftCell& cell = code_[last_plain_.cell];
  SumAddress sum{last_plain_.form, cell.a, cell.b};
  switch (sum.form) {
    case Form::SS:
      if (offset > 0xFFFF) return std::nullopt;
      sum.b |= static_cast<uint32_t>(offset) << 16;
      break;
    case Form::AS: sum.a = cell.b; [[fallthrough]];
    case Form::SA: sum.b = static_cast<uint32_t>(offset); break;
    default:  // SK and AK: b is the addend
      if (offset != 0) return std::nullopt;
  }
  take_last_plain();
  return sum;
}

Result<> Translator::load(const wasm::Instruction& in) {
  uint32_t memory = in.mem.memory.value;
  TRY(check_memory(in, memory));
  Operand address = pop();
  ValKind kind = loaded_kind(in.op);
  CellOp first = first_cell_op(in.op);
  AccClass acc = acc_class_of(kind);
  if (has_wide_ops(memory, in.mem.offset)) {
    if (address.where == Operand::Where::Const) to_own_slot(address);
    emit_result(wide_load_op(in.op, source_of(address)), kind, address.place(),
                static_cast<uint32_t>(in.mem.offset));
    return {};
  }
  if (!is_unchecked(memory)) {
    to_readable_slot(address);
    flush(acc);
    uint32_t cell = code_.emit_far(checked_load_op(first), address.place(), next_slot(), in.mem.offset);
    code_.add_literal(memory_literal(memory));
    push_temp(kind);
    if (options_.fold) accs_[acc] = {stack_.back().slot, cell, false};
    return {};
  }
  if (auto sum = take_sum(address, in.mem.offset)) {
    Place place = sum->form == Form::SS   ? Place::SS
                  : sum->form == Form::SK ? Place::SK
                  : sum->form == Form::AK ? Place::AK
                                          : Place::SA;
    flush(acc);
    AccState acc_before = accs_[acc];
    last_load_ = {emit_result(load_at_op(first, sum->form), kind, sum->a, sum->b), in.op, place, acc_before};
    return {};
  }
  uint64_t effective = in.mem.offset;
  if (address.where == Operand::Where::Const) {
    effective += static_cast<uint32_t>(address.bits);
    if (effective > kMaxOffset) {
      effective = in.mem.offset;
      to_own_slot(address);
    }
  }
  Source source = source_of(address);
  flush(acc);
  AccState acc_before = accs_[acc];
  uint32_t cell =
      emit_result(load_op(first, source), kind, address.place(), static_cast<uint32_t>(effective));
  last_load_ = {cell, in.op, static_cast<Place>(source), acc_before};
  return {};
}

Result<> Translator::store(const wasm::Instruction& in) {
  uint32_t memory = in.mem.memory.value;
  TRY(check_memory(in, memory));
  Operand value = pop();
  Operand address = pop();
  CellOp first = first_cell_op(in.op);
  bool is_wide = has_wide_ops(memory, in.mem.offset);
  if (!is_wide && !is_unchecked(memory)) {
    to_readable_slot(address);
    to_readable_slot(value);
    code_.emit_far(checked_store_op(first), address.place(), value.place(), in.mem.offset);
    code_.add_literal(memory_literal(memory));
    return {};
  }
  uint64_t effective = in.mem.offset;
  if (address.where == Operand::Where::Const) {
    effective += static_cast<uint32_t>(address.bits);
    if (is_wide || effective > kMaxOffset) {
      effective = in.mem.offset;
      to_own_slot(address);
    }
  }
  bool is_constant = value.where == Operand::Where::Const;
  uint64_t kept_bits =
      wasm::info_of(in.op).access_bytes == 1   ? static_cast<uint64_t>(static_cast<int8_t>(value.bits))
      : wasm::info_of(in.op).access_bytes == 2 ? static_cast<uint64_t>(static_cast<int16_t>(value.bits))
                                               : value.bits;
  if (is_constant && !fits_16(kept_bits, value.kind)) {
    to_own_slot(value);
    is_constant = false;
  }
  if (is_constant || source_of(value) == Source::S) {
    // bits from a slot or the cell are stored as integers
    if (in.op == Opcode::f32_store) first = CellOp::i32_store_ss;
    if (in.op == Opcode::f64_store) first = CellOp::i64_store_ss;
    auto sum = is_wide ? std::nullopt : take_sum(address, in.mem.offset);
    if (sum) {
      uint32_t d = is_constant ? static_cast<uint16_t>(kept_bits) : value.place();
      code_.emit(store_at_op(first, sum->form, is_constant ? Source::K : Source::S), sum->a, d, sum->b);
      return {};
    }
  }
  Source from = source_of(address), what = source_of(value);
  if (from == Source::A && what == Source::A && acc_class_of(address.kind) == acc_class_of(value.kind))
    what = Source::S;  // one local twice: it lies in its slot
  Opcode op = in.op;
  if (what != Source::A) {
    if (op == Opcode::f32_store) first = CellOp::i32_store_ss, op = Opcode::i32_store;
    if (op == Opcode::f64_store) first = CellOp::i64_store_ss, op = Opcode::i64_store;
  }
  uint32_t d = is_constant ? static_cast<uint16_t>(kept_bits) : value.place();
  code_.emit(is_wide ? wide_store_op(op, from, what) : store_op(first, from, what), address.place(), d,
             static_cast<uint32_t>(effective));
  return {};
}

void Translator::slots_op(CellOp op, size_t operands, uint32_t d, uint32_t b) {
  top_to_own_slots(operands);
  truncate(stack_.size() - operands);
  code_.emit(op, next_slot(), d, b);
}

void Translator::global_get(uint32_t index) {
  ValKind kind = wasm_.globals[index].type.val.kind();
  bool is_imported = index < wasm_.imported_globals;
  uint32_t b = is_imported ? index : index - wasm_.imported_globals;
  switch (kind) {
    case ValKind::V128:
      emit_result(is_imported ? CellOp::global_get_imported_v128 : CellOp::global_get_v128, kind, 0, b);
      return;
    case ValKind::F32:
      emit_result(is_imported ? CellOp::global_get_imported_f32 : CellOp::global_get_f32, kind, 0, b);
      return;
    case ValKind::F64:
      emit_result(is_imported ? CellOp::global_get_imported_f64 : CellOp::global_get_f64, kind, 0, b);
      return;
    default: emit_result(is_imported ? CellOp::global_get_imported_i64 : CellOp::global_get_i64, kind, 0, b);
  }
}

void Translator::global_set(uint32_t index) {
  bool is_imported = index < wasm_.imported_globals;
  uint32_t b = is_imported ? index : index - wasm_.imported_globals;
  Operand value = pop();
  if (value.where == Operand::Where::Const) to_own_slot(value);
  bool from_acc = source_of(value) == Source::A;
  CellOp op;
  switch (value.kind) {
    case ValKind::V128:
      op = is_imported ? CellOp::global_set_imported_v128_s : CellOp::global_set_v128_s;
      break;
    case ValKind::F32: op = is_imported ? CellOp::global_set_imported_f32_s : CellOp::global_set_f32_s; break;
    case ValKind::F64: op = is_imported ? CellOp::global_set_imported_f64_s : CellOp::global_set_f64_s; break;
    default: op = is_imported ? CellOp::global_set_imported_i64_s : CellOp::global_set_i64_s; break;
  }
  code_.emit(from_acc ? op + 1 : op, value.place(), 0, b);
}

Result<> Translator::memory_or_table(const wasm::Instruction& in) {
  using enum Opcode;
  switch (in.op) {
    case memory_size:
      TRY(check_memory(in, in.index));
      emit_result(CellOp::memory_size, kind_of(memory_width(in.index)),
                  wasm_.memories[in.index].page_size_log2, in.index);
      break;
    case memory_grow:
      TRY(check_memory(in, in.index));
      slots_op(width_op(CellOp::memory_grow, memory_width(in.index)), 1, 0, in.index);
      push_temp(kind_of(memory_width(in.index)));
      break;
    case memory_fill:
      TRY(check_memory(in, in.index));
      slots_op(width_op(CellOp::memory_fill, memory_width(in.index)), 3, 0, in.index);
      break;
    case memory_copy:
      TRY(check_memory(in, in.index));
      TRY(check_memory(in, in.index2));
      slots_op(copy_width_op(CellOp::memory_copy, memory_width(in.index), memory_width(in.index2)), 3,
               in.index2, in.index);
      break;
    case memory_init:
      TRY(check_memory(in, in.index2));
      slots_op(width_op(CellOp::memory_init, memory_width(in.index2)), 3, in.index2, in.index);
      break;
    case data_drop: slots_op(CellOp::data_drop, 0, 0, in.index); break;
    case table_get: {
      TRY(check_table(in, in.index));
      Operand index = pop();
      to_readable_slot(index);
      emit_slot_result(width_op(CellOp::table_get, table_width(in.index)), ValKind::Ref, index.place(),
                       in.index);
      break;
    }
    case table_set:
      TRY(check_table(in, in.index));
      slots_op(width_op(CellOp::table_set, table_width(in.index)), 2, 0, in.index);
      break;
    case table_size:
      TRY(check_table(in, in.index));
      emit_slot_result(CellOp::table_size, kind_of(table_width(in.index)), 0, in.index);
      break;
    case table_grow:
      TRY(check_table(in, in.index));
      slots_op(width_op(CellOp::table_grow, table_width(in.index)), 2, 0, in.index);
      push_temp(kind_of(table_width(in.index)));
      break;
    case table_fill:
      TRY(check_table(in, in.index));
      slots_op(width_op(CellOp::table_fill, table_width(in.index)), 3, 0, in.index);
      break;
    case table_copy:
      TRY(check_table(in, in.index));
      TRY(check_table(in, in.index2));
      slots_op(copy_width_op(CellOp::table_copy, table_width(in.index), table_width(in.index2)), 3, in.index2,
               in.index);
      break;
    case table_init:
      TRY(check_table(in, in.index2));
      slots_op(width_op(CellOp::table_init, table_width(in.index2)), 3, in.index2, in.index);
      break;
    case elem_drop: slots_op(CellOp::elem_drop, 0, 0, in.index); break;
    default: return unsupported(in);
  }
  return {};
}

}  // namespace godwit::code
