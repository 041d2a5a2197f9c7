// Functions that begin at a loop, where a frame of another tier goes over in its middle.
//
//   loop $a              entry:  the rest of $c, from its head on: a loop like any other
//     loop $b                    the rest of $b behind it; back to $b leads to ...
//       loop $c  <--     $b, whole, translated once more; where it ends, the rest of $a goes on; back to $a leads to ...
//                        $a, whole, and so on
//
// So no loop has two ways in, which would keep LLVM from making anything of it and those around it. Locals are variables:
// nothing has to be handed over.
#include "function.h"
#include "runtime/vm.h"

namespace godwit::llvm_tier {

namespace {

// Loops are translated once more until that is so much more work than translating the function; beyond, they share one
// translation with the way in.
constexpr uint64_t kMostCopies = 4;
constexpr uint64_t kFreeCopyBytes = 4096;

}  // namespace

// As frames of register code have them: arguments (and results), two slots of header, the other locals.
void FunctionTranslator::take_locals_from_frame(
    const std::vector<wasm::InstructionReader::LocalGroup>& groups) {
  uint64_t slot = 0;
  auto take = [&](llvm::Type* type) {
    llvm::Value* at = b_.CreateConstInBoundsGEP1_64(unit_.i64, function_->getArg(1), slot);
    locals_.push_back(b_.CreateAlloca(type));
    local_types_.push_back(type);
    b_.CreateStore(unit_.in(Area::Slots, b_.CreateAlignedLoad(type, at, llvm::Align(8))), locals_.back());
    slot += type == unit_.v128 ? 2 : 1;
  };
  for (llvm::Type* type : signature_.params) take(type);
  slot = std::max(signature_.param_slots, signature_.result_slots) + runtime::kFrameHeaderSlots;
  for (const auto& group : groups)
    for (uint32_t i = 0; i < group.count; ++i) take(unit_.type_of(group.type));
}

// Lets the function begin here, with the locals taken from a frame. What was translated before told what constructs stand
// around the loop, and what is on the stack.
bool FunctionTranslator::enter_here() {
  // a value below would have to come from the frame, too, and so everywhere where it is used
  if (!stack_.empty()) return leave_out("there are operands at its loop");
  for (const Label& label : labels_)
    if (label.caught != nullptr) return leave_out("its loop is in a clause that may throw again");
  is_entered_ = true;
  const wasm::ByteRange body = wasm_.bodies[defined_].range;
  uint64_t copied_bytes = 0;
  for (const Label& label : labels_)
    if (label.kind == Label::Kind::Loop) copied_bytes += body.offset + body.size - label.begins_at;
  is_shared_ = copied_bytes > std::max(kMostCopies * body.size, kFreeCopyBytes);
  if (is_shared_) return true;
  most_steps_ += kStepsPerByte * copied_bytes;
  forget_what_came_before();
  b_.SetInsertPoint(entry_);
  return true;
}

// The constructs stay open, but nobody has branched to their ends yet.
void FunctionTranslator::forget_what_came_before() {
  for (Label& label : labels_) {
    llvm::BasicBlock* target = new_block("end");
    Builder at_target(target);
    for (llvm::PHINode*& phi : label.phis) phi = at_target.CreatePHI(phi->getType(), 2);
    label.target = target;
    label.otherwise = nullptr;
    label.params.clear();
    label.is_entered = true;
    if (label.own_try != kNoTry) tries_[label.own_try].landing = tries_[label.own_try].cursor = nullptr;
  }
  llvm::SmallPtrSet<const llvm::BasicBlock*, 16> kept{entry_};
  for (const Label& label : labels_) kept.insert(label.target);
  auto others = llvm::make_filter_range(*function_, [&](auto& block) { return !kept.contains(&block); });
  for (llvm::BasicBlock& block : others) block.dropAllReferences();
  for (llvm::BasicBlock& block : llvm::make_early_inc_range(others)) block.eraseFromParent();
  loads_.clear();
  way_out_ = nullptr;
  run_ = nullptr;
}

// The rest of a loop around the one that the function begins at is translated. Whoever has branched back goes on in the
// whole loop.
bool FunctionTranslator::end_entered_loop() {
  const Label entered = std::move(labels_.back());
  labels_.pop_back();
  if (llvm::pred_empty(entered.target)) {
    entered.target->eraseFromParent();
    return true;
  }
  const wasm::ByteRange body = wasm_.bodies[defined_].range;
  wasm::InstructionReader reader(wasm_, {entered.begins_at, body.offset + body.size - entered.begins_at},
                                 features_);
  wasm::Instruction loop;
  if (auto read = reader.next(loop); !read) return leave_out(read.error().message());
  Label behind{Label::Kind::Block, new_block("end"), {}, 0};
  make_phis(behind, block_type(loop.block).results);
  auto go_behind = [&] {
    if (is_dead_) return;
    carry(behind);
    b_.CreateBr(behind.target);
  };
  go_behind();
  is_dead_ = false;
  b_.SetInsertPoint(entered.target);
  b_.SetCurrentDebugLocation(unit_.location(function_, loop.offset));
  stack_.assign(entered.phis.begin(), entered.phis.end());
  const size_t depth = labels_.size();
  if (!begin_loop(loop)) return false;
  run_ = nullptr;  // the fuel of the loop is its own
  if (!translate_until(depth, reader)) return false;
  go_behind();
  is_dead_ = false;
  if (llvm::pred_empty(behind.target)) {
    behind.target->eraseFromParent();
    become_dead();
    return true;
  }
  b_.SetInsertPoint(behind.target);
  stack_.assign(behind.phis.begin(), behind.phis.end());
  return true;
}

}  // namespace godwit::llvm_tier
