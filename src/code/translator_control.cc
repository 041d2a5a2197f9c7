// Blocks, branches and returns.
#include <algorithm>
#include <bit>

#include "code/translator.h"
#include "wasm/opcode_relations.h"

namespace godwit::code {

using wasm::Opcode;
using wasm::ValKind;

namespace {

bool compares_floats(Opcode op) {
  return wasm::signature_of(op).params()[0] == wasm::Signature::Type::F32 ||
         wasm::signature_of(op).params()[0] == wasm::Signature::Type::F64;
}

// The constant as 32 bits, if it is exactly such a number.
std::optional<int32_t> short_constant(double value) {
  if (!(value >= -2147483648.0 && value <= 2147483647.0) ||
      std::bit_cast<uint64_t>(value) == std::bit_cast<uint64_t>(-0.0))
    return std::nullopt;
  auto number = static_cast<int32_t>(value);
  if (static_cast<double>(number) != value) return std::nullopt;
  return number;
}
std::optional<int32_t> short_constant(int64_t value) {
  if (value != static_cast<int32_t>(value)) return std::nullopt;
  return static_cast<int32_t>(value);
}

}  // namespace

std::span<const wasm::ValType> Translator::Frame::params() const {
  if (type == nullptr) return {};
  return type->params;
}

std::span<const wasm::ValType> Translator::Frame::results() const {
  if (type != nullptr) return type->results;
  if (single.is_bot()) return {};
  return {&single, 1};
}

void Translator::push_types(std::span<const wasm::ValType> types) {
  work_.add(types.size());
  const bool all_are_settled = settled_ == stack_.size();
  for (wasm::ValType type : types) push_temp(type.kind());
  if (all_are_settled) settled_ = stack_.size();
}

void Translator::mark_unreachable() {
  truncate(frames_.back().height);
  reset_accs();
  is_unreachable_ = true;
  dead_depth_ = 0;
}

// --- Conditions -----------------------------------------------------------------------------------------------------

Translator::Condition Translator::test_of(const Operand& operand, bool is_wide) const {
  Condition condition;
  condition.is_wide = is_wide;
  condition.source = source_of(operand);
  condition.a = operand.place();
  return condition;
}

// Takes the comparison or test that is the last cell off the code, if a branch can do its work.
bool Translator::take_compare(Condition& condition) {
  wasm::OpClass op_class = wasm::class_of(last_plain_.op);
  const DraftCell& cell = code_[last_plain_.cell];
  condition.a = cell.a;
  if (op_class == wasm::OpClass::Test) {
    condition.source = last_plain_.source;
    condition.is_wide = wasm::signature_of(last_plain_.op).params()[0] == wasm::Signature::Type::I64;
    condition.is_negated = true;
  } else if (op_class == wasm::OpClass::Compare) {
    condition.is_compare = true;
    condition.compare = last_plain_.op;
    condition.form = last_plain_.form;
    condition.d = cell.b;
    if (right_of(last_plain_.form) == Source::K) {
      std::optional<int32_t> constant = constant_of(cell);
      if (!constant || (condition.form == Form::SK && *constant != static_cast<int16_t>(*constant)))
        return false;
      condition.d = static_cast<uint16_t>(*constant);
      if (condition.form == Form::AK) {
        condition.a = static_cast<uint16_t>(*constant);
        condition.d = static_cast<uint32_t>(*constant) >> 16;
      }
    }
  } else {
    return false;
  }
  take_last_plain();
  return true;
}

// The constant that the comparison `cell`, which is last_plain_, compares with, if it is a whole number of 32 bits.
std::optional<int32_t> Translator::constant_of(const DraftCell& cell) {
  switch (wasm::signature_of(last_plain_.op).params()[0]) {
    case wasm::Signature::Type::I64: return short_constant(static_cast<int64_t>(code_.literals()[cell.b]));
    case wasm::Signature::Type::F32: return short_constant(static_cast<double>(std::bit_cast<float>(cell.b)));
    case wasm::Signature::Type::F64: return short_constant(std::bit_cast<double>(code_.literals()[cell.b]));
    default: return static_cast<int32_t>(cell.b);
  }
}

Translator::Condition Translator::take_condition() {
  Operand operand = pop();
  if (is_last_plain(operand)) {
    Condition condition;
    if (take_compare(condition)) return condition;
  }
  if (operand.where == Operand::Where::Const) to_own_slot(operand);
  return test_of(operand, false);
}

bool Translator::emit_step(const Condition& condition, bool wanted, const Label& label) {
  if (label.target == Label::kNone || !code_.has_last()) return false;
  uint32_t index = code_.size() - 1;
  const DraftCell step = code_[index];
  if (step.op != CellOp::i32_add_sk_d || step.a != step.d || !accs_.holds(AccClass::Int, step.d))
    return false;
  Opcode compare = wasm::inequality_of(wasm::Signature::Type::I32);
  Source right = Source::K;
  int32_t limit = 0;
  if (condition.is_compare) {
    compare = wanted ? condition.compare : wasm::negated(condition.compare);
    if (wasm::signature_of(compare).params()[0] != wasm::Signature::Type::I32) return false;
    if (condition.form == Form::AS) right = Source::S;
    else if (condition.form != Form::AK) return false;
    limit = static_cast<int32_t>(condition.d << 16 | condition.a);
  } else {
    if (condition.is_wide || condition.source != Source::A) return false;
    if (wanted == condition.is_negated) compare = wasm::negated(compare);
  }
  auto addend = static_cast<int32_t>(step.b);
  const int64_t distance = branch_distance(static_cast<int64_t>(label.target) - index);
  if (addend != static_cast<int16_t>(addend) || distance != static_cast<int16_t>(distance) ||
      (right == Source::K && limit != static_cast<int16_t>(limit)))
    return false;
  code_.take_last();
  uint32_t d = right == Source::S ? condition.d : static_cast<uint16_t>(limit);
  code_.emit(step_op(compare, right), step.a, d,
             static_cast<uint32_t>(addend) << 16 | static_cast<uint16_t>(distance));
  accs_[AccClass::Int] = {step.a, AccState::kNothing, false};
  return true;
}

void Translator::emit_branch(const Condition& condition, bool wanted, Label& label) {
  if (options_.fold && emit_step(condition, wanted, label)) return;
  CellOp op;
  if (condition.is_compare) {
    bool is_float = compares_floats(condition.compare);
    Opcode compare = wanted || is_float ? condition.compare : wasm::negated(condition.compare);
    op = branch_op(compare, condition.form, wanted || !is_float);
  } else {
    op = condition.is_wide ? CellOp::br_if_i64_s : CellOp::br_if_i32_s;
    if (condition.source == Source::A) op = op + 2;
    if (wanted == condition.is_negated) op = op + 4;  // br_unless
  }
  if (label.target != Label::kNone) op = backwards(op);
  uint32_t cell = code_.emit(op, condition.a, condition.d, 0);
  code_.branch_to(cell, label);
}

// --- Blocks ---------------------------------------------------------------------------------------------------------

void Translator::block(const wasm::Instruction& in) {
  Condition condition;
  if (in.op == Opcode::if_) condition = take_condition();
  Frame& frame = open_frame(in.op == Opcode::if_    ? Frame::Kind::If
                            : in.op == Opcode::loop ? Frame::Kind::Loop
                                                    : Frame::Kind::Block,
                            in.block);
  if (frame.kind == Frame::Kind::Loop) {
    reset_accs();
    code_.fence();
    frame.end.target = code_.size();
    if (options_.count) {
      code_.emit(CellOp::count, 0, 0, 0);
      code_.fence();
    }
  }
  if (frame.kind == Frame::Kind::If) emit_branch(condition, false, frame.else_label);
}

Translator::Frame& Translator::open_frame(Frame::Kind kind, const wasm::BlockType& type) {
  Frame frame{};
  frame.kind = kind;
  frame.region = frames_.back().region;
  if (type.kind == wasm::BlockType::Kind::Type) frame.type = &wasm_.types[type.type.value].func;
  else if (type.kind == wasm::BlockType::Kind::Value) frame.single = type.value;

  size_t params = frame.params().size();
  save_locals();
  top_to_own_slots(params);
  frame.height = stack_.size() - params;
  frame.base_slot = params == 0 ? next_slot() : stack_[frame.height].slot;
  frames_.push_back(frame);
  return frames_.back();
}

void Translator::else_() {
  Frame& frame = frames_.back();
  if (!is_unreachable_) {
    top_to_own_slots(frame.results().size());
    emit_jump(frame);
  }
  truncate(frame.height);
  reset_accs();
  code_.bind(frame.else_label);
  frame.kind = Frame::Kind::Else;
  push_types(frame.params());
  is_unreachable_ = false;
}

void Translator::end() {
  Frame& frame = frames_.back();
  if (frame.kind == Frame::Kind::Function) return end_function(frame);
  if (frame.kind == Frame::Kind::Catch) return end_catch(frame);
  if (frame.kind == Frame::Kind::Try || frame.kind == Frame::Kind::TryTable) close_region(frame);
  if (frame.kind == Frame::Kind::Loop && options_.count)
    code_[frame.end.target].b = code_.size() - frame.end.target;
  bool is_target =
      frame.kind == Frame::Kind::If || (frame.kind != Frame::Kind::Loop && frame.is_label_used());
  if (!is_target) {
    // only what precedes leads here: operands stay as they are
    frames_.pop_back();
    if (is_unreachable_) mark_unreachable();
    return;
  }
  if (!is_unreachable_) top_to_own_slots(frame.results().size());
  bind_end(frame);
  frames_.pop_back();
}

void Translator::bind_end(Frame& frame) {
  truncate(frame.height);
  reset_accs();
  code_.bind(frame.end);
  bind_clauses(frame);
  if (frame.kind == Frame::Kind::If) code_.bind(frame.else_label);  // its parameters are its results
  push_types(frame.results());
  is_unreachable_ = false;
}

void Translator::end_function(Frame& frame) {
  if (!is_unreachable_) emit_return();
  if (frame.is_label_used()) {
    bind_end(frame);
    emit_return();
  }
  frames_.pop_back();
}

// --- Branches -------------------------------------------------------------------------------------------------------

void Translator::emit_jump(Frame& frame) {
  uint32_t cell = code_.emit(frame.end.target != Label::kNone ? CellOp::br_back : CellOp::br, 0, 0, 0);
  code_.branch_to(cell, frame.end);
}

// Targets lie at or below the operands' own slots, in the same order: moving upwards overwrites nothing that is still
// to be moved.
void Translator::move_to_label(const Frame& frame) {
  std::span<const wasm::ValType> types = frame.label_types();
  work_.add(types.size());
  uint32_t target = frame.base_slot;
  for (size_t i = 0; i < types.size(); ++i) {
    Operand& operand = stack_[stack_.size() - types.size() + i];
    if (operand.slot == target) settle(operand);
    else move_to(operand, target);
    target += types[i].slots();
  }
}

void Translator::br(uint32_t depth) {
  Frame& frame = frame_at(depth);
  if (frame.kind == Frame::Kind::Function) return return_();
  size_t count = frame.label_types().size();
  // what lies below the values may be overwritten here, but lives on where this branch is not taken
  if (count != 0) flush_all_below(stack_[stack_.size() - count].slot);
  move_to_label(frame);
  emit_jump(frame);
  mark_unreachable();
}

void Translator::branch_if(const Condition& condition, bool wanted, uint32_t depth) {
  Frame& frame = frame_at(depth);
  size_t count = frame.label_types().size();
  if (count != 0) {
    top_to_own_slots(count);
    if (stack_[stack_.size() - count].slot != frame.base_slot) {
      flush_all();
      Label skip;
      emit_branch(condition, !wanted, skip);
      AccTracker accs = accs_;
      move_to_label(frame);
      emit_jump(frame);
      code_.bind(skip);
      accs_ = accs;
      return;
    }
  }
  emit_branch(condition, wanted, frame.end);
}

void Translator::br_if(uint32_t depth) {
  Condition condition = take_condition();
  branch_if(condition, true, depth);
}

void Translator::br_table(const wasm::Instruction& in) {
  Operand index = pop();
  if (index.where == Operand::Where::Const) to_own_slot(index);
  Source source = source_of(index);
  size_t count = frame_at(in.labels.back()).label_types().size();
  top_to_own_slots(count);
  flush_all();
  uint32_t from_slot = count == 0 ? 0 : stack_[stack_.size() - count].slot;
  code_.emit(source == Source::A ? CellOp::br_table_a : CellOp::br_table_s, index.place(), 0,
             static_cast<uint32_t>(in.labels.size() - 1));

  // An entry leads to its label, or to a piece of code that moves the values and then branches.
  struct Detour {
    uint32_t depth;
    uint32_t entry;
  };
  work_.add(in.labels.size());
  std::vector<Detour> detours;
  for (uint32_t depth : in.labels) {
    uint32_t entry = code_.emit(CellOp::br_entry, 0, 0, 0);
    Frame& frame = frame_at(depth);
    bool is_direct = frame.kind != Frame::Kind::Loop && (count == 0 || from_slot == frame.base_slot);
    if (is_direct) code_.branch_to(entry, frame.end);
    else detours.push_back({depth, entry});
  }
  code_.fence();
  std::ranges::sort(detours, {}, &Detour::depth);
  for (size_t i = 0; i < detours.size() && !code_.is_too_large();) {
    uint32_t depth = detours[i].depth;
    for (; i < detours.size() && detours[i].depth == depth; ++i)
      code_[detours[i].entry].b =
          static_cast<uint32_t>(branch_distance(int64_t{code_.size()} - detours[i].entry));
    code_.fence();
    AccTracker accs = accs_;
    move_to_label(frame_at(depth));
    accs_ = accs;
    emit_jump(frame_at(depth));
  }
  mark_unreachable();
}

void Translator::br_on_null(uint32_t depth) {
  Operand ref = pop();
  if (ref.where == Operand::Where::Const) to_own_slot(ref);
  branch_if(test_of(ref, true), false, depth);
  push_again(ref);
}

void Translator::br_on_non_null(uint32_t depth) {
  settle(stack_.back());
  branch_if(test_of(stack_.back(), true), true, depth);
  pop();
}

// --- Returning ------------------------------------------------------------------------------------------------------

void Translator::return_() {
  emit_return();
  mark_unreachable();
}

void Translator::emit_return() {
  size_t count = type_.results.size();
  if (count == 0) {
    code_.emit(CellOp::return_none, header_slot_, 0, 0);
    return;
  }
  ValKind kind = type_.results[0].kind();
  CellOp first = kind == ValKind::I32   ? CellOp::return_i32_s
                 : kind == ValKind::F32 ? CellOp::return_f32_s
                 : kind == ValKind::F64 ? CellOp::return_f64_s
                                        : CellOp::return_i64_s;
  if (count == 1 && kind != ValKind::V128) {
    const Operand& value = stack_.back();
    switch (source_of(value)) {
      case Source::S: code_.emit(first, header_slot_, value.place(), 0); break;
      case Source::A: code_.emit(first + 1, header_slot_, value.place(), 0); break;
      case Source::K:
        if (is_short(kind)) code_.emit(first + 2, header_slot_, 0, static_cast<uint32_t>(value.bits));
        else code_.emit_far(first + 2, header_slot_, 0, value.bits);
        break;
    }
    return;
  }

  // Results go to the frame's first slots, where parameters lie that may be results themselves: those that a move
  // would overwrite too early are saved first.
  work_.add(count);
  uint32_t result_slots = 0;
  for (wasm::ValType type : type_.results) result_slots += type.slots();
  uint32_t target = 0;
  for (size_t i = 0; i < count; ++i) {
    Operand& value = stack_[stack_.size() - count + i];
    if (value.where == Operand::Where::Local && value.local_slot < result_slots && value.local_slot != target)
      settle(value);
    target += type_.results[i].slots();
  }
  target = 0;
  for (size_t i = 0; i < count; ++i) {
    Operand& value = stack_[stack_.size() - count + i];
    if (value.place() != target) move_to(value, target);
    target += type_.results[i].slots();
  }
  code_.emit(kind == ValKind::V128 ? CellOp::return_none : first, header_slot_, 0, 0);
}

}  // namespace godwit::code
