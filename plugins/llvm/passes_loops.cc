// What is done to loops before LLVM makes vectors of them.
#include <llvm/ADT/SmallSet.h>
#include <llvm/Analysis/LoopAccessAnalysis.h>
#include <llvm/Analysis/LoopInfo.h>
#include <llvm/Analysis/ScalarEvolution.h>
#include <llvm/Analysis/ScalarEvolutionExpressions.h>
#include <llvm/IR/Dominators.h>
#include <llvm/Transforms/Utils/LoopUtils.h>
#include <llvm/Transforms/Utils/LoopVersioning.h>
#include <llvm/Transforms/Utils/ScalarEvolutionExpander.h>

#include "passes.h"

namespace godwit::llvm_tier {

namespace {

// How far an address moves from round to round, if it does so evenly, as far as that is a number.
struct FindsSteps {
  const llvm::Loop* loop;
  bool is_even = false;
  std::optional<int64_t> bytes;

  bool follow(const llvm::SCEV* part) {
    const auto* steps = llvm::dyn_cast<llvm::SCEVAddRecExpr>(part);
    if (steps == nullptr || steps->getLoop() != loop) return true;
    is_even = true;
    if (const auto* step =
            steps->isAffine() ? llvm::dyn_cast<llvm::SCEVConstant>(steps->getOperand(1)) : nullptr)
      bytes = step->getAPInt().getSExtValue();
    return false;
  }
  bool isDone() const { return is_even; }
};

// Stores further apart than this are not done several at a time.
constexpr int64_t kFarApart = 32;

bool is_scatter(const llvm::Loop& loop, llvm::StoreInst& store, llvm::ScalarEvolution& evolution) {
  const llvm::SCEV* address = evolution.getSCEV(store.getPointerOperand());
  if (evolution.isLoopInvariant(address, &loop)) return false;
  FindsSteps steps{&loop, false, {}};
  llvm::visitAll(address, steps);
  return !steps.bytes || *steps.bytes < -kFarApart || *steps.bytes > kFarApart;
}

}  // namespace

llvm::PreservedAnalyses LeaveScattersAlone::run(llvm::Function& function,
                                                llvm::FunctionAnalysisManager& analyses) {
  if (function.isDeclaration() || !function.hasFnAttribute(kHasContext))
    return llvm::PreservedAnalyses::all();
  auto& loops = analyses.getResult<llvm::LoopAnalysis>(function);
  auto& evolution = analyses.getResult<llvm::ScalarEvolutionAnalysis>(function);
  for (llvm::Loop* loop : loops.getLoopsInPreorder()) {
    if (!loop->isInnermost()) continue;
    const bool scatters = llvm::any_of(loop->blocks(), [&](llvm::BasicBlock* block) {
      return llvm::any_of(*block, [&](llvm::Instruction& instruction) {
        auto* store = llvm::dyn_cast<llvm::StoreInst>(&instruction);
        return store != nullptr && is_scatter(*loop, *store, evolution);
      });
    });
    if (scatters) llvm::addStringMetadataToLoop(loop, "llvm.loop.vectorize.width", 1);
  }
  return llvm::PreservedAnalyses::all();
}

namespace {

constexpr int64_t kVectorBytes = 16;

// Addresses of one loop that lie at constant distances from each other, all the way.
struct Group {
  const llvm::SCEV* base;  // where the lowest of them begins; 32 bits
  int64_t step;
  struct Member {
    llvm::ZExtInst* address;
    int64_t distance;  // from the base
  };
  llvm::SmallVector<Member, 8> members;

  int64_t widest() const { return std::ranges::max_element(members, {}, &Member::distance)->distance; }
  // Neighbours of `bytes` bytes, no others, that fill a vector; and the next round goes on where they end.
  bool is_dense(int64_t bytes) const {
    llvm::SmallSet<int64_t, 8> distances;
    for (const Member& member : members) distances.insert(member.distance);
    const int64_t width = static_cast<int64_t>(distances.size()) * bytes;
    return width >= kVectorBytes && widest() + bytes == width && std::abs(step) == width &&
           llvm::all_of(members, [&](const Member& member) { return member.distance % bytes == 0; });
  }
};

constexpr int64_t kMostDistance = 4096;
constexpr unsigned kMostInstructions = 400;

bool is_address(const llvm::ZExtInst& extended) {
  return llvm::any_of(extended.users(), [](const llvm::User* user) {
    if (const auto* sum = llvm::dyn_cast<llvm::BinaryOperator>(user); sum != nullptr && sum->hasOneUse())
      user = *sum->user_begin();
    return llvm::isa<llvm::GetElementPtrInst>(user);
  });
}

void add_to_groups(llvm::SmallVectorImpl<Group>& groups, llvm::ZExtInst& address,
                   const llvm::SCEVAddRecExpr& numbers, llvm::ScalarEvolution& evolution) {
  const auto* step = llvm::dyn_cast<llvm::SCEVConstant>(numbers.getOperand(1));
  if (step == nullptr) return;
  const int64_t bytes = step->getAPInt().getSExtValue();
  for (Group& group : groups) {
    if (group.step != bytes) continue;
    const auto* apart =
        llvm::dyn_cast<llvm::SCEVConstant>(evolution.getMinusSCEV(numbers.getStart(), group.base));
    if (apart == nullptr) continue;
    const int64_t distance = apart->getAPInt().getSExtValue();
    if (distance < -kMostDistance || distance > kMostDistance) continue;
    if (distance < 0) {
      group.base = numbers.getStart();
      for (Group::Member& member : group.members) member.distance -= distance;
    }
    group.members.push_back({&address, std::max<int64_t>(distance, 0)});
    return;
  }
  groups.push_back({numbers.getStart(), bytes, {{&address, 0}}});
}

llvm::SmallVector<Group, 4> groups_of(llvm::Loop& loop, llvm::ScalarEvolution& evolution) {
  llvm::SmallVector<Group, 4> groups;
  unsigned instructions = 0;
  // What is only moved, or only made, is done as fast by way of 32 bits, and often in a few rounds.
  bool loads_vectors = false, computes_vectors = false;
  for (llvm::BasicBlock* block : loop.blocks()) {
    for (llvm::Instruction& instruction : *block) {
      if (instruction.getType()->isVectorTy()) {
        loads_vectors = loads_vectors || llvm::isa<llvm::LoadInst>(instruction);
        computes_vectors = computes_vectors || llvm::isa<llvm::BinaryOperator>(instruction);
      }
      const bool calls =
          llvm::isa<llvm::CallBase>(instruction) && !llvm::isa<llvm::IntrinsicInst>(instruction);
      if (calls || ++instructions > kMostInstructions) return {};
      auto* extended = llvm::dyn_cast<llvm::ZExtInst>(&instruction);
      if (extended == nullptr || !extended->getSrcTy()->isIntegerTy(32) ||
          !extended->getType()->isIntegerTy(64))
        continue;
      if (llvm::isa<llvm::SCEVAddRecExpr>(evolution.getSCEV(extended)) || !is_address(*extended)) continue;
      const auto* numbers = llvm::dyn_cast<llvm::SCEVAddRecExpr>(evolution.getSCEV(extended->getOperand(0)));
      if (numbers != nullptr && numbers->isAffine() && numbers->getLoop() == &loop)
        add_to_groups(groups, *extended, *numbers, evolution);
    }
  }
  const bool is_of_vectors = loads_vectors && computes_vectors;
  llvm::erase_if(groups, [is_of_vectors](const Group& group) {
    return !group.is_dense(4) && !group.is_dense(8) && !(is_of_vectors && group.is_dense(kVectorBytes));
  });
  return groups;
}

// How often a loop goes back, if LLVM knows.
const llvm::SCEV* known_rounds(llvm::Loop& loop, llvm::ScalarEvolution& evolution) {
  const llvm::SCEV* rounds = evolution.getBackedgeTakenCount(&loop);
  const bool is_known = !llvm::isa<llvm::SCEVCouldNotCompute>(rounds) && rounds->getType()->isIntegerTy(32);
  return is_known ? rounds : nullptr;
}

// A loop that goes back while begin + i * step, of 32 bits, is less than `limit`. LLVM does not know how often, because the
// sum may wrap; it does not if the limit is low enough.
struct Counted {
  const llvm::SCEV *begin, *limit;
  uint32_t step;
  bool is_signed;
};

std::optional<Counted> counted(llvm::Loop& loop, llvm::ScalarEvolution& evolution) {
  auto* branch = llvm::dyn_cast<llvm::BranchInst>(loop.getLoopLatch()->getTerminator());
  if (branch == nullptr || !branch->isConditional() || loop.getExitingBlock() != loop.getLoopLatch())
    return {};
  auto* compare = llvm::dyn_cast<llvm::ICmpInst>(branch->getCondition());
  if (compare == nullptr || !compare->getOperand(0)->getType()->isIntegerTy(32)) return {};
  llvm::CmpInst::Predicate way = compare->getPredicate();
  if (branch->getSuccessor(0) != loop.getHeader()) way = llvm::CmpInst::getInversePredicate(way);
  const llvm::SCEV* left = evolution.getSCEV(compare->getOperand(0));
  const llvm::SCEV* right = evolution.getSCEV(compare->getOperand(1));
  if (llvm::isa<llvm::SCEVAddRecExpr>(right)) {
    std::swap(left, right);
    way = llvm::CmpInst::getSwappedPredicate(way);
  }
  if (way != llvm::CmpInst::ICMP_ULT && way != llvm::CmpInst::ICMP_SLT) return {};
  const auto* numbers = llvm::dyn_cast<llvm::SCEVAddRecExpr>(left);
  if (numbers == nullptr || numbers->getLoop() != &loop || !numbers->isAffine()) return {};
  const auto* step = llvm::dyn_cast<llvm::SCEVConstant>(numbers->getOperand(1));
  if (step == nullptr || !evolution.isLoopInvariant(right, &loop)) return {};
  const int64_t by = step->getAPInt().getSExtValue();
  if (by <= 0 || by > kMostDistance) return {};
  return Counted{numbers->getStart(), right, static_cast<uint32_t>(by), way == llvm::CmpInst::ICMP_SLT};
}

// A number of 64 bits that is no less than how often the loop goes back, unless `unsure` is true then.
struct Rounds {
  llvm::Value* most;
  llvm::Value* unsure;
};

Rounds rounds_of(const Counted& loop, llvm::SCEVExpander& expander, llvm::Instruction& at) {
  Builder b(&at);
  auto widened = [&](const llvm::SCEV* number) {
    llvm::Value* value = expander.expandCodeFor(number, b.getInt32Ty(), at.getIterator());
    return loop.is_signed ? b.CreateSExt(value, b.getInt64Ty()) : b.CreateZExt(value, b.getInt64Ty());
  };
  llvm::Value* begin = widened(loop.begin);
  llvm::Value* limit = widened(loop.limit);
  llvm::Value* way = b.CreateSub(limit, begin);
  llvm::Value* rounds = b.CreateUDiv(b.CreateAdd(way, b.getInt64(loop.step - 1)), b.getInt64(loop.step));
  llvm::Value* most = b.CreateSelect(b.CreateICmpSGT(way, b.getInt64(0)), rounds, b.getInt64(0));
  const int64_t highest = (loop.is_signed ? int64_t{INT32_MAX} : int64_t{UINT32_MAX}) - (loop.step - 1);
  return {most, b.CreateICmpSGT(limit, b.getInt64(static_cast<uint64_t>(highest)))};
}

// Where a group's addresses begin, and whether one of them leaves 32 bits in `rounds` rounds.
struct Range {
  llvm::Value* begin;
  llvm::Value* wraps;
};

Range range_of(const Group& group, llvm::Value* rounds, llvm::SCEVExpander& expander, llvm::Instruction& at) {
  Builder b(&at);
  llvm::Type* wide = b.getInt64Ty();
  llvm::Value* begin =
      b.CreateZExt(expander.expandCodeFor(group.base, b.getInt32Ty(), at.getIterator()), wide);
  llvm::Value* way = b.CreateMul(rounds, b.getInt64(static_cast<uint64_t>(std::abs(group.step))));
  llvm::Value* end = b.CreateAdd(begin, b.getInt64(static_cast<uint64_t>(group.widest())));
  llvm::Value* wraps;
  if (group.step >= 0) {
    wraps = b.CreateICmpUGT(b.CreateAdd(end, way), b.getInt64(UINT32_MAX));
  } else {
    wraps = b.CreateOr(b.CreateICmpULT(begin, way), b.CreateICmpUGT(end, b.getInt64(UINT32_MAX)));
  }
  return {begin, wraps};
}

void widen(llvm::Loop& loop, const Group& group, llvm::Value* begin) {
  llvm::BasicBlock& header = *loop.getHeader();
  Builder b(&header, header.begin());
  llvm::PHINode* base = b.CreatePHI(b.getInt64Ty(), 2);
  b.SetInsertPoint(loop.getLoopLatch()->getTerminator());
  llvm::Value* next =
      b.CreateAdd(base, b.getInt64(static_cast<uint64_t>(group.step)), "", group.step >= 0, true);
  base->addIncoming(begin, loop.getLoopPreheader());
  base->addIncoming(next, loop.getLoopLatch());
  for (const Group::Member& member : group.members) {
    b.SetInsertPoint(member.address);
    llvm::Value* address =
        member.distance == 0
            ? base
            : b.CreateAdd(base, b.getInt64(static_cast<uint64_t>(member.distance)), "", true, true);
    member.address->replaceAllUsesWith(address);
    member.address->eraseFromParent();
  }
}

}  // namespace

llvm::PreservedAnalyses WidenAddresses::run(llvm::Function& function,
                                            llvm::FunctionAnalysisManager& analyses) {
  if (function.isDeclaration() || !function.hasFnAttribute(kHasContext))
    return llvm::PreservedAnalyses::all();
  auto& loops = analyses.getResult<llvm::LoopAnalysis>(function);
  auto& evolution = analyses.getResult<llvm::ScalarEvolutionAnalysis>(function);
  auto& dominators = analyses.getResult<llvm::DominatorTreeAnalysis>(function);
  bool has_changed = false;
  for (llvm::Loop* loop : loops.getLoopsInPreorder()) {
    if (loop->getNumBlocks() != 1 || !loop->isLoopSimplifyForm() || loop->getExitBlock() == nullptr) continue;
    const llvm::SCEV* known = known_rounds(*loop, evolution);
    const std::optional<Counted> count = known == nullptr ? counted(*loop, evolution) : std::nullopt;
    if (known == nullptr && !count) continue;
    const llvm::SmallVector<Group, 4> groups = groups_of(*loop, evolution);
    if (groups.empty()) continue;
    llvm::SCEVExpander expander(evolution, "widen");
    llvm::Instruction& at = *loop->getLoopPreheader()->getTerminator();
    auto can_expand = [&](const llvm::SCEV* number) { return expander.isSafeToExpandAt(number, &at); };
    if (known != nullptr ? !can_expand(known) : !can_expand(count->begin) || !can_expand(count->limit))
      continue;
    if (!llvm::all_of(groups, [&](const Group& group) { return can_expand(group.base); })) continue;
    llvm::formLCSSARecursively(*loop, dominators, &loops, &evolution);
    Builder b(&at);
    const Rounds rounds =
        known != nullptr
            ? Rounds{b.CreateZExt(expander.expandCodeFor(known, b.getInt32Ty(), at.getIterator()),
                                  b.getInt64Ty()),
                     b.getFalse()}
            : rounds_of(*count, expander, at);
    llvm::Value* wraps = rounds.unsure;
    llvm::SmallVector<llvm::Value*, 4> begins;
    for (const Group& group : groups) {
      const Range range = range_of(group, rounds.most, expander, at);
      begins.push_back(range.begin);
      wraps = b.CreateOr(wraps, range.wraps);
    }
    llvm::BasicBlock* before = loop->getLoopPreheader();
    llvm::LoopAccessInfoManager& accesses = analyses.getResult<llvm::LoopAccessAnalysis>(function);
    llvm::LoopVersioning versions(accesses.getInfo(*loop), {}, loop, &loops, &dominators, &evolution);
    versions.versionLoop();
    // hardly ever run
    llvm::addStringMetadataToLoop(versions.getNonVersionedLoop(), "llvm.loop.vectorize.width", 1);
    llvm::addStringMetadataToLoop(versions.getNonVersionedLoop(), "llvm.loop.unroll.disable", 1);
    // what LLVM found to check comes on top
    auto* choice = llvm::cast<llvm::BranchInst>(before->getTerminator());
    choice->setCondition(Builder(choice).CreateOr(choice->getCondition(), wraps));
    for (size_t i = 0; i < groups.size(); ++i) widen(*loop, groups[i], begins[i]);
    evolution.forgetLoop(loop);
    accesses.clear();
    has_changed = true;
  }
  if (!has_changed) return llvm::PreservedAnalyses::all();
  llvm::PreservedAnalyses preserved;
  preserved.preserve<llvm::DominatorTreeAnalysis>();
  preserved.preserve<llvm::LoopAnalysis>();
  preserved.preserve<llvm::ScalarEvolutionAnalysis>();
  return preserved;
}

}  // namespace godwit::llvm_tier
