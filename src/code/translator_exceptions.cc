// Tries, their clauses, and throwing.
//
// A try costs nothing until something is thrown: it is a range of cells (catches.h), and no instruction is run at its
// ends. What a clause expects is written by the unwinder to the slots of its label, which is where a branch to the
// label would put it. That all other values are in their slots when a clause is entered needs no care here: calls
// write what is in accumulators (finish_call), locals are never anywhere else, and what lies below a label is written
// when the label is bound, by cells that ran before the try.
//
// A legacy try's clauses are code of their own. Their frame begins with a hidden operand for the exception, which
// `rethrow` throws again; it is written only if the clause has such an instruction.
#include <algorithm>

#include "code/translator.h"

namespace godwit::code {

using runtime::CatchClause;
using wasm::Opcode;
using wasm::ValKind;

namespace {

// So many clauses are looked at to find the one that a throw in the same function leads to.
constexpr unsigned kMostClausesTried = 8;

uint32_t slots_of(std::span<const wasm::ValType> types) {
  uint32_t slots = 0;
  for (wasm::ValType type : types) slots += type.slots();
  return slots;
}

bool has_ref(wasm::Catch::Kind kind) {
  return kind == wasm::Catch::Kind::CatchRef || kind == wasm::Catch::Kind::CatchAllRef;
}
bool has_tag(wasm::Catch::Kind kind) {
  return kind == wasm::Catch::Kind::Catch || kind == wasm::Catch::Kind::CatchRef;
}

}  // namespace

Result<> Translator::exception(const wasm::Instruction& in) {
  switch (in.op) {
    case Opcode::throw_: throw_(in.index); break;
    case Opcode::throw_ref: throw_ref(); break;
    case Opcode::try_table: try_table(in); break;
    case Opcode::try_: legacy_try(in); break;
    case Opcode::catch_:
    case Opcode::catch_all: legacy_catch(in); break;
    case Opcode::delegate: delegate(in.index); break;
    case Opcode::rethrow: rethrow(in.index); break;
    default: return unsupported(in);
  }
  return {};
}

void Translator::exception_in_dead_code(const wasm::Instruction& in) {
  if (in.op == Opcode::delegate) delegate(in.index);
  else if (in.op == Opcode::catch_ || in.op == Opcode::catch_all) legacy_catch(in);
}

std::span<const wasm::ValType> Translator::payload_of(uint32_t tag) {
  const std::vector<wasm::ValType>& types = wasm_.types[wasm_.tags[tag].type.value].func.params;
  work_.add(types.size());
  return types;
}

// --- Throwing -------------------------------------------------------------------------------------------------------

void Translator::throw_(uint32_t tag) {
  if (options_.fold && throw_to_own_clause(tag)) return;
  size_t count = payload_of(tag).size();
  top_to_own_slots(count);
  code_.emit(CellOp::throw_tag, count == 0 ? 0 : stack_[stack_.size() - count].slot, 0, tag);
  mark_unreachable();
}

// Throwing is branching if the clause that catches is known: one of this function's that surely matches, and none
// before it might. Two tags of different index may be one tag only if both are imported.
bool Translator::throw_to_own_clause(uint32_t tag) {
  unsigned tried = 0;
  for (uint32_t region = frames_.back().region; region != DraftCatches::kNone;
       region = catches_.regions[region].parent) {
    const DraftRegion& clauses = catches_.regions[region];
    if (clauses.is_legacy) return false;  // its clauses are still to come
    for (uint32_t i = clauses.first_clause; i != DraftCatches::kNone; i = catches_.clauses[i].next) {
      if (++tried > kMostClausesTried) return false;
      const DraftClause& clause = catches_.clauses[i];
      bool matches = clause.tag == tag || clause.tag == CatchClause::kAnyTag;
      if (!matches && (tag >= wasm_.imported_tags || clause.tag >= wasm_.imported_tags)) continue;
      if (!matches || clause.ref_slot != CatchClause::kNoSlot) return false;
      if (clause.tag == CatchClause::kAnyTag) truncate(stack_.size() - payload_of(tag).size());
      br(static_cast<uint32_t>(frames_.size()) - 1 - clause.label_frame);
      return true;
    }
    if (++tried > kMostClausesTried) return false;
  }
  return false;
}

void Translator::throw_ref() {
  Operand ref = pop();
  to_readable_slot(ref);
  code_.emit(CellOp::throw_reference, ref.place(), 0, 0);
  mark_unreachable();
}

void Translator::rethrow(uint32_t depth) {
  const Frame& frame = frame_at(depth);
  catches_.clauses[frame.clause].ref_slot = static_cast<uint16_t>(frame.base_slot);
  code_.emit(CellOp::throw_reference, frame.base_slot, 0, 0);
  mark_unreachable();
}

// --- try_table ------------------------------------------------------------------------------------------------------

void Translator::open_region(Frame& frame) {
  // the last cell is not to be replaced by one that would lie inside
  code_.fence();
  frame.region = frame.own_region = catches_.open(code_.size(), frame.region);
}

void Translator::close_region(Frame& frame) {
  code_.fence();
  frame.region = catches_.regions[frame.own_region].parent;
  catches_.close(code_.size(), frame.region);
}

void Translator::try_table(const wasm::Instruction& in) {
  open_region(open_frame(Frame::Kind::TryTable, in.block));
  for (const wasm::Catch& from : in.catches) {
    // labels are counted from outside
    auto label_frame = static_cast<uint32_t>(frames_.size()) - 2 - from.label;
    Frame& label = frames_[label_frame];
    DraftClause clause{};
    clause.label_frame = label_frame;
    clause.tag = has_tag(from.kind) ? from.tag.value : CatchClause::kAnyTag;
    uint32_t end_slot = label.base_slot;
    clause.payload_slot = static_cast<uint16_t>(end_slot);
    if (has_tag(from.kind)) end_slot += slots_of(payload_of(from.tag.value));
    if (has_ref(from.kind)) clause.ref_slot = static_cast<uint16_t>(end_slot++);
    frame_slots_ = std::max(frame_slots_, end_slot);  // too many are refused: check_size()
    bool is_loop = label.kind == Frame::Kind::Loop;
    clause.target = is_loop ? label.end.target : label.waiting_clause;
    uint32_t index = catches_.add(frames_.back().own_region, clause);
    if (!is_loop) label.waiting_clause = index;
  }
}

void Translator::bind_clauses(Frame& frame) {
  while (frame.waiting_clause != DraftCatches::kNone) {
    DraftClause& clause = catches_.clauses[frame.waiting_clause];
    frame.waiting_clause = clause.target;
    clause.target = code_.size();
  }
}

// --- The legacy instructions ----------------------------------------------------------------------------------------

void Translator::legacy_try(const wasm::Instruction& in) {
  Frame& frame = open_frame(Frame::Kind::Try, in.block);
  open_region(frame);
  catches_.regions[frame.own_region].is_legacy = true;
}

// Moves the results of a body or a clause, which ends here, to where the label has them.
void Translator::results_to_label(const Frame& frame) {
  size_t count = frame.results().size();
  if (count != 0) flush_all_below(stack_[stack_.size() - count].slot);
  move_to_label(frame);
}

void Translator::legacy_catch(const wasm::Instruction& in) {
  Frame& frame = frames_.back();
  if (!is_unreachable_) {
    results_to_label(frame);
    emit_jump(frame);
  }
  if (frame.kind == Frame::Kind::Try) close_region(frame);
  truncate(frame.height);
  reset_accs();
  code_.fence();
  frame.kind = Frame::Kind::Catch;
  push_temp(ValKind::Ref);  // the exception
  DraftClause clause{};
  clause.tag = in.op == Opcode::catch_ ? in.index : CatchClause::kAnyTag;
  clause.target = code_.size();
  clause.payload_slot = static_cast<uint16_t>(next_slot());
  frame.clause = catches_.add(frame.own_region, clause);
  if (in.op == Opcode::catch_) push_types(payload_of(in.index));
  is_unreachable_ = false;
}

void Translator::end_catch(Frame& frame) {
  if (!is_unreachable_) {
    results_to_label(frame);
  } else if (!frame.is_label_used()) {
    frames_.pop_back();
    return mark_unreachable();
  }
  bind_end(frame);
  frames_.pop_back();
}

// What the body throws is looked for as if it were thrown at the label, which is counted from outside.
void Translator::delegate(uint32_t depth) {
  uint32_t region = frames_.back().own_region;
  uint32_t from = frame_at(depth + 1).region;
  end();
  catches_.regions[region].parent = from;
}

}  // namespace godwit::code
