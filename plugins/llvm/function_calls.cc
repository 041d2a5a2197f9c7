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

FunctionTranslator::Call FunctionTranslator::begin_call(wasm::TypeIdx type, bool may_throw,
                                                        bool may_request) {
  Call call{type, unit_.signature(type), nullptr, may_throw, may_request};
  if (call.signature.results_in_memory) {
    Builder at_entry(entry_, entry_->begin());
    call.slots = at_entry.CreateAlloca(unit_.i64, b_.getInt32(call.signature.result_slots));
  }
  steps_ += call.signature.results.size();
  return call;
}

// The results that come in registers of a call of compiled code, which takes what comes before its arguments as `first`.
Values FunctionTranslator::call_code(const Call& call, llvm::Value* callee, llvm::FunctionType* type,
                                     Values first, const Values& arguments) {
  if (call.slots != nullptr) first.push_back(call.slots);
  first.append(arguments.begin(), arguments.end());
  llvm::CallInst* made = b_.CreateCall(type, callee, first);
  made->setDoesNotThrow();
  Values results;
  if (call.slots != nullptr) return results;
  const size_t count = call.signature.results.size();
  if (count == 1) results.push_back(made);
  else
    for (unsigned i = 0; i < count; ++i) results.push_back(b_.CreateExtractValue(made, i));
  return results;
}

// Pushes the results, unless the call has left something pending: a tail call is made first, an exception goes to where it
// is caught.
void FunctionTranslator::end_call(const Call& call, Values results) {
  if (call.may_request || call.may_throw) {
    llvm::MDNode* unlikely = llvm::MDBuilder(unit_.context).createUnlikelyBranchWeights();
    llvm::BasicBlock* next = new_block("next");
    llvm::Value* is_pending = pending();
    if (!call.may_request) {
      b_.CreateCondBr(is_pending, landing_of(innermost_try()), next, unlikely);
      b_.SetInsertPoint(next);
    } else {
      llvm::BasicBlock* look = new_block("look");
      llvm::BasicBlock* here = b_.GetInsertBlock();
      b_.CreateCondBr(is_pending, look, next, unlikely);
      b_.SetInsertPoint(look);
      llvm::Function* finisher = unit_.finisher(call.type);
      const Values late = call_code(call, finisher, finisher->getFunctionType(), {ctx_}, {});
      llvm::Value* is_thrown = pending();
      llvm::BasicBlock* landing = landing_of(innermost_try());
      llvm::BasicBlock* looked = b_.GetInsertBlock();
      b_.CreateCondBr(is_thrown, landing, next);
      b_.SetInsertPoint(next);
      for (size_t i = 0; i < results.size(); ++i) {
        llvm::PHINode* result = b_.CreatePHI(results[i]->getType(), 2);
        result->addIncoming(results[i], here);
        result->addIncoming(late[i], looked);
        results[i] = result;
      }
    }
  }
  if (call.slots != nullptr) {
    uint32_t slot = 0;
    for (llvm::Type* result : call.signature.results) {
      llvm::Value* at = b_.CreateConstInBoundsGEP1_64(unit_.i64, call.slots, slot);
      results.push_back(unit_.in(Area::Slots, b_.CreateAlignedLoad(result, at, llvm::Align(8))));
      slot += result == unit_.v128 ? 2 : 1;
    }
  }
  stack_.insert(stack_.end(), results.begin(), results.end());
}

void FunctionTranslator::call_function(uint32_t func) {
  const wasm::TypeIdx type = wasm_.funcs[func];
  if (func < wasm_.imported_funcs) return call_record(type, imported_record(func));
  const uint32_t defined = func - wasm_.imported_funcs;
  if (!unit_.is_called_directly(defined)) return call_by_table(defined, type);
  const Call call = begin_call(type, unit_.facts().may_throw(defined), unit_.facts().may_request(defined));
  const Values arguments = pop_arguments(call.signature);
  end_call(call, call_code(call, unit_.function(defined), call.signature.type, {ctx_}, arguments));
}

llvm::Value* FunctionTranslator::imported_record(uint32_t func) {
  llvm::Value* records = unit_.context_field(b_, ctx_, ContextField::imported_funcs);
  llvm::Value* at = b_.CreateConstInBoundsGEP1_64(unit_.ptr, records, func);
  return unit_.in(Area::Context, unit_.invariant(b_.CreateAlignedLoad(unit_.ptr, at, llvm::Align(8))));
}

// A function that may have code in some other image, now or later.
void FunctionTranslator::call_by_table(uint32_t defined, wasm::TypeIdx type) {
  llvm::Value* natives = unit_.context_field(b_, ctx_, ContextField::natives);
  llvm::Value* at = b_.CreateConstInBoundsGEP1_64(unit_.ptr, natives, defined);
  llvm::LoadInst* code = b_.CreateAlignedLoad(unit_.ptr, at, llvm::Align(8));
  code->setAtomic(llvm::AtomicOrdering::Monotonic);
  llvm::Function* caller = unit_.own_caller(defined);
  call_if_there(type, {unit_.in(Area::Context, code), ctx_}, caller, {ctx_});
}

llvm::Value* FunctionTranslator::indirect_record(const wasm::Instruction& in) {
  llvm::Value* element = table_element(in.index2, pop_wide(), runtime::Trap::UndefinedElement);
  trap_if(b_.CreateIsNull(element), runtime::Trap::UninitializedElement);
  llvm::Value* record = b_.CreateIntToPtr(element, unit_.ptr);
  llvm::Value* at = b_.CreateConstInBoundsGEP1_64(unit_.i8, record, offsetof(runtime::FuncRecord, type));
  llvm::Value* found = unit_.in(Area::Context, b_.CreateAlignedLoad(unit_.i32, at, llvm::Align(4)));
  llvm::Value* wanted = canonical_id(in.index);
  llvm::BasicBlock* check = new_block("check");
  llvm::BasicBlock* next = new_block("next");
  b_.CreateCondBr(b_.CreateICmpNE(found, wanted), check, next,
                  llvm::MDBuilder(unit_.context).createUnlikelyBranchWeights());
  b_.SetInsertPoint(check);
  unit_.call(b_, ctx_, Libcall::check_callable, {found, wanted});
  b_.CreateBr(next);
  b_.SetInsertPoint(next);
  return record;
}

llvm::Value* FunctionTranslator::referenced_record() {
  llvm::Value* ref = pop();
  trap_if(b_.CreateIsNull(ref), runtime::Trap::NullFunctionReference);
  return b_.CreateIntToPtr(ref, unit_.ptr);
}

FunctionTranslator::Callee FunctionTranslator::code_of(llvm::Value* record) {
  auto field = [&](size_t offset) {
    llvm::Value* at = b_.CreateConstInBoundsGEP1_64(unit_.i8, record, offset);
    return unit_.in(Area::Context, b_.CreateAlignedLoad(unit_.ptr, at, llvm::Align(8)));
  };
  return {field(offsetof(runtime::FuncRecord, native)), field(offsetof(runtime::FuncRecord, native_self)),
          /*may_be_hosts=*/true};
}

void FunctionTranslator::call_record(wasm::TypeIdx type, llvm::Value* record) {
  call_if_there(type, code_of(record), unit_.record_caller(type), {ctx_, record});
}

// Calls the code with its context if there is any; else `caller`, which takes `before` in front of the arguments.
void FunctionTranslator::call_if_there(wasm::TypeIdx type, const Callee& code, llvm::Function* caller,
                                       const Values& before) {
  const Call call = begin_call(type, true, true);
  const Values arguments = pop_arguments(call.signature);
  llvm::BasicBlock* direct = new_block("direct");
  llvm::BasicBlock* indirect = new_block("indirect");
  llvm::BasicBlock* next = new_block("next");
  b_.CreateCondBr(b_.CreateIsNotNull(code.code), direct, indirect);
  b_.SetInsertPoint(direct);
  llvm::FunctionType* here_type = call.signature.type;
  Values here_arguments = arguments;
  if (code.may_be_hosts) {
    std::vector<llvm::Type*> params(here_type->param_begin(), here_type->param_end());
    params.push_back(unit_.ptr);
    here_type = llvm::FunctionType::get(here_type->getReturnType(), params, false);
    here_arguments.push_back(ctx_);
  }
  const Values here = call_code(call, code.code, here_type, {code.self}, here_arguments);
  b_.CreateBr(next);
  b_.SetInsertPoint(indirect);
  const Values there = call_code(call, caller, caller->getFunctionType(), before, arguments);
  b_.CreateBr(next);
  b_.SetInsertPoint(next);
  Values results;
  for (size_t i = 0; i < here.size(); ++i) {
    llvm::PHINode* result = b_.CreatePHI(call.signature.results[i], 2);
    result->addIncoming(here[i], direct);
    result->addIncoming(there[i], indirect);
    results.push_back(result);
  }
  end_call(call, results);
}

// --- Tail calls -------------------------------------------------------------------------------------------------------

// The processor's own if the callee has compiled code and takes what this function takes: by C's convention a caller
// clears away what it has put on the stack. Else the call is left to whoever has called this function: its frame is gone
// by then.
void FunctionTranslator::return_call(uint32_t func) {
  const wasm::TypeIdx type = wasm_.funcs[func];
  if (func < wasm_.imported_funcs) return return_call_record(type, imported_record(func));
  const uint32_t defined = func - wasm_.imported_funcs;
  const Signature& callee = unit_.signature(type);
  const Values arguments = pop_arguments(callee);
  if (unit_.is_called_directly(defined) && takes_own_place(callee)) {
    jump_to(callee, unit_.tail_function(defined), ctx_, arguments);
  } else {
    unit_.call(b_, ctx_, Libcall::request_own,
               {number(defined), to_scratch(arguments), number(callee.param_slots)});
    return_nothing();
  }
  become_dead();
}

void FunctionTranslator::return_call_record(wasm::TypeIdx type, llvm::Value* record) {
  const Signature& callee = unit_.signature(type);
  const Values arguments = pop_arguments(callee);
  if (takes_own_place(callee)) {
    const Callee code = code_of(record);
    llvm::BasicBlock* direct = new_block("direct");
    llvm::BasicBlock* request = new_block("request");
    // a host function would want more than a function that it replaces has got
    llvm::Value* at = b_.CreateConstInBoundsGEP1_64(unit_.i8, record, offsetof(runtime::FuncRecord, vmctx));
    llvm::Value* ctx = unit_.in(Area::Context, b_.CreateAlignedLoad(unit_.ptr, at, llvm::Align(8)));
    b_.CreateCondBr(b_.CreateAnd(b_.CreateIsNotNull(code.code), b_.CreateIsNotNull(ctx)), direct, request);
    b_.SetInsertPoint(direct);
    jump_to(callee, code.code, ctx, arguments);
    b_.SetInsertPoint(request);
  }
  unit_.call(b_, ctx_, Libcall::request_record, {record, to_scratch(arguments), number(callee.param_slots)});
  return_nothing();
  become_dead();
}

// A frame of register code is not this function's own.
bool FunctionTranslator::takes_own_place(const Signature& callee) const {
  return loop_ == kNoLoop && callee.type == signature_.type;
}

void FunctionTranslator::jump_to(const Signature& callee, llvm::Value* code, llvm::Value* ctx,
                                 const Values& arguments) {
  Values all{ctx};
  if (callee.results_in_memory) all.push_back(function_->getArg(1));
  all.append(arguments.begin(), arguments.end());
  llvm::CallInst* call = b_.CreateCall(callee.type, code, all);
  call->setTailCallKind(llvm::CallInst::TCK_MustTail);
  call->setDoesNotThrow();
  if (callee.type->getReturnType()->isVoidTy()) b_.CreateRetVoid();
  else b_.CreateRet(call);
}

}  // namespace godwit::llvm_tier
