// Our own passes over LLVM's IR.
#pragma once

#include <llvm/IR/PassManager.h>

#include "unit.h"

namespace godwit::llvm_tier {

// First of all, when the meanings of instructions have been put in place: makes traps leave the guest, and keeps LLVM from
// treating floating-point operations as if signalling NaNs did not exist.
class LowerMeanings : public llvm::PassInfoMixin<LowerMeanings> {
 public:
  explicit LowerMeanings(Unit& unit) : unit_(unit) {}
  llvm::PreservedAnalyses run(llvm::Function& function, llvm::FunctionAnalysisManager&);
  static bool isRequired() { return true; }

 private:
  Unit& unit_;
};

// Before loops are vectorised: leaves those alone that write here and there. On processors that gather and scatter, LLVM
// makes vectors of addresses, which it then takes apart again, one byte store each.
class LeaveScattersAlone : public llvm::PassInfoMixin<LeaveScattersAlone> {
 public:
  llvm::PreservedAnalyses run(llvm::Function& function, llvm::FunctionAnalysisManager& analyses);
};

// Before that: where a loop's addresses, numbers of 32 bits, move evenly in groups (a[i], a[i + 1] …), makes a second loop
// that is run if they do not wrap, with addresses of 64 bits, which LLVM sees to lie side by side.
class WidenAddresses : public llvm::PassInfoMixin<WidenAddresses> {
 public:
  llvm::PreservedAnalyses run(llvm::Function& function, llvm::FunctionAnalysisManager& analyses);
};

// When loops have been unrolled: on processors with registers of 256 bits, vectors of 128 bits that are written to
// neighbouring places become one, with what they are computed from, where it goes lane by lane.
class JoinVectors : public llvm::PassInfoMixin<JoinVectors> {
 public:
  llvm::PreservedAnalyses run(llvm::Function& function, llvm::FunctionAnalysisManager& analyses);
};

// At the end: an atomic operation that changes nothing and whose result nobody wants becomes a fence in the processor's part
// of LLVM; but it must trap where there is no memory. So it is read before.
class KeepIdleAccesses : public llvm::PassInfoMixin<KeepIdleAccesses> {
 public:
  llvm::PreservedAnalyses run(llvm::Function& function, llvm::FunctionAnalysisManager&);
  static bool isRequired() { return true; }
};

// After that: looks at the poll word in loops, and at it and the stack where functions begin that call others. Done any
// earlier it would keep loops from being vectorised.
class GuardLoopsAndEntries : public llvm::PassInfoMixin<GuardLoopsAndEntries> {
 public:
  explicit GuardLoopsAndEntries(Unit& unit) : unit_(unit) {}
  llvm::PreservedAnalyses run(llvm::Function& function, llvm::FunctionAnalysisManager& analyses);
  static bool isRequired() { return true; }

 private:
  void guard_entry(llvm::Function& function);
  // @param word_at  where the poll word lies
  void guard_loop(llvm::BasicBlock& header, llvm::Value* word_at);
  // Leaves the guest by `which` if `condition` holds, before `at`.
  void leave_if(llvm::Value* condition, llvm::Instruction& at, Libcall which,
                llvm::ArrayRef<llvm::Value*> arguments);

  Unit& unit_;
  llvm::DenseMap<const llvm::Function*, bool> known_to_poll_;  // of functions that were seen called
};

// Gives what a load may become an operand of the place of the load: a processor's instruction that does both has one place,
// and it is the load that traps. Last of all.
class PlaceFoldedLoads : public llvm::PassInfoMixin<PlaceFoldedLoads> {
 public:
  static llvm::PreservedAnalyses run(llvm::Function& function, llvm::FunctionAnalysisManager&);
  static bool isRequired() { return true; }
};

}  // namespace godwit::llvm_tier
