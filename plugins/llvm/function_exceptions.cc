// Exceptions, by a word that says that one is pending: a call that throws returns, and its caller looks at the word and
// goes to the landing of the try that it is in. Landings ask clause by clause, and lead on to the try around theirs; what
// no try in a function catches makes the function return.
// spec: https://webassembly.github.io/spec/core/exec/instructions.html#exec-throw
#include <llvm/IR/MDBuilder.h>

#include "function.h"

namespace godwit::llvm_tier {

using wasm::Opcode;

namespace {

constexpr uint32_t kAnyTag = ~uint32_t{0};
// So many clauses are looked at to find the one that a throw in the same function leads to.
constexpr unsigned kMostClausesTried = 8;

bool has_ref(wasm::Catch::Kind kind) {
  return kind == wasm::Catch::Kind::CatchRef || kind == wasm::Catch::Kind::CatchAllRef;
}
uint32_t tag_of(const wasm::Catch& clause) {
  const bool has_tag = clause.kind == wasm::Catch::Kind::Catch || clause.kind == wasm::Catch::Kind::CatchRef;
  return has_tag ? clause.tag.value : kAnyTag;
}

}  // namespace

llvm::Value* FunctionTranslator::pending() {
  llvm::Value* at = unit_.store_field_address(b_, ctx_, StoreField::pending_exception);
  llvm::LoadInst* word = b_.CreateAlignedLoad(unit_.i64, at, llvm::Align(8));
  return b_.CreateIsNotNull(unit_.in(Area::Context, word));
}

// Where the function returns without results.
llvm::BasicBlock* FunctionTranslator::way_out() {
  if (way_out_ != nullptr) return way_out_;
  way_out_ = new_block("out");
  llvm::IRBuilderBase::InsertPointGuard guard(b_);
  b_.SetInsertPoint(way_out_);
  return_nothing();
  return way_out_;
}

void FunctionTranslator::return_nothing() {
  llvm::Type* type = function_->getReturnType();
  if (type->isVoidTy()) b_.CreateRetVoid();
  else b_.CreateRet(llvm::PoisonValue::get(type));
}

// Where exceptions go that are thrown in the try; those of no try leave the function.
llvm::BasicBlock* FunctionTranslator::landing_of(uint32_t index) {
  if (index == kNoTry) return way_out();
  if (tries_[index].landing != nullptr) return tries_[index].landing;
  llvm::BasicBlock* landing = new_block("landing");
  tries_[index].landing = tries_[index].cursor = landing;
  if (tries_[index].is_legacy) return landing;  // its clauses are still to come
  llvm::IRBuilderBase::InsertPointGuard guard(b_);
  b_.SetInsertPoint(landing);
  const std::vector<wasm::Catch> clauses = tries_[index].clauses;
  for (const wasm::Catch& clause : clauses) {
    llvm::BasicBlock* next = new_block("clause");
    const uint32_t tag = tag_of(clause);
    llvm::Value* ref = begin_clause(tag, next);
    const size_t height = stack_.size();
    push_payload(tag);
    if (has_ref(clause.kind)) push(ref);
    carry(labels_[clause.label]);
    b_.CreateBr(labels_[clause.label].target);
    stack_.resize(height);
    b_.SetInsertPoint(next);
    tries_[index].cursor = next;
  }
  b_.CreateBr(landing_of(tries_[index].outer));
  return landing;
}

// Asks for the pending exception: goes on in a new block if it is the clause's, else to `next`.
llvm::Value* FunctionTranslator::begin_clause(uint32_t tag, llvm::BasicBlock* next) {
  llvm::Value* ref = unit_.call(b_, ctx_, Libcall::catch_exception,
                                {number(tag), scratch(tag == kAnyTag ? 1 : payload_slots(tag))});
  llvm::BasicBlock* caught = new_block("caught");
  b_.CreateCondBr(b_.CreateIsNotNull(ref), caught, next);
  b_.SetInsertPoint(caught);
  return ref;
}

const std::vector<wasm::ValType>& FunctionTranslator::payload_of(uint32_t tag) {
  const std::vector<wasm::ValType>& types = wasm_.types[wasm_.tags[tag].type.value].func.params;
  steps_ += types.size();
  return types;
}

uint32_t FunctionTranslator::payload_slots(uint32_t tag) {
  uint32_t slots = 0;
  for (const wasm::ValType type : payload_of(tag)) slots += type.slots();
  return slots;
}

// What begin_clause() has left in the slots.
void FunctionTranslator::push_payload(uint32_t tag) {
  if (tag == kAnyTag) return;
  uint32_t slot = 0;
  for (const wasm::ValType type : payload_of(tag)) {
    llvm::Value* at = b_.CreateConstInBoundsGEP1_64(unit_.i64, scratch(1), slot);
    push(unit_.in(Area::Slots, b_.CreateAlignedLoad(unit_.type_of(type), at, llvm::Align(8))));
    slot += type.slots();
  }
}

uint32_t FunctionTranslator::innermost_try() const { return labels_.back().inside; }

void FunctionTranslator::throw_by(Libcall which, llvm::ArrayRef<llvm::Value*> arguments) {
  // each says where it stands: two of them must not become one
  unit_.call(b_, ctx_, which, arguments)->addFnAttr(llvm::Attribute::NoMerge);
  b_.CreateBr(landing_of(innermost_try()));
  become_dead();
}

void FunctionTranslator::throw_tag(uint32_t tag) {
  const size_t count = payload_of(tag).size();
  if (throw_to_own_clause(tag)) return;
  const Values payload(stack_.end() - static_cast<ptrdiff_t>(count), stack_.end());
  stack_.resize(stack_.size() - count);
  throw_by(Libcall::throw_tag, {number(tag), to_scratch(payload)});
}

// Throwing is branching if the clause that catches is known: one of this function's that surely matches, and none before
// it might. Two tags of different index may be one tag only if both are imported.
bool FunctionTranslator::throw_to_own_clause(uint32_t tag) {
  unsigned tried = 0;
  for (uint32_t index = innermost_try(); index != kNoTry; index = tries_[index].outer) {
    if (tries_[index].is_legacy) return false;  // its clauses are still to come
    for (const wasm::Catch& clause : tries_[index].clauses) {
      if (++tried > kMostClausesTried) return false;
      const uint32_t wanted = tag_of(clause);
      const bool matches = wanted == tag || wanted == kAnyTag;
      if (!matches && (tag >= wasm_.imported_tags || wanted >= wasm_.imported_tags)) continue;
      if (!matches || has_ref(clause.kind)) return false;
      if (wanted == kAnyTag) stack_.resize(stack_.size() - payload_of(tag).size());
      branch_to(static_cast<uint32_t>(labels_.size()) - 1 - clause.label);
      return true;
    }
    if (++tried > kMostClausesTried) return false;
  }
  return false;
}

// --- Blocks that catch ------------------------------------------------------------------------------------------------

void FunctionTranslator::begin_try(const wasm::Instruction& in, Label::Kind kind) {
  Try made{.outer = innermost_try(), .is_legacy = kind == Label::Kind::Try, .clauses = in.catches};
  // labels are counted from outside; here from the function's
  for (wasm::Catch& clause : made.clauses)
    clause.label = static_cast<uint32_t>(labels_.size()) - 1 - clause.label;
  tries_.push_back(std::move(made));
  begin_block(in, kind);
  labels_.back().inside = labels_.back().own_try = static_cast<uint32_t>(tries_.size() - 1);
}

void FunctionTranslator::legacy_catch(uint32_t tag) {
  Label& label = labels_.back();
  if (!is_dead_) {
    carry(label);
    b_.CreateBr(label.target);
  }
  stack_.resize(label.height);
  Try& from = tries_[label.own_try];
  label.kind = Label::Kind::Catch;
  label.inside = from.outer;
  if (from.landing == nullptr) return become_dead();  // nothing in the body throws
  is_dead_ = false;
  b_.SetInsertPoint(from.cursor);
  llvm::BasicBlock* next = new_block("clause");
  label.caught = begin_clause(tag, next);
  from.cursor = next;
  push_payload(tag);
}

// What no clause of the legacy try has caught goes where `try_index` says.
void FunctionTranslator::end_clauses(uint32_t own_try, uint32_t goes_to) {
  Try& from = tries_[own_try];
  if (!from.is_legacy || from.landing == nullptr) return;
  llvm::IRBuilderBase::InsertPointGuard guard(b_);
  b_.SetInsertPoint(from.cursor);
  b_.CreateBr(landing_of(goes_to));
}

bool FunctionTranslator::exception(const wasm::Instruction& in) {
  switch (in.op) {
    case Opcode::throw_: throw_tag(in.index); return true;
    case Opcode::throw_ref: throw_by(Libcall::throw_ref, {pop()}); return true;
    case Opcode::rethrow: throw_by(Libcall::throw_ref, {label(in.index).caught}); return true;
    case Opcode::try_table: begin_try(in, Label::Kind::TryTable); return true;
    case Opcode::try_: begin_try(in, Label::Kind::Try); return true;
    case Opcode::catch_: legacy_catch(in.index); return true;
    case Opcode::catch_all: legacy_catch(kAnyTag); return true;
    case Opcode::delegate: {
      const uint32_t goes_to = label(in.index + 1).inside;
      end_clauses(labels_.back().own_try, goes_to);
      labels_.back().own_try = kNoTry;
      return end();
    }
    default: return leave_out(in);
  }
}

}  // namespace godwit::llvm_tier
