// Blocks, branches and traps.
#include <llvm/IR/MDBuilder.h>

#include "function.h"

namespace godwit::llvm_tier {

using wasm::Opcode;

llvm::BasicBlock* FunctionTranslator::new_block(const char* name) {
  return llvm::BasicBlock::Create(unit_.context, name, function_);
}

const wasm::FuncType FunctionTranslator::block_type(const wasm::BlockType& type) const {
  switch (type.kind) {
    case wasm::BlockType::Kind::Empty: return {};
    case wasm::BlockType::Kind::Value: return {{}, {type.value}};
    case wasm::BlockType::Kind::Type: break;
  }
  return wasm_.types[type.type.value].func;
}

void FunctionTranslator::open(Label label) {
  if (!labels_.empty()) label.inside = labels_.back().inside;
  labels_.push_back(std::move(label));
}

void FunctionTranslator::make_phis(Label& label, llvm::ArrayRef<wasm::ValType> types) {
  llvm::IRBuilderBase::InsertPointGuard guard(b_);
  b_.SetInsertPoint(label.target);
  for (const wasm::ValType type : types) label.phis.push_back(b_.CreatePHI(unit_.type_of(type), 2));
  steps_ += types.size();
}

void FunctionTranslator::become_dead() {
  is_dead_ = true;
  dead_blocks_ = 0;
}

// Says what a branch from here to the label carries: the topmost values.
void FunctionTranslator::carry(Label& label) {
  const size_t count = label.phis.size();
  for (size_t i = 0; i < count; ++i) label.phis[i]->addIncoming(top(count - 1 - i), b_.GetInsertBlock());
  steps_ += count;
}

void FunctionTranslator::begin_block(const wasm::Instruction& in, Label::Kind kind) {
  const wasm::FuncType type = block_type(in.block);
  Label made{kind, new_block("end"), {}, stack_.size() - type.params.size()};
  make_phis(made, type.results);
  open(std::move(made));
}

bool FunctionTranslator::begin_loop(const wasm::Instruction& in) {
  ++loop_depth_;
  const bool is_entry = in.offset == loop_ && !is_entered_;
  if (is_entry && !enter_here()) return false;
  const wasm::FuncType type = block_type(in.block);
  Label made{Label::Kind::Loop, new_block("loop"), {}, stack_.size() - type.params.size()};
  made.begins_at = in.offset;
  make_phis(made, type.params);
  carry(made);
  b_.CreateBr(made.target);
  if (is_entry && is_shared_) {
    Builder at_entry(entry_);
    at_entry.SetCurrentDebugLocation(b_.getCurrentDebugLocation());
    at_entry.CreateBr(made.target);
  }
  b_.SetInsertPoint(made.target);
  stack_.resize(made.height);
  stack_.insert(stack_.end(), made.phis.begin(), made.phis.end());
  open(std::move(made));
  return true;
}

void FunctionTranslator::begin_if(const wasm::Instruction& in) {
  llvm::Value* condition = b_.CreateIsNotNull(pop());
  begin_block(in, Label::Kind::If);
  Label& made = labels_.back();
  made.params.assign(stack_.begin() + static_cast<ptrdiff_t>(made.height), stack_.end());
  made.otherwise = new_block("else");
  llvm::BasicBlock* then = new_block("then");
  b_.CreateCondBr(condition, then, made.otherwise);
  b_.SetInsertPoint(then);
}

void FunctionTranslator::otherwise() {
  Label& made = labels_.back();
  if (!is_dead_) {
    carry(made);
    b_.CreateBr(made.target);
  }
  if (made.otherwise == nullptr) return become_dead();  // the function begins within the first part
  b_.SetInsertPoint(made.otherwise);
  made.otherwise = nullptr;
  stack_.resize(made.height);
  stack_.insert(stack_.end(), made.params.begin(), made.params.end());
  is_dead_ = false;
}

bool FunctionTranslator::end() {
  if (labels_.back().kind == Label::Kind::Loop) {
    --loop_depth_;
    if (labels_.back().is_entered) return end_entered_loop();
    labels_.pop_back();  // what is on the stack is what the loop results in
    return true;
  }
  if (labels_.back().otherwise != nullptr) otherwise();
  if (const uint32_t own = labels_.back().own_try; own != kNoTry) end_clauses(own, tries_[own].outer);
  Label made = std::move(labels_.back());
  labels_.pop_back();
  if (!is_dead_) {
    carry(made);
    b_.CreateBr(made.target);
  }
  is_dead_ = false;
  if (llvm::pred_empty(made.target)) {
    made.target->eraseFromParent();
    become_dead();
    return true;
  }
  b_.SetInsertPoint(made.target);
  stack_.resize(made.height);
  stack_.insert(stack_.end(), made.phis.begin(), made.phis.end());
  if (labels_.empty()) return_values();
  return true;
}

void FunctionTranslator::return_values() {
  const size_t count = signature_.results.size();
  if (signature_.results_in_memory || loop_ != kNoLoop) {
    uint32_t slot = 0;
    for (size_t i = 0; i < count; ++i) {
      llvm::Value* value = top(count - 1 - i);
      if (value->getType() == unit_.i32) value = b_.CreateZExt(value, unit_.i64);  // integers fill their slot
      llvm::Value* at = b_.CreateConstInBoundsGEP1_64(unit_.i64, function_->getArg(1), slot);
      unit_.in(Area::Slots, b_.CreateAlignedStore(value, at, llvm::Align(8)));
      slot += value->getType() == unit_.v128 ? 2 : 1;
    }
    b_.CreateRetVoid();
  } else if (count == 0) {
    b_.CreateRetVoid();
  } else if (count == 1) {
    b_.CreateRet(top());
  } else {
    llvm::Value* all = llvm::PoisonValue::get(signature_.type->getReturnType());
    for (size_t i = 0; i < count; ++i)
      all = b_.CreateInsertValue(all, top(count - 1 - i), static_cast<unsigned>(i));
    b_.CreateRet(all);
  }
}

void FunctionTranslator::branch_to(uint32_t depth) {
  carry(label(depth));
  b_.CreateBr(label(depth).target);
  become_dead();
}

void FunctionTranslator::branch_if(llvm::Value* condition, uint32_t depth) {
  carry(label(depth));
  llvm::BasicBlock* next = new_block("next");
  b_.CreateCondBr(condition, label(depth).target, next);
  b_.SetInsertPoint(next);
}

// Each label that is named is branched to from one block, however often it is named.
void FunctionTranslator::branch_table(const wasm::Instruction& in) {
  llvm::Value* index = pop();
  llvm::DenseMap<uint32_t, llvm::BasicBlock*> ways;
  auto way_to = [&](uint32_t depth) {
    llvm::BasicBlock*& way = ways[depth];
    if (way != nullptr) return way;
    way = new_block("way");
    llvm::IRBuilderBase::InsertPointGuard guard(b_);
    b_.SetInsertPoint(way);
    carry(label(depth));
    b_.CreateBr(label(depth).target);
    return way;
  };
  const uint32_t fallback = in.labels.back();
  llvm::SwitchInst* choice =
      b_.CreateSwitch(index, way_to(fallback), static_cast<unsigned>(in.labels.size() - 1));
  for (uint32_t i = 0; i + 1 < in.labels.size(); ++i)
    if (in.labels[i] != fallback) choice->addCase(b_.getInt32(i), way_to(in.labels[i]));
  become_dead();
}

void FunctionTranslator::trap(runtime::Trap why) {
  llvm::CallInst* call = b_.CreateCall(unit_.trap_function(), {number(static_cast<uint32_t>(why))});
  call->setDoesNotReturn();
  call->addFnAttr(llvm::Attribute::NoMerge);
  b_.CreateUnreachable();
}

void FunctionTranslator::trap_if(llvm::Value* condition, runtime::Trap why) {
  llvm::BasicBlock* cold = new_block("trap");
  llvm::BasicBlock* next = new_block("next");
  b_.CreateCondBr(condition, cold, next, llvm::MDBuilder(unit_.context).createUnlikelyBranchWeights());
  b_.SetInsertPoint(cold);
  trap(why);
  b_.SetInsertPoint(next);
}

bool FunctionTranslator::control(const wasm::Instruction& in) {
  switch (in.op) {
    case Opcode::unreachable:
      trap(runtime::Trap::Unreachable);
      become_dead();
      return true;
    case Opcode::nop: return true;
    case Opcode::block: begin_block(in, Label::Kind::Block); return true;
    case Opcode::loop: return begin_loop(in);
    case Opcode::if_: begin_if(in); return true;
    case Opcode::else_: otherwise(); return true;
    case Opcode::end: return end();
    case Opcode::br: branch_to(in.index); return true;
    case Opcode::br_if: {
      llvm::Value* condition = b_.CreateIsNotNull(pop());
      branch_if(condition, in.index);
      return true;
    }
    case Opcode::br_table: branch_table(in); return true;
    case Opcode::return_: branch_to(static_cast<uint32_t>(labels_.size() - 1)); return true;
    case Opcode::br_on_null: {
      llvm::Value* ref = pop();
      branch_if(b_.CreateIsNull(ref), in.index);
      push(ref);
      return true;
    }
    case Opcode::br_on_non_null:
      branch_if(b_.CreateIsNotNull(top()), in.index);
      pop();
      return true;
    case Opcode::br_on_cast:
    case Opcode::br_on_cast_fail: branch_on_cast(in); return true;
    case Opcode::call: call_function(in.index); return true;
    case Opcode::call_indirect: call_record(wasm::TypeIdx(in.index), indirect_record(in)); return true;
    case Opcode::call_ref: call_record(wasm::TypeIdx(in.index), referenced_record()); return true;
    case Opcode::return_call: return_call(in.index); return true;
    case Opcode::return_call_indirect:
      return_call_record(wasm::TypeIdx(in.index), indirect_record(in));
      return true;
    case Opcode::return_call_ref:
      return_call_record(wasm::TypeIdx(in.index), referenced_record());
      return true;
    default: return leave_out(in);
  }
}

}  // namespace godwit::llvm_tier
