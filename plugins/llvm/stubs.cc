// Arguments from registers to slots, results from slots to registers, and the other way round.
#include "stubs.h"

namespace godwit::llvm_tier {

namespace {

uint32_t slots_of(llvm::Type* type) { return type->isVectorTy() ? 2 : 1; }

llvm::Value* slot_address(Unit& unit, Builder& b, llvm::Value* slots, uint32_t slot) {
  return b.CreateConstInBoundsGEP1_64(unit.i64, slots, slot);
}

Values load_slots(Unit& unit, Builder& b, llvm::Value* slots, const std::vector<llvm::Type*>& types) {
  Values values;
  uint32_t slot = 0;
  for (llvm::Type* type : types) {
    values.push_back(b.CreateAlignedLoad(type, slot_address(unit, b, slots, slot), llvm::Align(8)));
    slot += slots_of(type);
  }
  return values;
}

// Integers fill their slot.
void store_slots(Unit& unit, Builder& b, llvm::Value* slots, llvm::ArrayRef<llvm::Value*> values) {
  uint32_t slot = 0;
  for (llvm::Value* value : values) {
    llvm::Value* whole = value->getType()->isIntegerTy() ? b.CreateZExt(value, unit.i64) : value;
    b.CreateAlignedStore(whole, slot_address(unit, b, slots, slot), llvm::Align(8));
    slot += slots_of(value->getType());
  }
}

void return_slots(Unit& unit, Builder& b, llvm::Value* slots, const Signature& signature) {
  const Values values = load_slots(unit, b, slots, signature.results);
  if (values.empty()) {
    b.CreateRetVoid();
  } else if (values.size() == 1) {
    b.CreateRet(values[0]);
  } else {
    llvm::Value* together = llvm::PoisonValue::get(signature.type->getReturnType());
    for (unsigned i = 0; i < values.size(); ++i) together = b.CreateInsertValue(together, values[i], i);
    b.CreateRet(together);
  }
}

// A function through which a function without compiled code is called: `which` with `before` between the context and the
// slots. Its own arguments begin at `first`, of which one says where results go if the signature has it so.
void make_caller(Unit& unit, llvm::Function& function, const Signature& signature, unsigned first,
                 llvm::ArrayRef<llvm::Value*> before, Libcall which) {
  Builder b(llvm::BasicBlock::Create(unit.context, "", &function));
  b.SetCurrentDebugLocation(unit.location(&function, 0));
  llvm::Value* results = signature.results_in_memory ? function.getArg(first++) : nullptr;
  const uint32_t count = std::max({signature.param_slots, signature.result_slots, 1u});
  llvm::Value* slots = b.CreateAlloca(unit.i64, b.getInt32(count));
  Values arguments;
  for (unsigned i = first; i < function.arg_size(); ++i) arguments.push_back(function.getArg(i));
  store_slots(unit, b, slots, arguments);
  Values all(before.begin(), before.end());
  all.append({slots, b.getInt32(signature.param_slots), b.getInt32(signature.result_slots)});
  unit.call(b, function.getArg(0), which, all);
  if (results == nullptr) return return_slots(unit, b, slots, signature);
  store_slots(unit, b, results, load_slots(unit, b, slots, signature.results));
  b.CreateRetVoid();
}

}  // namespace

std::string thunk_name(wasm::TypeIdx type) { return "t" + std::to_string(type.value); }

void make_thunk(Unit& unit, wasm::TypeIdx type) {
  const Signature& signature = unit.signature(type);
  auto* thunk_type = llvm::FunctionType::get(unit.none, {unit.ptr, unit.ptr, unit.ptr}, false);
  llvm::Function* thunk = unit.new_function(thunk_type, thunk_name(type));
  Builder b(llvm::BasicBlock::Create(unit.context, "", thunk));
  llvm::Value* slots = thunk->getArg(2);
  Values all{thunk->getArg(1)};
  if (signature.results_in_memory) all.push_back(slots);  // all arguments are taken out before
  const Values arguments = load_slots(unit, b, slots, signature.params);
  all.append(arguments.begin(), arguments.end());
  llvm::CallInst* call = b.CreateCall(signature.type, thunk->getArg(0), all);
  if (!signature.results_in_memory && !signature.results.empty()) {
    Values results;
    if (signature.results.size() == 1) results.push_back(call);
    else
      for (unsigned i = 0; i < signature.results.size(); ++i)
        results.push_back(b.CreateExtractValue(call, i));
    store_slots(unit, b, slots, results);
  }
  b.CreateRetVoid();
}

void make_record_caller(Unit& unit, wasm::TypeIdx type) {
  llvm::Function* function = unit.record_caller(type);
  make_caller(unit, *function, unit.signature(type), 2, {function->getArg(1)}, Libcall::call_record);
}

void make_finisher(Unit& unit, wasm::TypeIdx type) {
  llvm::Function* function = unit.finisher(type);
  const Signature& signature = unit.signature(type);
  Builder b(llvm::BasicBlock::Create(unit.context, "", function));
  b.SetCurrentDebugLocation(unit.location(function, 0));
  llvm::Value* results = signature.results_in_memory
                             ? static_cast<llvm::Value*>(function->getArg(1))
                             : b.CreateAlloca(unit.i64, b.getInt32(std::max(signature.result_slots, 1u)));
  unit.call(b, function->getArg(0), Libcall::finish_request, {results, b.getInt32(signature.result_slots)});
  if (signature.results_in_memory) b.CreateRetVoid();
  else return_slots(unit, b, results, signature);
}

void make_tail_stub(Unit& unit, uint32_t defined) {
  const Signature& signature = unit.signature(unit.wasm.funcs[unit.wasm.imported_funcs + defined]);
  llvm::Function& function = *unit.tail_function(defined);
  Builder b(llvm::BasicBlock::Create(unit.context, "", &function));
  b.SetCurrentDebugLocation(unit.location(&function, 0));
  llvm::Value* slots = b.CreateAlloca(unit.i64, b.getInt32(std::max(signature.param_slots, 1u)));
  Values arguments;
  for (unsigned i = signature.first_param(); i < function.arg_size(); ++i)
    arguments.push_back(function.getArg(i));
  store_slots(unit, b, slots, arguments);
  unit.call(b, function.getArg(0), Libcall::request_own,
            {b.getInt32(defined), slots, b.getInt32(signature.param_slots)});
  if (function.getReturnType()->isVoidTy()) b.CreateRetVoid();
  else b.CreateRet(llvm::PoisonValue::get(function.getReturnType()));
}

void make_own_caller(Unit& unit, llvm::Function& function, uint32_t defined) {
  const Signature& signature = unit.signature(unit.wasm.funcs[unit.wasm.imported_funcs + defined]);
  make_caller(unit, function, signature, 1, {llvm::ConstantInt::get(unit.i32, defined)}, Libcall::call_own);
}

}  // namespace godwit::llvm_tier
