// CodeValidator: blocks, branches, calls, exceptions, variables, tables: what the table of instructions cannot type.
#include "wasm/code_validator.h"
#include "wasm/limits.h"

namespace godwit::wasm {

namespace {

constexpr ValType kExnRef = ValType::ref(HeapType::Abstract::Exn, true);
constexpr ValType kCaughtExn = ValType::ref(HeapType::Abstract::Exn, false);

}  // namespace

std::span<const ValType> CodeValidator::params_of(const ControlFrame& frame) const {
  if (frame.type.kind != BlockType::Kind::Type) return {};
  return module_.types[frame.type.type.value].func.params;
}

std::span<const ValType> CodeValidator::results_of(const ControlFrame& frame) const {
  switch (frame.type.kind) {
    case BlockType::Kind::Empty: return {};
    case BlockType::Kind::Value: return {&frame.type.value, 1};
    case BlockType::Kind::Type: return module_.types[frame.type.type.value].func.results;
  }
  return {};
}

std::span<const ValType> CodeValidator::label_types(const ControlFrame& frame) const {
  return frame.op == Opcode::loop ? params_of(frame) : results_of(frame);
}

bool CodeValidator::check_block_type(const BlockType& type) {
  switch (type.kind) {
    case BlockType::Kind::Empty: return true;
    case BlockType::Kind::Value: return check_type(type.value);
    case BlockType::Kind::Type: return func_type(type.type.value) != nullptr;
  }
  return false;
}

void CodeValidator::open(Opcode op, const BlockType& type) {
  if (frames_.size() >= limits::kControlFrames)
    return error("too many nested blocks: the limit is " + std::to_string(limits::kControlFrames));
  height_ = static_cast<uint32_t>(values_.size());
  frames_.push_back({op, false, type, height_, static_cast<uint32_t>(initialized_.size())});
}

// Pops the innermost frame's results and the frame; the stack is as it was before the block's parameters.
CodeValidator::ControlFrame CodeValidator::close() {
  const ControlFrame frame = frames_.back();
  pop_all(results_of(frame));
  if (values_.size() != frame.height)
    error("type mismatch: " + std::to_string(values_.size() - frame.height) +
          " operands too many at the end of a block");
  values_.resize(frame.height);
  for (; initialized_.size() > frame.init_height; initialized_.pop_back()) is_set_[initialized_.back()] = 0;
  frames_.pop_back();
  height_ = frames_.empty() ? 0 : frames_.back().height;
  return frame;
}

void CodeValidator::set_unreachable() {
  values_.resize(height_);
  frames_.back().unreachable = true;
}

CodeValidator::ControlFrame* CodeValidator::label_frame(uint32_t label) {
  if (label < frames_.size()) [[likely]]
    return &frames_[frames_.size() - 1 - label];
  return error("unknown label " + std::to_string(label)), nullptr;
}

void CodeValidator::else_() {
  if (frames_.back().op != Opcode::if_) return error("misplaced ELSE opcode", ErrorKind::Malformed);
  const ControlFrame frame = close();
  open(Opcode::else_, frame.type);
  push_all(params_of(frame));
}

void CodeValidator::end() {
  // An `if` without `else` has an empty one.
  if (frames_.back().op == Opcode::if_) else_();
  const ControlFrame frame = close();
  if (!frames_.empty()) push_all(results_of(frame));
}

void CodeValidator::legacy_catch(const Instruction& ins) {
  const Opcode op = frames_.back().op;
  if (op != Opcode::try_ && op != Opcode::catch_)
    return error("misplaced CATCH opcode", ErrorKind::Malformed);
  const ControlFrame frame = close();
  open(ins.op, frame.type);
  if (ins.op == Opcode::catch_)
    if (const FuncType* type = tag_type(ins.index)) push_all(type->params);
}

void CodeValidator::delegate(const Instruction& ins) {
  if (frames_.back().op != Opcode::try_) return error("misplaced DELEGATE opcode", ErrorKind::Malformed);
  const ControlFrame frame = close();
  if (!label_frame(ins.index)) return;
  push_all(results_of(frame));
}

// spec: https://webassembly.github.io/spec/core/valid/instructions.html#valid-try-table
void CodeValidator::try_table(const Instruction& ins) {
  if (!check_block_type(ins.block)) return;
  for (const Catch& clause : ins.catches) {
    const ControlFrame* target = label_frame(clause.label);
    if (!target) return;
    std::span<const ValType> wanted = label_types(*target);
    const bool with_ref = clause.kind == Catch::Kind::CatchRef || clause.kind == Catch::Kind::CatchAllRef;
    std::span<const ValType> caught;
    if (clause.kind == Catch::Kind::Catch || clause.kind == Catch::Kind::CatchRef) {
      const FuncType* type = tag_type(clause.tag.value);
      if (!type) return;
      caught = type->params;
    }
    if (wanted.size() != caught.size() + with_ref)
      return error("type mismatch: a catch clause yields " + std::to_string(caught.size() + with_ref) +
                   " values, its label takes " + std::to_string(wanted.size()));
    for (size_t i = 0; i < caught.size(); ++i)
      if (!matches(module_, caught[i], wanted[i])) return mismatch(wanted[i], caught[i]);
    if (with_ref && !matches(module_, kCaughtExn, wanted.back())) return mismatch(wanted.back(), kCaughtExn);
  }
  const ControlFrame frame{Opcode::try_table, false, ins.block, 0, 0};
  pop_all(params_of(frame));
  open(Opcode::try_table, ins.block);
  push_all(params_of(frame));
}

void CodeValidator::br_if(const Instruction& ins) {
  pop(ValKind::I32);
  const ControlFrame* frame = label_frame(ins.index);
  if (!frame) return;
  const auto types = label_types(*frame);
  pop_all(types);
  push_all(types);
}

void CodeValidator::br_table(const Instruction& ins) {
  pop(ValKind::I32);
  const ControlFrame* fallback = label_frame(ins.labels.back());
  if (!fallback) return;
  const auto default_types = label_types(*fallback);
  for (const uint32_t label : ins.labels) {
    ControlFrame* frame = label_frame(label);
    if (!frame) return;
    if (frame->seen_by == ins.offset) continue;
    frame->seen_by = ins.offset;
    const auto types = label_types(*frame);
    work_.add(1);
    if (types.size() != default_types.size())
      return error("type mismatch: labels of br_table take " + std::to_string(types.size()) + " and " +
                   std::to_string(default_types.size()) + " operands");
    check_top(types);
  }
  pop_all(default_types);
  set_unreachable();
}

void CodeValidator::br_on_null(const Instruction& ins) {
  const ValType found = pop_ref();
  const ControlFrame* frame = label_frame(ins.index);
  if (!frame) return;
  const auto types = label_types(*frame);
  pop_all(types);
  push_all(types);
  push(ValType::ref(found.heap(), false));
}

void CodeValidator::br_on_non_null(const Instruction& ins) {
  const ValType found = pop_ref();
  const ControlFrame* frame = label_frame(ins.index);
  if (!frame) return;
  const auto types = label_types(*frame);
  if (types.empty() || !types.back().is_ref())
    return error("type mismatch: the label of br_on_non_null must take a reference last");
  push(ValType::ref(found.heap(), false));
  pop_all(types);
  push_all(types.first(types.size() - 1));
}

// spec: https://webassembly.github.io/spec/core/valid/instructions.html#valid-br-on-cast
void CodeValidator::br_on_cast(const Instruction& ins) {
  if (!check_type(ins.type) || !check_type(ins.type2)) return;
  if (!matches(module_, ins.type2, ins.type)) return mismatch(ins.type, ins.type2);
  const ControlFrame* frame = label_frame(ins.index);
  if (!frame) return;
  const auto types = label_types(*frame);
  // What is left of the source if the cast fails.
  const ValType rest = ins.type2.nullable() ? ValType::ref(ins.type.heap(), false) : ins.type;
  const bool on_fail = ins.op == Opcode::br_on_cast_fail;
  const ValType taken = on_fail ? rest : ins.type2;
  if (types.empty())
    return error("type mismatch: the label of " + std::string(text_of(ins.op)) +
                 " must take a reference last");
  if (!matches(module_, taken, types.back())) return mismatch(types.back(), taken);
  pop(ins.type);
  const auto others = types.first(types.size() - 1);
  pop_all(others);
  push_all(others);
  push(on_fail ? ins.type2 : rest);
}

void CodeValidator::call(const FuncType& type) {
  pop_all(type.params);
  push_all(type.results);
}

void CodeValidator::return_call(const FuncType& type) {
  const auto results = results_of(frames_.front());
  if (type.results.size() != results.size())
    return error("type mismatch: the callee returns " + std::to_string(type.results.size()) +
                 " values, the caller " + std::to_string(results.size()));
  for (size_t i = 0; i < results.size(); ++i)
    if (!matches(module_, type.results[i], results[i])) return mismatch(results[i], type.results[i]);
  pop_all(type.params);
  set_unreachable();
}

void CodeValidator::select(const Instruction& ins) {
  if (ins.op == Opcode::select_t) {
    if (ins.types.size() != 1)
      return error("invalid result arity: select with " + std::to_string(ins.types.size()) + " types");
    if (!check_type(ins.types[0])) return;
    pop(ValKind::I32);
    pop(ins.types[0]);
    pop(ins.types[0]);
    return push(ins.types[0]);
  }
  pop(ValKind::I32);
  const ValType second = pop();
  const ValType first = pop();
  if (first.is_ref() || second.is_ref())
    return error("type mismatch: select without a type takes numbers and vectors, found " +
                 to_string(first.is_ref() ? first : second));
  if (first != second && !first.is_bot() && !second.is_bot()) return mismatch(first, second);
  push(first.is_bot() ? second : first);
}

void CodeValidator::set_local(uint32_t index) {
  if (is_set_.empty() || is_set_[index]) return;
  is_set_[index] = 1;
  initialized_.push_back(index);
}

void CodeValidator::special(const Instruction& ins) {
  using enum Opcode;
  switch (ins.op) {
    case unreachable: return set_unreachable();
    case block:
    case loop:
    case try_:
    case if_: {
      if (!check_block_type(ins.block)) return;
      if (ins.op == if_) pop(ValKind::I32);
      const ControlFrame frame{ins.op, false, ins.block, 0, 0};
      pop_all(params_of(frame));
      open(ins.op, ins.block);
      return push_all(params_of(frame));
    }
    case else_: return this->else_();
    case end: return this->end();
    case br: {
      const ControlFrame* frame = label_frame(ins.index);
      if (!frame) return;
      pop_all(label_types(*frame));
      return set_unreachable();
    }
    case Opcode::br_if: return this->br_if(ins);
    case Opcode::br_table: return this->br_table(ins);
    case Opcode::br_on_null: return this->br_on_null(ins);
    case Opcode::br_on_non_null: return this->br_on_non_null(ins);
    case Opcode::br_on_cast:
    case br_on_cast_fail: return this->br_on_cast(ins);
    case return_: pop_all(results_of(frames_.front())); return set_unreachable();
    case Opcode::call:
    case Opcode::return_call: {
      if (ins.index >= module_.funcs.size()) return error("unknown function " + std::to_string(ins.index));
      const FuncType& type = module_.func_type(FuncIdx(ins.index));
      return ins.op == call ? this->call(type) : this->return_call(type);
    }
    case call_indirect:
    case return_call_indirect: {
      const Table* callees = table(ins.index2);
      const FuncType* type = func_type(ins.index);
      if (!callees || !type) return;
      if (!matches(module_, callees->type.elem, kFuncRef)) return mismatch(kFuncRef, callees->type.elem);
      pop(address_type(callees->type.limits));
      return ins.op == call_indirect ? this->call(*type) : this->return_call(*type);
    }
    case call_ref:
    case return_call_ref: {
      const FuncType* type = func_type(ins.index);
      if (!type) return;
      pop(ValType::ref(HeapType(TypeIdx(ins.index)), true));
      return ins.op == call_ref ? this->call(*type) : this->return_call(*type);
    }

    case Opcode::try_table: return this->try_table(ins);
    case catch_:
    case catch_all: return legacy_catch(ins);
    case Opcode::delegate: return this->delegate(ins);
    case rethrow: {
      const ControlFrame* frame = label_frame(ins.index);
      if (!frame) return;
      if (frame->op != catch_ && frame->op != catch_all)
        return error("invalid rethrow label " + std::to_string(ins.index));
      return set_unreachable();
    }
    case throw_: {
      const FuncType* type = tag_type(ins.index);
      if (!type) return;
      pop_all(type->params);
      return set_unreachable();
    }
    case throw_ref: pop(kExnRef); return set_unreachable();

    case drop: pop(); return;
    case Opcode::select:
    case select_t: return this->select(ins);

    case local_set:
    case local_tee: {
      const auto type = local(ins.index);
      if (!type) return;
      pop(*type);
      if (ins.op == local_tee) push(*type);
      return set_local(ins.index);
    }
    case global_get:
      if (ins.index >= module_.globals.size()) return error("unknown global " + std::to_string(ins.index));
      return push(module_.globals[ins.index].type.val);
    case global_set:
      if (ins.index >= module_.globals.size()) return error("unknown global " + std::to_string(ins.index));
      if (!module_.globals[ins.index].type.is_mutable)
        return error("immutable global " + std::to_string(ins.index));
      return pop(module_.globals[ins.index].type.val);

    case memory_copy: {
      const MemType *to = memory(ins.index), *from = memory(ins.index2);
      if (!to || !from) return;
      const bool wide = to->limits.addr == AddrType::I64 && from->limits.addr == AddrType::I64;
      pop(wide ? ValKind::I64 : ValKind::I32);
      pop(address_type(from->limits));
      return pop(address_type(to->limits));
    }

    case table_get: {
      const Table* from = table(ins.index);
      if (!from) return;
      pop(address_type(from->type.limits));
      return push(from->type.elem);
    }
    case table_set: {
      const Table* to = table(ins.index);
      if (!to) return;
      pop(to->type.elem);
      return pop(address_type(to->type.limits));
    }
    case table_size: {
      const Table* of = table(ins.index);
      if (of) push(address_type(of->type.limits));
      return;
    }
    case table_grow: {
      const Table* of = table(ins.index);
      if (!of) return;
      pop(address_type(of->type.limits));
      pop(of->type.elem);
      return push(address_type(of->type.limits));
    }
    case table_fill: {
      const Table* to = table(ins.index);
      if (!to) return;
      pop(address_type(to->type.limits));
      pop(to->type.elem);
      return pop(address_type(to->type.limits));
    }
    case table_copy: {
      const Table *to = table(ins.index), *from = table(ins.index2);
      if (!to || !from) return;
      if (!matches(module_, from->type.elem, to->type.elem)) return mismatch(to->type.elem, from->type.elem);
      const bool wide = to->type.limits.addr == AddrType::I64 && from->type.limits.addr == AddrType::I64;
      pop(wide ? ValKind::I64 : ValKind::I32);
      pop(address_type(from->type.limits));
      return pop(address_type(to->type.limits));
    }
    case table_init: {
      const Table* to = table(ins.index2);
      const ElemSegment* from = elem(ins.index);
      if (!to || !from) return;
      if (!matches(module_, from->type, to->type.elem)) return mismatch(to->type.elem, from->type);
      pop(ValKind::I32);
      pop(ValKind::I32);
      return pop(address_type(to->type.limits));
    }

    default: return reference(ins);
  }
}

}  // namespace godwit::wasm
