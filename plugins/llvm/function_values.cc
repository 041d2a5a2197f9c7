// Variables, references, and everything that computes.
#include <llvm/IR/PatternMatch.h>

#include "function.h"
#include "wasm/opcode_relations.h"

namespace godwit::llvm_tier {

using wasm::Opcode;

namespace {

// x * 1, x - 0 and the like are no operations to LLVM; to WebAssembly they make a signalling NaN quiet. So that is said
// of x before.
bool is_neutral(const llvm::Value* operand) {
  using namespace llvm::PatternMatch;
  return match(operand, m_AnyZeroFP()) || match(operand, m_FPOne()) || match(operand, m_SpecificFP(-1));
}

}  // namespace

// As many slots as anything asks for, shared by all.
llvm::Value* FunctionTranslator::scratch(uint32_t slots) {
  if (scratch_ == nullptr) {
    Builder at_entry(entry_, entry_->begin());
    scratch_ = at_entry.CreateAlloca(unit_.i64, b_.getInt32(1));
  }
  const auto* has = llvm::cast<llvm::ConstantInt>(scratch_->getArraySize());
  if (has->getZExtValue() < slots) scratch_->setOperand(0, b_.getInt32(slots));
  return scratch_;
}

uint32_t FunctionTranslator::slots_of(llvm::ArrayRef<llvm::Value*> values) const {
  uint32_t slots = 0;
  for (const llvm::Value* value : values) slots += value->getType() == unit_.v128 ? 2 : 1;
  return slots;
}

// Integers fill their slot.
llvm::Value* FunctionTranslator::to_scratch(llvm::ArrayRef<llvm::Value*> values) {
  llvm::Value* slots = scratch(std::max(slots_of(values), 1u));
  uint32_t slot = 0;
  for (llvm::Value* value : values) {
    llvm::Value* whole = value->getType() == unit_.i32 ? b_.CreateZExt(value, unit_.i64) : value;
    llvm::Value* at = b_.CreateConstInBoundsGEP1_64(unit_.i64, slots, slot);
    unit_.in(Area::Slots, b_.CreateAlignedStore(whole, at, llvm::Align(8)));
    slot += slots_of(value);
  }
  steps_ += values.size();
  return slots;
}

llvm::Value* FunctionTranslator::constant(const wasm::Instruction& in) {
  switch (wasm::immediates_of(in.op)) {
    case wasm::ImmKind::I32: return number(static_cast<uint32_t>(in.bits));
    case wasm::ImmKind::I64: return b_.getInt64(in.bits);
    case wasm::ImmKind::F32: return b_.CreateBitCast(number(static_cast<uint32_t>(in.bits)), unit_.f32);
    case wasm::ImmKind::F64: return b_.CreateBitCast(b_.getInt64(in.bits), unit_.f64);
    default: break;
  }
  const uint64_t halves[] = {load_unaligned<uint64_t>(in.v128.data()),
                             load_unaligned<uint64_t>(in.v128.data() + 8)};
  return llvm::ConstantDataVector::get(unit_.context, halves);
}

// Own globals lie in the instance, imported ones wherever their owner has them; neither moves.
llvm::Value* FunctionTranslator::global_address(uint32_t global) {
  constexpr uint64_t kGlobalBytes = 16;
  if (global >= wasm_.imported_globals)
    return b_.CreateConstInBoundsGEP1_64(unit_.i8, unit_.context_field(b_, ctx_, ContextField::globals),
                                         kGlobalBytes * (global - wasm_.imported_globals));
  llvm::Value* all = unit_.context_field(b_, ctx_, ContextField::imported_globals);
  llvm::Value* at = b_.CreateConstInBoundsGEP1_64(unit_.ptr, all, global);
  return unit_.in(Area::Context, unit_.invariant(b_.CreateAlignedLoad(unit_.ptr, at, llvm::Align(8))));
}

bool FunctionTranslator::variable(const wasm::Instruction& in) {
  switch (in.op) {
    case Opcode::local_get: push(b_.CreateLoad(local_types_[in.index], locals_[in.index])); return true;
    case Opcode::local_set: b_.CreateStore(pop(), locals_[in.index]); return true;
    case Opcode::local_tee: b_.CreateStore(top(), locals_[in.index]); return true;
    case Opcode::global_get: {
      llvm::Type* type = unit_.type_of(wasm_.globals[in.index].type.val);
      push(unit_.in(Area::Globals, b_.CreateAlignedLoad(type, global_address(in.index), llvm::Align(8))));
      return true;
    }
    case Opcode::global_set: {
      llvm::Value* value = pop();
      unit_.in(Area::Globals, b_.CreateAlignedStore(value, global_address(in.index), llvm::Align(8)));
      return true;
    }
    default: return leave_out(in);
  }
}

bool FunctionTranslator::reference(const wasm::Instruction& in) {
  switch (in.op) {
    case Opcode::ref_null: push(b_.getInt64(0)); return true;
    case Opcode::ref_is_null: push(b_.CreateZExt(b_.CreateIsNull(pop()), unit_.i32)); return true;
    case Opcode::ref_func: push(unit_.call(b_, ctx_, Libcall::ref_func, {number(in.index)})); return true;
    case Opcode::ref_as_non_null: trap_if(b_.CreateIsNull(top()), runtime::Trap::NullReference); return true;
    case Opcode::ref_eq: {
      llvm::Value* right = pop();
      push(b_.CreateZExt(b_.CreateICmpEQ(pop(), right), unit_.i32));
      return true;
    }
    default: return leave_out(in);
  }
}

void FunctionTranslator::select() {
  llvm::Value* condition = b_.CreateIsNotNull(pop());
  llvm::Value* right = pop();
  push(b_.CreateSelect(condition, pop(), right));
}

// What numeric.h says of it, in its place.
bool FunctionTranslator::plain(const wasm::Instruction& in) {
  llvm::Function* meaning = unit_.meaning(in.op);
  if (meaning == nullptr) return leave_out(in);
  if (unit_.is_beyond_processor(in.op))
    return leave_out("the processor that it is compiled for lacks " + std::string(wasm::text_of(in.op)));
  const size_t count = meaning->arg_size();
  Values operands(stack_.end() - static_cast<ptrdiff_t>(count), stack_.end());
  stack_.resize(stack_.size() - count);
  if (llvm::any_of(operands, is_neutral))
    for (llvm::Value*& operand : operands)
      if (!llvm::isa<llvm::Constant>(operand))
        operand = b_.CreateUnaryIntrinsic(llvm::Intrinsic::canonicalize, operand);
  push(b_.CreateCall(meaning, operands));
  return true;
}

// 128-bit integers as pairs of 64-bit ones, the lower half first.
bool FunctionTranslator::wide(const wasm::Instruction& in) {
  llvm::Type* i128 = b_.getInt128Ty();
  auto pop_pair = [&] {
    llvm::Value* high = b_.CreateShl(b_.CreateZExt(pop(), i128), 64);
    return b_.CreateOr(b_.CreateZExt(pop(), i128), high);
  };
  const std::string_view text = wasm::text_of(in.op);
  llvm::Value* result;
  if (wasm::signature_of(in.op).params().size() == 4) {
    llvm::Value* right = pop_pair();
    llvm::Value* left = pop_pair();
    result = text.find("add") != text.npos ? b_.CreateAdd(left, right) : b_.CreateSub(left, right);
  } else {
    auto widened = [&](llvm::Value* value) {
      return text.ends_with("_s") ? b_.CreateSExt(value, i128) : b_.CreateZExt(value, i128);
    };
    llvm::Value* right = widened(pop());
    result = b_.CreateMul(widened(pop()), right);
  }
  push(b_.CreateTrunc(result, unit_.i64));
  push(b_.CreateTrunc(b_.CreateLShr(result, 64), unit_.i64));
  return true;
}

// Instructions with the number of a lane in them.
bool FunctionTranslator::lanes(const wasm::Instruction& in) {
  llvm::Type* bytes = llvm::FixedVectorType::get(unit_.i8, 16);
  if (wasm::class_of(in.op) == wasm::OpClass::SimdShuffle) {
    llvm::Value* right = b_.CreateBitCast(pop(), bytes);
    llvm::Value* left = b_.CreateBitCast(pop(), bytes);
    const llvm::SmallVector<int, 16> mask(in.v128.begin(), in.v128.end());
    push(b_.CreateBitCast(b_.CreateShuffleVector(left, right, mask), unit_.v128));
    return true;
  }
  const uint32_t lane_bytes = wasm::lane_bytes_of(in.op);
  const bool replaces = wasm::class_of(in.op) == wasm::OpClass::SimdReplace;
  llvm::Value* value = replaces ? pop() : nullptr;
  using Type = wasm::Signature::Type;
  const wasm::Signature& signature = wasm::signature_of(in.op);
  const Type number_type = replaces ? signature.params()[1] : signature.results()[0];
  llvm::Type* lane = number_type == Type::F32   ? unit_.f32
                     : number_type == Type::F64 ? unit_.f64
                                                : b_.getIntNTy(8 * lane_bytes);
  llvm::Value* vector = b_.CreateBitCast(pop(), llvm::FixedVectorType::get(lane, 16 / lane_bytes));
  if (replaces) {
    if (lane->isIntegerTy()) value = b_.CreateTrunc(value, lane);
    push(b_.CreateBitCast(b_.CreateInsertElement(vector, value, in.index2), unit_.v128));
    return true;
  }
  value = b_.CreateExtractElement(vector, in.index2);
  if (lane_bytes < 4)
    value = wasm::text_of(in.op).ends_with("_s") ? b_.CreateSExt(value, unit_.i32)
                                                 : b_.CreateZExt(value, unit_.i32);
  push(value);
  return true;
}

}  // namespace godwit::llvm_tier
