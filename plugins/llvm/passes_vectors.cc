// Vectors of 128 bits side by side become vectors of 256.
#include <llvm/ADT/SmallPtrSet.h>
#include <llvm/Analysis/LoopAccessAnalysis.h>
#include <llvm/Analysis/LoopInfo.h>
#include <llvm/Analysis/ScalarEvolution.h>
#include <llvm/Analysis/ScalarEvolutionExpressions.h>
#include <llvm/Analysis/TargetTransformInfo.h>
#include <llvm/Analysis/VectorUtils.h>
#include <llvm/IR/Dominators.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/Transforms/Utils/LoopUtils.h>
#include <llvm/Transforms/Utils/LoopVersioning.h>

#include <array>
#include <optional>

#include "passes.h"

namespace godwit::llvm_tier {

namespace {

constexpr uint64_t kJoinedBits = 256;
constexpr size_t kMostInstructions = 400;
constexpr size_t kMostNodes = 64;

// What a loop of one block reads and writes, and what of that never meets in one run of the loop.
class Accesses {
 public:
  Accesses(llvm::BasicBlock& block, const llvm::LoopAccessInfo& info, llvm::ScalarEvolution& evolution)
      : evolution_(evolution), layout_(block.getModule()->getDataLayout()) {
    const auto& checker = info.getDepChecker();
    const auto* dependences = checker.getDependences();
    if (!info.canVectorizeMemory() || dependences == nullptr) return;
    for (const llvm::Instruction& instruction : block) known_.insert(&instruction);
    for (const auto& dependence : *dependences) {
      auto* first = dependence.getSource(checker);
      auto* second = dependence.getDestination(checker);
      meet_.insert({first, second});
      meet_.insert({second, first});
    }
    is_checked_ = info.getNumRuntimePointerChecks() > 0 || !info.getPSE().getPredicate().isAlwaysTrue();
  }

  // From where one begins to where the other does, if that is always the same.
  std::optional<int64_t> distance(llvm::Instruction& from, llvm::Instruction& to) {
    const llvm::SCEV* begin = evolution_.getSCEV(llvm::getLoadStorePointerOperand(&from));
    const llvm::SCEV* end = evolution_.getSCEV(llvm::getLoadStorePointerOperand(&to));
    const auto* apart = llvm::dyn_cast<llvm::SCEVConstant>(evolution_.getMinusSCEV(end, begin));
    if (apart == nullptr) return {};
    return apart->getAPInt().getSExtValue();
  }

  int64_t size_of(llvm::Instruction& access) const {
    return static_cast<int64_t>(layout_.getTypeStoreSize(llvm::getLoadStoreType(&access)).getFixedValue());
  }

  // Whether they may change places. One writes.
  bool are_apart(llvm::Instruction& one, llvm::Instruction& other) {
    if (const auto parts = parts_.find(&one); parts != parts_.end())
      return llvm::all_of(parts->second, [&](llvm::Instruction* part) { return are_apart(*part, other); });
    if (parts_.contains(&other)) return are_apart(other, one);
    if (const auto apart = distance(one, other)) return *apart >= size_of(one) || *apart <= -size_of(other);
    if (!known_.contains(&one) || !known_.contains(&other) || meet_.contains({&one, &other})) return false;
    wants_check_ = wants_check_ || is_checked_;
    return true;
  }

  // Whether what are_apart() has said holds only if what LLVM found to check is checked before the loop.
  bool wants_check() const { return wants_check_; }

  void join(llvm::Instruction& joined, llvm::Value* low, llvm::Value* high) {
    parts_[&joined] = {llvm::cast<llvm::Instruction>(low), llvm::cast<llvm::Instruction>(high)};
  }

 private:
  llvm::ScalarEvolution& evolution_;
  const llvm::DataLayout& layout_;
  llvm::DenseSet<std::pair<const llvm::Instruction*, const llvm::Instruction*>> meet_;
  llvm::SmallPtrSet<const llvm::Instruction*, 32> known_;
  llvm::DenseMap<const llvm::Instruction*, std::array<llvm::Instruction*, 2>> parts_;
  bool is_checked_ = false, wants_check_ = false;
};

bool is_simple(const llvm::Instruction& instruction) {
  if (const auto* load = llvm::dyn_cast<llvm::LoadInst>(&instruction)) return load->isSimple();
  if (const auto* store = llvm::dyn_cast<llvm::StoreInst>(&instruction)) return store->isSimple();
  return false;
}

llvm::FixedVectorType* joined_type(llvm::Type* type) {
  auto* vector = llvm::cast<llvm::FixedVectorType>(type);
  return llvm::FixedVectorType::get(vector->getElementType(), 2 * vector->getNumElements());
}

// Two values, of the same type, that can be computed as one of twice the width.
struct Node {
  enum class Kind : uint8_t { Concatenated, Load, Operation };
  Kind kind;
  llvm::Value *low, *high;
  llvm::SmallVector<size_t, 3> operands;  // other nodes
};

// How two stores to neighbouring places become one: everything is moved to where the second one stands.
class Plan {
 public:
  Plan(llvm::Loop& loop, Accesses& accesses, llvm::SmallPtrSetImpl<llvm::Instruction*>& gone)
      : loop_(loop), accesses_(accesses), gone_(gone) {}

  bool make(llvm::StoreInst& low, llvm::StoreInst& high) {
    low_ = &low, high_ = &high;
    first_ = low.comesBefore(&high) ? &low : &high;
    last_ = first_ == &low ? &high : &low;
    const auto value = join(low.getValueOperand(), high.getValueOperand());
    return value && computes() && nobody_else_wants_parts() && can_be_moved();
  }

  llvm::StoreInst* apply() {
    llvm::SmallVector<llvm::Value*, 16> made;
    for (const Node& node : nodes_) made.push_back(build(node, made));
    Builder b(last_);
    auto* store = b.CreateAlignedStore(made.back(), low_->getPointerOperand(), low_->getAlign());
    store->setAAMetadata(low_->getAAMetadata());
    store->setDebugLoc(first_->getDebugLoc());
    accesses_.join(*store, low_, high_);
    gone_.insert_range(members_);
    return store;
  }

 private:
  // What is only moved is moved fast enough. A load of more than what was stored shortly before waits for it.
  bool computes() const {
    return llvm::any_of(nodes_, [](const Node& node) { return node.kind == Node::Kind::Operation; });
  }

  // The number of their node.
  std::optional<size_t> join(llvm::Value* low, llvm::Value* high) {
    if (const auto known = numbers_.find({low, high}); known != numbers_.end()) return known->second;
    if (low->getType() != high->getType() || !llvm::isa<llvm::FixedVectorType>(low->getType())) return {};
    std::optional<Node> node = node_of(low, high);
    if (!node || nodes_.size() >= kMostNodes) return {};
    if (node->kind != Node::Kind::Concatenated) {
      members_.insert(llvm::cast<llvm::Instruction>(low));
      members_.insert(llvm::cast<llvm::Instruction>(high));
    }
    nodes_.push_back(*std::move(node));
    numbers_[{low, high}] = nodes_.size() - 1;
    return nodes_.size() - 1;
  }

  std::optional<Node> node_of(llvm::Value* low, llvm::Value* high) {
    if (low == high || (loop_.isLoopInvariant(low) && loop_.isLoopInvariant(high)))
      return Node{Node::Kind::Concatenated, low, high, {}};
    auto* one = llvm::dyn_cast<llvm::Instruction>(low);
    auto* other = llvm::dyn_cast<llvm::Instruction>(high);
    if (one == nullptr || other == nullptr || !loop_.contains(one) || !loop_.contains(other)) return {};
    if (!one->isSameOperationAs(other)) return {};
    if (llvm::isa<llvm::LoadInst>(one)) {
      if (!is_simple(*one) || !is_simple(*other)) return {};
      if (accesses_.distance(*one, *other) != accesses_.size_of(*one)) return {};
      return Node{Node::Kind::Load, low, high, {}};
    }
    if (!goes_lane_by_lane(*one, *other)) return {};
    Node node{Node::Kind::Operation, low, high, {}};
    const unsigned count = operand_count(*one);
    for (unsigned i = 0; i < count; ++i) {
      const auto operand = join(one->getOperand(i), other->getOperand(i));
      if (!operand) return {};
      node.operands.push_back(*operand);
    }
    return node;
  }

  static unsigned operand_count(const llvm::Instruction& instruction) {
    if (const auto* call = llvm::dyn_cast<llvm::CallBase>(&instruction)) return call->arg_size();
    return instruction.getNumOperands();
  }

  static bool goes_lane_by_lane(const llvm::Instruction& one, const llvm::Instruction& other) {
    if (const auto* shuffle = llvm::dyn_cast<llvm::ShuffleVectorInst>(&one))
      return shuffle->getShuffleMask() == llvm::cast<llvm::ShuffleVectorInst>(other).getShuffleMask();
    if (const auto* intrinsic = llvm::dyn_cast<llvm::IntrinsicInst>(&one))
      return llvm::isTriviallyVectorizable(intrinsic->getIntrinsicID()) && !intrinsic->hasOperandBundles() &&
             intrinsic->getCalledOperand() == llvm::cast<llvm::CallBase>(other).getCalledOperand();
    return llvm::isa<llvm::BinaryOperator, llvm::UnaryOperator, llvm::CastInst, llvm::CmpInst,
                     llvm::SelectInst>(one);
  }

  bool nobody_else_wants_parts() const {
    return llvm::all_of(members_, [&](llvm::Instruction* member) {
      return llvm::all_of(member->users(), [&](llvm::User* user) {
        auto* instruction = llvm::cast<llvm::Instruction>(user);
        return instruction == low_ || instruction == high_ || members_.contains(instruction);
      });
    });
  }

  bool can_be_moved() {
    llvm::SmallVector<llvm::Instruction*, 8>
        moved;  // so far in the order of the block, without the first store
    bool has_stored = false;
    for (llvm::Instruction& at : *loop_.getHeader()) {
      if (&at == last_) break;
      if (gone_.contains(&at)) continue;
      if (&at == first_) {
        has_stored = true;
        continue;
      }
      const bool is_member = members_.contains(&at);
      if (!at.mayReadOrWriteMemory()) continue;
      if (is_member) {
        // is read before the first store then
        if (has_stored && !accesses_.are_apart(*first_, at)) return false;
        moved.push_back(&at);
        continue;
      }
      if (moved.empty() && !has_stored) continue;
      if (!is_simple(at)) return false;
      if (has_stored && !accesses_.are_apart(*first_, at)) return false;
      if (!at.mayWriteToMemory()) continue;
      if (llvm::any_of(moved, [&](llvm::Instruction* load) { return !accesses_.are_apart(*load, at); }))
        return false;
    }
    members_.insert(low_);
    members_.insert(high_);
    return true;
  }

  llvm::Value* build(const Node& node, llvm::ArrayRef<llvm::Value*> made) {
    auto* type = joined_type(node.low->getType());
    if (node.kind == Node::Kind::Concatenated) return concatenate(node.low, node.high);
    auto* low = llvm::cast<llvm::Instruction>(node.low);
    auto* high = llvm::cast<llvm::Instruction>(node.high);
    Builder b(last_);
    if (node.kind == Node::Kind::Load) {
      auto* load = llvm::cast<llvm::LoadInst>(low);
      auto* joined = b.CreateAlignedLoad(type, load->getPointerOperand(), load->getAlign());
      joined->setAAMetadata(load->getAAMetadata());
      joined->setDebugLoc((low->comesBefore(high) ? low : high)->getDebugLoc());
      accesses_.join(*joined, low, high);
      return joined;
    }
    llvm::Value* joined = operation(b, *low, node, made);
    if (auto* instruction = llvm::dyn_cast<llvm::Instruction>(joined)) {
      instruction->copyIRFlags(low);
      instruction->andIRFlags(high);
      instruction->setDebugLoc(low->getDebugLoc());
    }
    return joined;
  }

  static llvm::Value* operation(Builder& b, llvm::Instruction& low, const Node& node,
                                llvm::ArrayRef<llvm::Value*> made) {
    llvm::SmallVector<llvm::Value*, 3> operands;
    for (const size_t operand : node.operands) operands.push_back(made[operand]);
    if (const auto* shuffle = llvm::dyn_cast<llvm::ShuffleVectorInst>(&low)) {
      // of each half what the mask takes of a whole
      const auto width = static_cast<int>(
          llvm::cast<llvm::FixedVectorType>(shuffle->getOperand(0)->getType())->getNumElements());
      llvm::SmallVector<int, 64> mask;
      for (const int half : {0, width})
        for (const int lane : shuffle->getShuffleMask())
          mask.push_back(lane < 0 ? lane : lane < width ? lane + half : lane + width + half);
      return b.CreateShuffleVector(operands[0], operands[1], mask);
    }
    if (const auto* call = llvm::dyn_cast<llvm::IntrinsicInst>(&low)) {
      return b.CreateIntrinsic(joined_type(low.getType()), call->getIntrinsicID(), operands);
    }
    if (const auto* cast = llvm::dyn_cast<llvm::CastInst>(&low))
      return b.CreateCast(cast->getOpcode(), operands[0], joined_type(low.getType()));
    if (const auto* compare = llvm::dyn_cast<llvm::CmpInst>(&low))
      return b.CreateCmp(compare->getPredicate(), operands[0], operands[1]);
    if (llvm::isa<llvm::SelectInst>(low)) return b.CreateSelect(operands[0], operands[1], operands[2]);
    return b.CreateNAryOp(low.getOpcode(), operands);
  }

  // Before the loop if that can be; else where the value is known.
  llvm::Value* concatenate(llvm::Value* low, llvm::Value* high) {
    llvm::Instruction* at = last_;
    if (loop_.isLoopInvariant(low) && loop_.isLoopInvariant(high))
      at = loop_.getLoopPreheader()->getTerminator();
    Builder b(at);
    const unsigned lanes = llvm::cast<llvm::FixedVectorType>(low->getType())->getNumElements();
    return b.CreateShuffleVector(low, high, llvm::createSequentialMask(0, 2 * lanes, 0));
  }

  llvm::Loop& loop_;
  Accesses& accesses_;
  llvm::SmallPtrSetImpl<llvm::Instruction*>& gone_;
  llvm::StoreInst *low_ = nullptr, *high_ = nullptr;
  llvm::StoreInst *first_ = nullptr, *last_ = nullptr;  // the same, as they come
  llvm::SmallVector<Node, 16> nodes_;
  llvm::DenseMap<std::pair<llvm::Value*, llvm::Value*>, size_t> numbers_;
  llvm::SmallSetVector<llvm::Instruction*, 16> members_;
};

llvm::SmallVector<llvm::StoreInst*, 8> stores_of(llvm::BasicBlock& block) {
  llvm::SmallVector<llvm::StoreInst*, 8> stores;
  for (llvm::Instruction& instruction : block) {
    auto* store = llvm::dyn_cast<llvm::StoreInst>(&instruction);
    if (store == nullptr || !store->isSimple()) continue;
    auto* type = llvm::dyn_cast<llvm::FixedVectorType>(store->getValueOperand()->getType());
    if (type != nullptr && 2 * type->getPrimitiveSizeInBits().getFixedValue() == kJoinedBits)
      stores.push_back(store);
  }
  return stores;
}

}  // namespace

llvm::PreservedAnalyses JoinVectors::run(llvm::Function& function, llvm::FunctionAnalysisManager& analyses) {
  if (function.isDeclaration() || !function.hasFnAttribute(kHasContext))
    return llvm::PreservedAnalyses::all();
  const auto& target = analyses.getResult<llvm::TargetIRAnalysis>(function);
  if (target.getRegisterBitWidth(llvm::TargetTransformInfo::RGK_FixedWidthVector).getFixedValue() <
      kJoinedBits)
    return llvm::PreservedAnalyses::all();
  auto& loops = analyses.getResult<llvm::LoopAnalysis>(function);
  auto& evolution = analyses.getResult<llvm::ScalarEvolutionAnalysis>(function);
  auto& dominators = analyses.getResult<llvm::DominatorTreeAnalysis>(function);
  auto& infos = analyses.getResult<llvm::LoopAccessAnalysis>(function);
  bool has_changed = false;
  for (llvm::Loop* loop : loops.getLoopsInPreorder()) {
    if (loop->getNumBlocks() != 1 || !loop->isLoopSimplifyForm() || loop->getExitBlock() == nullptr) continue;
    llvm::BasicBlock& block = *loop->getHeader();
    if (block.size() > kMostInstructions) continue;
    const llvm::SmallVector<llvm::StoreInst*, 8> stores = stores_of(block);
    if (stores.size() < 2) continue;
    const llvm::LoopAccessInfo& info = infos.getInfo(*loop);
    Accesses accesses(block, info, evolution);
    llvm::SmallPtrSet<llvm::Instruction*, 32> gone;
    bool has_versions = false;
    for (llvm::StoreInst* low : stores) {
      for (llvm::StoreInst* high : stores) {
        if (low == high || gone.contains(low) || gone.contains(high)) continue;
        if (accesses.distance(*low, *high) != accesses.size_of(*low)) continue;
        Plan plan(*loop, accesses, gone);
        if (!plan.make(*low, *high)) continue;
        if (accesses.wants_check() && !has_versions) {
          llvm::formLCSSARecursively(*loop, dominators, &loops, &evolution);
          llvm::LoopVersioning versions(info, info.getRuntimePointerChecking()->getChecks(), loop, &loops,
                                        &dominators, &evolution);
          versions.versionLoop();
          has_versions = true;
        }
        plan.apply();
        break;
      }
    }
    if (gone.empty()) continue;
    has_changed = true;
    for (llvm::Instruction* instruction : gone) instruction->dropAllReferences();
    for (llvm::Instruction* instruction : gone) instruction->eraseFromParent();
    evolution.forgetLoop(loop);
    infos.clear();
  }
  return has_changed ? llvm::PreservedAnalyses::none() : llvm::PreservedAnalyses::all();
}

}  // namespace godwit::llvm_tier
