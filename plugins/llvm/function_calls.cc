// Calls of compiled code, and of functions that may have none.
#include <llvm/IR/MDBuilder.h>

#include "function.h"
#include "runtime/vm.h"

namespace godwit::llvm_tier {

Values FunctionTranslator::pop_arguments(const Signature& signature) {
  const size_t count = signature.params.size();
  Values arguments(stack_.end() - static_cast<ptrdiff_t>(count), stack_.end());
  stack_.resize(stack_.size() - count);
  steps_ += count;
  return arguments;
}

Values FunctionTranslator::call_code(llvm::Value* callee, llvm::FunctionType* type,
                                     const Signature& signature, Values first, const Values& arguments) {
  llvm::Value* slots = nullptr;
  if (signature.results_in_memory) {
    Builder at_entry(entry_, entry_->begin());
    slots = at_entry.CreateAlloca(unit_.i64, b_.getInt32(signature.result_slots));
    first.push_back(slots);
  }
  first.append(arguments.begin(), arguments.end());
  llvm::CallInst* call = b_.CreateCall(type, callee, first);
  call->setDoesNotThrow();
  Values results;
  const size_t count = signature.results.size();
  steps_ += count;
  if (slots != nullptr) {
    uint32_t slot = 0;
    for (llvm::Type* result : signature.results) {
      llvm::Value* at = b_.CreateConstInBoundsGEP1_64(unit_.i64, slots, slot);
      results.push_back(unit_.in(Area::Slots, b_.CreateAlignedLoad(result, at, llvm::Align(8))));
      slot += result == unit_.v128 ? 2 : 1;
    }
  } else if (count == 1) {
    results.push_back(call);
  } else {
    for (unsigned i = 0; i < count; ++i) results.push_back(b_.CreateExtractValue(call, i));
  }
  return results;
}

bool FunctionTranslator::call_function(uint32_t func) {
  const wasm::TypeIdx type = wasm_.funcs[func];
  if (func < wasm_.imported_funcs) {
    llvm::Value* records = unit_.context_field(b_, ctx_, ContextField::imported_funcs);
    llvm::Value* at = b_.CreateConstInBoundsGEP1_64(unit_.ptr, records, func);
    llvm::LoadInst* record = b_.CreateAlignedLoad(unit_.ptr, at, llvm::Align(8));
    call_record(type, unit_.in(Area::Context, unit_.invariant(record)));
    return true;
  }
  const Signature& callee = unit_.signature(type);
  const uint32_t defined = func - wasm_.imported_funcs;
  if (!unit_.is_called_directly(defined)) {
    call_by_table(defined, callee);
    return true;
  }
  const Values arguments = pop_arguments(callee);
  const Values results = call_code(unit_.function(defined), callee.type, callee, {ctx_}, arguments);
  stack_.insert(stack_.end(), results.begin(), results.end());
  return true;
}

// A function that may have code in some other image, now or later.
void FunctionTranslator::call_by_table(uint32_t defined, const Signature& callee) {
  llvm::Value* natives = unit_.context_field(b_, ctx_, ContextField::natives);
  llvm::Value* at = b_.CreateConstInBoundsGEP1_64(unit_.ptr, natives, defined);
  llvm::LoadInst* code = b_.CreateAlignedLoad(unit_.ptr, at, llvm::Align(8));
  code->setAtomic(llvm::AtomicOrdering::Monotonic);
  llvm::Function* caller = unit_.own_caller(defined);
  call_if_there(callee, {unit_.in(Area::Context, code), ctx_}, caller, {ctx_});
}

// Of own functions only: where a callee may turn out to have no compiled code, the frame could not be left before it
// returns. compile() sees to it that the callee has some.
bool FunctionTranslator::return_call(uint32_t func) {
  if (func < wasm_.imported_funcs) return leave_out("it has return_call of an import");
  if (loop_ != kNoLoop) return leave_out("it has return_call: its frame is not its own at a loop");
  if (!unit_.is_called_directly(func - wasm_.imported_funcs))
    return leave_out("it has return_call of a function that may be without code");
  tail_callees_.push_back(func - wasm_.imported_funcs);
  const Signature& callee = unit_.signature(wasm_.funcs[func]);
  if (callee.type != signature_.type) return leave_out("it has return_call of a function of another type");
  Values all{ctx_};
  if (callee.results_in_memory) all.push_back(function_->getArg(1));
  const Values arguments = pop_arguments(callee);
  all.append(arguments.begin(), arguments.end());
  llvm::CallInst* call = b_.CreateCall(callee.type, unit_.function(func - wasm_.imported_funcs), all);
  call->setTailCallKind(llvm::CallInst::TCK_MustTail);
  call->setDoesNotThrow();
  if (callee.type->getReturnType()->isVoidTy()) b_.CreateRetVoid();
  else b_.CreateRet(call);
  become_dead();
  return true;
}

void FunctionTranslator::call_indirect(const wasm::Instruction& in) {
  llvm::Value* element = table_element(in.index2, pop_wide(), runtime::Trap::UndefinedElement);
  trap_if(b_.CreateIsNull(element), runtime::Trap::UninitializedElement);
  llvm::Value* record = b_.CreateIntToPtr(element, unit_.ptr);
  llvm::Value* at = b_.CreateConstInBoundsGEP1_64(unit_.i8, record, offsetof(runtime::FuncRecord, type));
  llvm::Value* found = unit_.in(Area::Context, b_.CreateAlignedLoad(unit_.i32, at, llvm::Align(4)));
  llvm::Value* ids = unit_.context_field(b_, ctx_, ContextField::type_ids);
  llvm::Value* wanted =
      unit_.in(Area::Context,
               unit_.invariant(b_.CreateAlignedLoad(
                   unit_.i32, b_.CreateConstInBoundsGEP1_64(unit_.i32, ids, in.index), llvm::Align(4))));
  llvm::BasicBlock* check = new_block("check");
  llvm::BasicBlock* next = new_block("next");
  b_.CreateCondBr(b_.CreateICmpNE(found, wanted), check, next,
                  llvm::MDBuilder(unit_.context).createUnlikelyBranchWeights());
  b_.SetInsertPoint(check);
  unit_.call(b_, ctx_, Libcall::check_callable, {found, wanted});
  b_.CreateBr(next);
  b_.SetInsertPoint(next);
  call_record(wasm::TypeIdx(in.index), record);
}

void FunctionTranslator::call_ref(wasm::TypeIdx type) {
  llvm::Value* ref = pop();
  trap_if(b_.CreateIsNull(ref), runtime::Trap::NullFunctionReference);
  call_record(type, b_.CreateIntToPtr(ref, unit_.ptr));
}

void FunctionTranslator::call_record(wasm::TypeIdx type, llvm::Value* record) {
  auto field = [&](size_t offset) {
    llvm::Value* at = b_.CreateConstInBoundsGEP1_64(unit_.i8, record, offset);
    return unit_.in(Area::Context, b_.CreateAlignedLoad(unit_.ptr, at, llvm::Align(8)));
  };
  call_if_there(unit_.signature(type),
                {field(offsetof(runtime::FuncRecord, native)), field(offsetof(runtime::FuncRecord, vmctx))},
                unit_.record_caller(type), {ctx_, record});
}

// Calls the code with its context if there is any; else `caller`, which takes `before` in front of the arguments.
void FunctionTranslator::call_if_there(const Signature& callee, const Callee& code, llvm::Function* caller,
                                       const Values& before) {
  const Values arguments = pop_arguments(callee);
  llvm::BasicBlock* direct = new_block("direct");
  llvm::BasicBlock* indirect = new_block("indirect");
  llvm::BasicBlock* next = new_block("next");
  b_.CreateCondBr(b_.CreateIsNotNull(code.code), direct, indirect);
  b_.SetInsertPoint(direct);
  const Values here = call_code(code.code, callee.type, callee, {code.ctx}, arguments);
  llvm::BasicBlock* direct_end = b_.GetInsertBlock();
  b_.CreateBr(next);
  b_.SetInsertPoint(indirect);
  const Values there = call_code(caller, caller->getFunctionType(), callee, before, arguments);
  llvm::BasicBlock* indirect_end = b_.GetInsertBlock();
  b_.CreateBr(next);
  b_.SetInsertPoint(next);
  for (size_t i = 0; i < callee.results.size(); ++i) {
    llvm::PHINode* result = b_.CreatePHI(callee.results[i], 2);
    result->addIncoming(here[i], direct_end);
    result->addIncoming(there[i], indirect_end);
    push(result);
  }
}

}  // namespace godwit::llvm_tier
