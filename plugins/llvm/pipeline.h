// From LLVM's IR to an object file.
#pragma once

#include <llvm/ADT/SmallVector.h>
#include <llvm/Target/TargetMachine.h>

#include <functional>
#include <memory>

#include "unit.h"

namespace godwit::llvm_tier {

// The processor code is made for: a name of LLVM's and its features.
struct Processor {
  std::string name;
  std::string features;
};
// @param name null: the one that this runs on.
Processor processor(const char* name);

// Null if LLVM knows no such processor.
std::unique_ptr<llvm::TargetMachine> machine_for(const Processor& processor, unsigned optimization);

// Turns variables into values. Returns the functions with so many ways into places where values meet that LLVM would take
// far more than linear time for them.
std::vector<llvm::Function*> promote_variables(Unit& unit);

// @param is_enough asked before each pass that only makes code faster: those that follow are left out then.
void optimise(Unit& unit, llvm::TargetMachine& machine, unsigned optimization,
              const std::function<bool()>& is_enough);

// An ELF object.
llvm::SmallVector<char, 0> emit_object(llvm::Module& module, llvm::TargetMachine& machine);

}  // namespace godwit::llvm_tier
