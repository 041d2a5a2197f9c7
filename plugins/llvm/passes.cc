// Our own passes over LLVM's IR.
#include "passes.h"

#include <llvm/ADT/SetVector.h>
#include <llvm/Analysis/CFG.h>
#include <llvm/Analysis/LoopInfo.h>
#include <llvm/Analysis/ScalarEvolution.h>
#include <llvm/IR/Dominators.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/MDBuilder.h>
#include <llvm/Transforms/Utils/BasicBlockUtils.h>

namespace godwit::llvm_tier {

namespace {

// Loops that go round no more often than this, and contain neither calls nor loops, need not poll.
constexpr unsigned kFewRounds = 1024;

bool is_code_of_module(const llvm::Function& function) {
  return !function.isDeclaration() && function.hasFnAttribute(kHasContext);
}

// The same number again to LLVM; to WebAssembly a signalling NaN becomes a quiet one.
bool may_vanish(const llvm::Instruction& instruction) {
  return instruction.getOpcode() == llvm::Instruction::FPTrunc &&
         llvm::isa<llvm::FPExtInst>(instruction.getOperand(0));
}

// LLVM leaves the order of volatile accesses alone, and what it knows nothing of, like calls, keeps its place among them.
void keep_in_order(llvm::Instruction& instruction) {
  if (auto* store = llvm::dyn_cast<llvm::StoreInst>(&instruction)) {
    store->setVolatile(true);
  } else if (auto* load = llvm::dyn_cast<llvm::LoadInst>(&instruction)) {
    if (!load->hasMetadata(llvm::LLVMContext::MD_invariant_load)) load->setVolatile(true);
  }
}

}  // namespace

llvm::PreservedAnalyses LowerMeanings::run(llvm::Function& function, llvm::FunctionAnalysisManager&) {
  if (!is_code_of_module(function)) return llvm::PreservedAnalyses::all();
  Builder b(unit_.context);
  llvm::SmallVector<llvm::CallInst*, 16> traps;
  llvm::SmallVector<llvm::Instruction*, 16> vanishing;
  for (llvm::Instruction& instruction : llvm::instructions(function)) {
    auto* call = llvm::dyn_cast<llvm::CallInst>(&instruction);
    if (call != nullptr && call->getCalledFunction() == unit_.trap_function()) traps.push_back(call);
    if (may_vanish(instruction)) vanishing.push_back(&instruction);
    if (unit_.has_precise_traps) keep_in_order(instruction);
  }
  for (llvm::CallInst* trap : traps) {
    b.SetInsertPoint(trap);
    unit_.call(b, function.getArg(0), Libcall::trap, {trap->getArgOperand(0)});
    trap->eraseFromParent();
  }
  for (llvm::Instruction* instruction : vanishing) {
    // its operands are made quiet: what LLVM makes of the operation does not matter then
    b.SetInsertPoint(instruction);
    for (llvm::Use& operand : instruction->operands())
      if (!llvm::isa<llvm::Constant>(operand.get()))
        operand.set(b.CreateUnaryIntrinsic(llvm::Intrinsic::canonicalize, operand.get()));
  }
  return llvm::PreservedAnalyses::none();
}

namespace {

// spec: https://llvm.org/docs/LangRef.html#atomicrmw-instruction
bool changes_nothing(const llvm::AtomicRMWInst& access) {
  const auto* operand = llvm::dyn_cast<llvm::ConstantInt>(access.getValOperand());
  if (operand == nullptr) return false;
  switch (access.getOperation()) {
    case llvm::AtomicRMWInst::Add:
    case llvm::AtomicRMWInst::Sub:
    case llvm::AtomicRMWInst::Or:
    case llvm::AtomicRMWInst::Xor: return operand->isZero();
    case llvm::AtomicRMWInst::And: return operand->isMinusOne();
    default: return false;  // wasm has no others that could
  }
}

}  // namespace

llvm::PreservedAnalyses KeepIdleAccesses::run(llvm::Function& function, llvm::FunctionAnalysisManager&) {
  if (!is_code_of_module(function)) return llvm::PreservedAnalyses::all();
  bool changes = false;
  for (llvm::Instruction& instruction : llvm::instructions(function)) {
    auto* access = llvm::dyn_cast<llvm::AtomicRMWInst>(&instruction);
    if (access == nullptr || !access->use_empty() || !changes_nothing(*access)) continue;
    Builder b(access);
    b.CreateAlignedLoad(access->getType(), access->getPointerOperand(), access->getAlign(), true);
    changes = true;
  }
  return changes ? llvm::PreservedAnalyses::none() : llvm::PreservedAnalyses::all();
}

// What may take in the load, of which `operand` is made, and does not trap itself: arithmetic, or a store to where the load was
// from. Of two loads the right one is taken in.
bool may_take_in(const llvm::LoadInst& load, const llvm::Value& operand, const llvm::Instruction& user) {
  if (user.getParent() != load.getParent()) return false;
  if (user.getNumOperands() > 1 && user.getOperand(0) == &operand) {
    const auto* right = llvm::dyn_cast<llvm::LoadInst>(user.getOperand(1));
    if (right != nullptr && right->hasOneUse() && right->getParent() == load.getParent()) return false;
  }
  if (const auto* store = llvm::dyn_cast<llvm::StoreInst>(&user))
    return store->getPointerOperand() == load.getPointerOperand();
  return !user.mayReadOrWriteMemory() && !user.isTerminator() && !llvm::isa<llvm::PHINode>(user);
}

llvm::PreservedAnalyses PlaceFoldedLoads::run(llvm::Function& function, llvm::FunctionAnalysisManager&) {
  if (!is_code_of_module(function)) return llvm::PreservedAnalyses::all();
  for (llvm::Instruction& instruction : llvm::instructions(function)) {
    auto* load = llvm::dyn_cast<llvm::LoadInst>(&instruction);
    if (load == nullptr || !load->getDebugLoc()) continue;
    // through a conversion and an addition to the store behind them
    llvm::Instruction* last = load;
    for (int steps = 0; steps < 3 && last->hasOneUse(); ++steps) {
      auto* user = llvm::cast<llvm::Instruction>(*last->user_begin());
      if (!may_take_in(*load, *last, *user)) break;
      user->setDebugLoc(load->getDebugLoc());
      last = user;
    }
  }
  return llvm::PreservedAnalyses::all();
}

void GuardLoopsAndEntries::leave_if(llvm::Value* condition, llvm::Instruction& at, Libcall which,
                                    llvm::ArrayRef<llvm::Value*> arguments) {
  llvm::Instruction* end = llvm::SplitBlockAndInsertIfThen(
      condition, at.getIterator(), true, llvm::MDBuilder(unit_.context).createUnlikelyBranchWeights());
  Builder b(end);
  b.SetCurrentDebugLocation(at.getDebugLoc());
  unit_.call(b, end->getFunction()->getArg(0), which, arguments);
}

// Volatile rather than atomic: so it becomes an operand of the comparison, and stays where it is all the same.
void GuardLoopsAndEntries::guard_loop(llvm::BasicBlock& header, llvm::Value* word_at) {
  llvm::Instruction& at = *header.getFirstNonPHIOrDbg();
  llvm::Function& function = *header.getParent();
  Builder b(&at);
  llvm::DebugLoc location = header.getTerminator()->getDebugLoc();
  if (!location) location = unit_.location(&function, function.getSubprogram()->getLine());
  b.SetCurrentDebugLocation(location);
  llvm::LoadInst* word = b.CreateAlignedLoad(unit_.i64, word_at, llvm::Align(8), true);
  auto* condition = llvm::cast<llvm::Instruction>(b.CreateIsNotNull(word));
  leave_if(condition, *condition->getNextNode(), Libcall::trap,
           {llvm::ConstantInt::get(unit_.i32, static_cast<uint32_t>(runtime::Trap::Interrupted))});
}

void GuardLoopsAndEntries::guard_entry(llvm::Function& function) {
  llvm::Instruction& at = *function.getEntryBlock().getFirstNonPHIOrDbgOrAlloca();
  Builder b(&at);
  b.SetCurrentDebugLocation(unit_.location(&function, function.getSubprogram()->getLine()));
  llvm::Value* ctx = function.getArg(0);
  llvm::Value* frame = b.CreateIntrinsic(llvm::Intrinsic::frameaddress, {unit_.ptr}, {b.getInt32(0)});
  llvm::Value* limit_at = unit_.store_field_address(b, ctx, StoreField::native_stack_limit);
  llvm::Value* limit = unit_.invariant(b.CreateAlignedLoad(unit_.ptr, limit_at, llvm::Align(8)));
  llvm::LoadInst* word = b.CreateAlignedLoad(
      unit_.i64, unit_.store_field_address(b, ctx, StoreField::interrupt), llvm::Align(8), true);
  auto* refuses = b.CreateOr(b.CreateICmpULT(frame, limit), b.CreateIsNotNull(word));
  leave_if(refuses, at, Libcall::refuse_entry, {});
}

namespace {

bool is_call(const llvm::Instruction& instruction) {
  return llvm::isa<llvm::CallInst>(instruction) && !llvm::isa<llvm::IntrinsicInst>(instruction) &&
         !llvm::cast<llvm::CallInst>(instruction).doesNotReturn();
}

// Whether whoever calls `function` has the poll word looked at: where functions begin that call others.
bool polls(const llvm::Function* function) {
  return function != nullptr && is_code_of_module(*function) &&
         llvm::any_of(llvm::instructions(*function), is_call);
}

}  // namespace

llvm::PreservedAnalyses GuardLoopsAndEntries::run(llvm::Function& function,
                                                  llvm::FunctionAnalysisManager& analyses) {
  if (!is_code_of_module(function)) return llvm::PreservedAnalyses::all();
  bool calls = false;
  llvm::SmallPtrSet<const llvm::BasicBlock*, 16> calling;
  llvm::SmallPtrSet<const llvm::BasicBlock*, 16> polling;  // where the poll word is looked at
  for (llvm::Instruction& instruction : llvm::instructions(function)) {
    if (!is_call(instruction)) continue;
    calls = true;
    calling.insert(instruction.getParent());
    const llvm::Function* callee = llvm::cast<llvm::CallInst>(instruction).getCalledFunction();
    const auto [found, is_new] = known_to_poll_.try_emplace(callee, false);
    if (is_new) found->second = polls(callee);
    if (found->second) polling.insert(instruction.getParent());
  }
  auto& loops = analyses.getResult<llvm::LoopAnalysis>(function);
  auto& evolution = analyses.getResult<llvm::ScalarEvolutionAnalysis>(function);
  // Where edges lead back to, so that there is no way round without one: LLVM may have made cycles that are no loops.
  llvm::SmallVector<std::pair<const llvm::BasicBlock*, const llvm::BasicBlock*>, 16> edges;
  llvm::FindFunctionBackedges(function, edges);
  llvm::SmallSetVector<llvm::BasicBlock*, 16> headers;
  for (const auto& edge : edges) headers.insert(const_cast<llvm::BasicBlock*>(edge.second));
  auto& dominators = analyses.getResult<llvm::DominatorTreeAnalysis>(function);
  // Loops of one block look when they go back: many go round once or twice.
  llvm::SmallVector<std::pair<llvm::BasicBlock*, llvm::BasicBlock*>, 16> backs;
  // from the inside out: a loop that goes round through one that polls need not do so
  for (llvm::Loop* loop : llvm::reverse(loops.getLoopsInPreorder())) {
    const unsigned most = evolution.getSmallConstantMaxTripCount(loop);
    const bool may_call = llvm::any_of(loop->blocks(), [&](auto* block) { return calling.contains(block); });
    llvm::SmallVector<llvm::BasicBlock*, 4> latches;
    loop->getLoopLatches(latches);
    const bool polls_anyway = llvm::any_of(loop->blocks(), [&](auto* block) {
      return polling.contains(block) &&
             llvm::all_of(latches, [&](auto* latch) { return dominators.dominates(block, latch); });
    });
    if (polls_anyway || (loop->isInnermost() && !may_call && most != 0 && most <= kFewRounds))
      headers.remove(loop->getHeader());
    else if (loop->getNumBlocks() == 1 && headers.contains(loop->getHeader())) {
      headers.remove(loop->getHeader());
      backs.push_back({latches.front(), loop->getHeader()});
    } else polling.insert(loop->getHeader());
  }
  if (!headers.empty() || !backs.empty()) {
    // once, so that a register may hold it
    Builder b(&*function.getEntryBlock().getFirstNonPHIOrDbgOrAlloca());
    llvm::Value* word_at = unit_.store_field_address(b, function.getArg(0), StoreField::interrupt);
    for (llvm::BasicBlock* header : headers) guard_loop(*header, word_at);
    for (const auto& [latch, header] : backs) guard_loop(*llvm::SplitEdge(latch, header), word_at);
  }
  if (calls) guard_entry(function);
  return llvm::PreservedAnalyses::none();
}

}  // namespace godwit::llvm_tier
