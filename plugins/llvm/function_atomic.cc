// Atomic accesses: sequentially consistent, on shared and other memories alike.
// spec: https://webassembly.github.io/threads/core/exec/instructions.html#atomic-memory-instructions
#include "function.h"

namespace godwit::llvm_tier {

using wasm::OpClass;

namespace {

constexpr auto kOrder = llvm::AtomicOrdering::SequentiallyConsistent;

// "add" of "i32.atomic.rmw8.add_u".
llvm::AtomicRMWInst::BinOp operation_of(std::string_view text) {
  constexpr std::pair<std::string_view, llvm::AtomicRMWInst::BinOp> kOperations[] = {
      {".add", llvm::AtomicRMWInst::Add}, {".sub", llvm::AtomicRMWInst::Sub},
      {".and", llvm::AtomicRMWInst::And}, {".or", llvm::AtomicRMWInst::Or},
      {".xor", llvm::AtomicRMWInst::Xor},
  };
  for (const auto& [name, operation] : kOperations)
    if (text.find(name) != text.npos) return operation;
  return llvm::AtomicRMWInst::Xchg;
}

}  // namespace

void FunctionTranslator::wait_or_notify(const wasm::Instruction& in) {
  const uint32_t bytes = wasm::access_bytes_of(in.op);
  const bool notifies = in.op == wasm::Opcode::memory_atomic_notify;
  llvm::Value* timeout = notifies ? nullptr : pop();
  llvm::Value* operand = pop();
  llvm::Value* at = place(in.mem, bytes, bytes);
  // what lies outside of the memory traps here
  load_from(in.mem, b_.getIntNTy(8 * bytes), at)->setVolatile(true);
  Values arguments{number(in.mem.memory.value), at, operand};
  if (timeout != nullptr) arguments.push_back(timeout);
  const Libcall which = notifies     ? Libcall::atomic_notify
                        : bytes == 4 ? Libcall::atomic_wait32
                                     : Libcall::atomic_wait64;
  push(unit_.call(b_, ctx_, which, arguments));
  if (!notifies) poll();
}

bool FunctionTranslator::atomic(const wasm::Instruction& in) {
  const OpClass op_class = wasm::class_of(in.op);
  if (op_class == OpClass::AtomicWait) {
    wait_or_notify(in);
    return true;
  }
  if (op_class == OpClass::AtomicFence) {
    b_.CreateFence(kOrder);
    return true;
  }
  const uint32_t bytes = wasm::access_bytes_of(in.op);
  const llvm::Align align(bytes);
  llvm::Type* integer = b_.getIntNTy(8 * bytes);
  auto narrow = [&](llvm::Value* value) { return b_.CreateTrunc(value, integer); };
  if (op_class == OpClass::AtomicStore) {
    llvm::Value* value = narrow(pop());
    b_.CreateAlignedStore(value, place(in.mem, bytes, bytes), align)->setAtomic(kOrder);
    return true;
  }
  llvm::Value* before = nullptr;
  if (op_class == OpClass::AtomicLoad) {
    llvm::LoadInst* load = b_.CreateAlignedLoad(integer, place(in.mem, bytes, bytes), align);
    load->setAtomic(kOrder);
    before = load;
  } else if (op_class == OpClass::AtomicRmw) {
    llvm::Value* value = narrow(pop());
    before = b_.CreateAtomicRMW(operation_of(wasm::text_of(in.op)), place(in.mem, bytes, bytes), value, align,
                                kOrder);
  } else {
    llvm::Value* replacement = narrow(pop());
    llvm::Value* wide_expected = pop();
    llvm::Value* at = place(in.mem, bytes, bytes);
    llvm::Value* expected = narrow(wide_expected);
    // an expected value that is wider than what lies there is not equal to it, but the access happens
    llvm::Value* fits = b_.CreateICmpEQ(b_.CreateZExt(expected, wide_expected->getType()), wide_expected);
    llvm::BasicBlock* exchange = new_block("exchange");
    llvm::BasicBlock* look = new_block("look");
    llvm::BasicBlock* next = new_block("next");
    b_.CreateCondBr(fits, exchange, look);
    b_.SetInsertPoint(exchange);
    llvm::Value* pair = b_.CreateAtomicCmpXchg(at, expected, replacement, align, kOrder, kOrder);
    llvm::Value* found = b_.CreateExtractValue(pair, 0);
    b_.CreateBr(next);
    b_.SetInsertPoint(look);
    llvm::LoadInst* load = b_.CreateAlignedLoad(integer, at, align);
    load->setAtomic(kOrder);
    b_.CreateBr(next);
    b_.SetInsertPoint(next);
    llvm::PHINode* either = b_.CreatePHI(integer, 2);
    either->addIncoming(found, exchange);
    either->addIncoming(load, look);
    before = either;
  }
  const bool is_i32 = wasm::signature_of(in.op).results()[0] == wasm::Signature::Type::I32;
  push(b_.CreateZExt(before, is_i32 ? unit_.i32 : unit_.i64));
  return true;
}

}  // namespace godwit::llvm_tier
