// Going through a body.
#include "function.h"

#include "wasm/fuel.h"

namespace godwit::llvm_tier {

namespace {

// An instruction of two bytes can move a thousand values; compilers' output moves a few.
constexpr uint64_t kFreeSteps = uint64_t{1} << 16;
// LLVM takes more than linear time for these.
constexpr size_t kMaxLocals = 20'000;
constexpr uint32_t kMaxLoopDepth = 64;

// True if all that is made of a value within the instruction that it belongs to is dropped, too.
bool is_unused(const llvm::Value* value) {
  if (value->use_empty()) return true;
  if (!value->hasOneUse()) return false;
  const llvm::User* user = *value->user_begin();
  const bool is_conversion = llvm::isa<llvm::CastInst>(user) || llvm::isa<llvm::InsertElementInst>(user) ||
                             llvm::isa<llvm::CallInst>(user);
  return is_conversion && user->use_empty() && !user->getType()->isVoidTy();
}

}  // namespace

FunctionTranslator::FunctionTranslator(Unit& unit, uint32_t defined, wasm::FeatureSet features, uint32_t loop)
    : unit_(unit),
      wasm_(unit.wasm),
      defined_(defined),
      features_(features),
      loop_(loop),
      function_(loop == kNoLoop ? unit.function(defined) : unit.loop_function(defined, loop)),
      signature_(unit.signature(wasm_.funcs[wasm_.imported_funcs + defined])),
      b_(unit.context),
      ctx_(function_->getArg(0)),
      entry_(llvm::BasicBlock::Create(unit.context, "", function_)) {
  b_.SetInsertPoint(entry_);
}

bool FunctionTranslator::leave_out(std::string why) {
  why_ = std::move(why);
  return false;
}

bool FunctionTranslator::leave_out(const wasm::Instruction& in) {
  return leave_out("it has " + std::string(wasm::text_of(in.op)));
}

bool FunctionTranslator::run() {
  const wasm::ByteRange range = wasm_.bodies[defined_].range;
  wasm::InstructionReader reader(wasm_, range, features_);
  auto groups = reader.locals();
  if (!groups) return leave_out(groups.error().message());
  uint64_t local_count = signature_.params.size();
  for (const auto& group : *groups) local_count += group.count;
  if (local_count > kMaxLocals) return leave_out("it has " + std::to_string(local_count) + " locals");
  b_.SetCurrentDebugLocation(unit_.location(function_, range.offset));
  if (loop_ == kNoLoop) {
    declare_locals(*groups);
  } else {
    take_locals_from_frame(*groups);
    b_.SetInsertPoint(new_block("before"));
  }

  Label whole{Label::Kind::Block, new_block("return"), {}, 0};
  make_phis(whole, wasm_.func_type(wasm::FuncIdx(wasm_.imported_funcs + defined_)).results);
  open(std::move(whole));
  most_steps_ = kFreeSteps + kStepsPerByte * range.size;
  if (!translate_until(0, reader)) return false;
  if (loop_ != kNoLoop && !is_entered_) return leave_out("its loop is never reached");
  keep_unused_loads();
  return true;
}

bool FunctionTranslator::translate_until(size_t depth, wasm::InstructionReader& reader) {
  wasm::Instruction in;
  while (labels_.size() > depth) {
    if (auto read = reader.next(in); !read) return leave_out(read.error().message());
    if (is_skipped(in)) continue;
    b_.SetCurrentDebugLocation(unit_.location(function_, in.offset));
    if (unit_.counts_fuel) charge(in);
    if (!translate(in)) return false;
    if (wasm::fuel_rule(in.op).ends_run) run_ = nullptr;
    if (loop_depth_ > kMaxLoopDepth)
      return leave_out("its loops nest more than " + std::to_string(kMaxLoopDepth) + " deep");
    if (steps_ > most_steps_) return leave_out("it takes too much work for its size");
  }
  return true;
}

// spec: https://webassembly.github.io/spec/core/valid/instructions.html#polymorphism
bool FunctionTranslator::is_skipped(const wasm::Instruction& in) {
  if (!is_dead_) return false;
  const wasm::ImmKind imm = wasm::immediates_of(in.op);
  using enum wasm::Opcode;
  if (imm == wasm::ImmKind::Block || imm == wasm::ImmKind::TryTable) {
    ++dead_blocks_;
    return true;
  }
  if ((in.op == end || in.op == delegate) && dead_blocks_ != 0) {
    --dead_blocks_;
    return true;
  }
  const bool ends_part =
      in.op == end || in.op == else_ || in.op == catch_ || in.op == catch_all || in.op == delegate;
  return dead_blocks_ != 0 || !ends_part;
}

void FunctionTranslator::declare_locals(const std::vector<wasm::InstructionReader::LocalGroup>& groups) {
  auto declare = [&](llvm::Type* type, llvm::Value* value) {
    locals_.push_back(b_.CreateAlloca(type));
    local_types_.push_back(type);
    b_.CreateStore(value, locals_.back());
  };
  for (size_t i = 0; i < signature_.params.size(); ++i)
    declare(signature_.params[i], function_->getArg(static_cast<unsigned>(signature_.first_param() + i)));
  for (const auto& group : groups) {
    llvm::Type* type = unit_.type_of(group.type);
    for (uint32_t i = 0; i < group.count; ++i) declare(type, llvm::Constant::getNullValue(type));
  }
}

// Takes the instruction's fuel, before it runs.
void FunctionTranslator::charge(const wasm::Instruction& in) {
  const wasm::FuelRule& rule = wasm::fuel_rule(in.op);
  if (is_dead_ || rule.cost == 0) return;
  if (run_ == nullptr) run_ = take_fuel(b_.getInt64(0));
  const auto* so_far = llvm::cast<llvm::ConstantInt>(run_->getOperand(1));
  run_->setOperand(1, b_.getInt64(so_far->getZExtValue() + rule.cost));
  if (rule.by_length)
    take_fuel(b_.CreateLShr(b_.CreateZExt(top(), unit_.i64), uint64_t{wasm::kFuelLengthShift}));
}

// @returns what takes it, with the amount on its right
llvm::BinaryOperator* FunctionTranslator::take_fuel(llvm::Value* amount) {
  llvm::Value* at = unit_.store_field_address(b_, ctx_, StoreField::fuel);
  auto area = [&](auto* access) { return unit_.in(Area::Context, access); };
  auto* left =
      llvm::BinaryOperator::CreateSub(area(b_.CreateAlignedLoad(unit_.i64, at, llvm::Align(8))), amount);
  b_.Insert(left);
  area(b_.CreateAlignedStore(left, at, llvm::Align(8)));
  trap_if(b_.CreateICmpSLT(left, b_.getInt64(0)), runtime::Trap::OutOfFuel);
  return left;
}

// A load that nobody uses must trap where it does: LLVM may only drop it if it is not volatile.
void FunctionTranslator::keep_unused_loads() {
  for (llvm::LoadInst* load : loads_)
    if (is_unused(load)) load->setVolatile(true);
}

bool FunctionTranslator::translate(const wasm::Instruction& in) {
  using wasm::OpClass;
  switch (wasm::class_of(in.op)) {
    case OpClass::Control: return control(in);
    case OpClass::Parametric:
      if (wasm::immediates_of(in.op) == wasm::ImmKind::None && wasm::text_of(in.op) == "drop") pop();
      else select();
      return true;
    case OpClass::Variable: return variable(in);
    case OpClass::Ref: return reference(in);
    case OpClass::Gc: return gc(in);
    case OpClass::Exception: return exception(in);
    case OpClass::Table: return table(in);
    case OpClass::Memory: return memory(in);
    case OpClass::Load:
    case OpClass::SimdLoad:
    case OpClass::SimdLoadLane: return load(in);
    case OpClass::Store:
    case OpClass::SimdStore:
    case OpClass::SimdStoreLane: return store(in);
    case OpClass::Const:
    case OpClass::SimdConst: push(constant(in)); return true;
    case OpClass::Wide: return wide(in);
    case OpClass::SimdShuffle:
    case OpClass::SimdExtract:
    case OpClass::SimdReplace: return lanes(in);
    case OpClass::AtomicLoad:
    case OpClass::AtomicStore:
    case OpClass::AtomicRmw:
    case OpClass::AtomicCmpxchg:
    case OpClass::AtomicWait:
    case OpClass::AtomicFence: return atomic(in);
    default: return plain(in);
  }
}

}  // namespace godwit::llvm_tier
