// From LLVM's IR to an object file.
#include "pipeline.h"

#include <llvm/Analysis/TargetLibraryInfo.h>
#include <llvm/CodeGen/MachineFunctionPass.h>
#include <llvm/CodeGen/MachineModuleInfo.h>
#include <llvm/CodeGen/Passes.h>
#include <llvm/CodeGen/TargetPassConfig.h>
#include <llvm/IR/LegacyPassManager.h>
#include <llvm/MC/MCSubtargetInfo.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Support/CommandLine.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/TargetParser/Host.h>
#include <llvm/Transforms/IPO/AlwaysInliner.h>
#include <llvm/Transforms/IPO/GlobalDCE.h>
#include <llvm/Transforms/Utils/Mem2Reg.h>

#include <mutex>

#include "passes.h"

namespace godwit::llvm_tier {

namespace {

constexpr const char* kTriple = "x86_64-unknown-linux-gnu";

// Once per process: LLVM keeps its targets and its options in globals.
void initialise() {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
    // Induction variables of 32 bits stay so until loops are vectorised: widened, they hide that addresses do not wrap.
    // Branches across a boundary of 32 bytes, and at one, keep Intel's processors of some years from remembering what they
    // have decoded: loops of a few instructions ran at half their speed.
    const char* const options[] = {"godwit", "-indvars-widen-indvars=false",
                                   "-x86-branches-within-32B-boundaries"};
    llvm::cl::ParseCommandLineOptions(std::size(options), options);
  });
}

// Of the phis of a function, all together. Compilers' output has a tenth of that in 64 KiB of body.
constexpr uint64_t kMaxIncomingValues = 20'000;

llvm::OptimizationLevel level_of(unsigned optimization) {
  switch (optimization) {
    case 0: return llvm::OptimizationLevel::O0;
    case 1: return llvm::OptimizationLevel::O1;
    case 2: return llvm::OptimizationLevel::O2;
    default: return llvm::OptimizationLevel::O3;
  }
}

}  // namespace

Processor processor(const char* name) {
  if (name != nullptr) return {name, ""};
  std::string features;
  for (const auto& [feature, is_there] : llvm::sys::getHostCPUFeatures()) {
    if (!features.empty()) features += ',';
    features += (is_there ? "+" : "-") + feature.str();
  }
  return {llvm::sys::getHostCPUName().str(), features};
}

std::unique_ptr<llvm::TargetMachine> machine_for(const Processor& processor, unsigned optimization) {
  initialise();
  const llvm::Triple triple(kTriple);
  std::string error;
  const llvm::Target* target = llvm::TargetRegistry::lookupTarget(triple, error);
  if (target == nullptr) return nullptr;
  llvm::TargetOptions options;
  options.AllowFPOpFusion = llvm::FPOpFusion::Strict;
  options.EmitStackSizeSection = true;
  const auto level = optimization == 0   ? llvm::CodeGenOptLevel::None
                     : optimization == 1 ? llvm::CodeGenOptLevel::Less
                                         : llvm::CodeGenOptLevel::Default;
  std::unique_ptr<llvm::TargetMachine> machine(target->createTargetMachine(
      triple, processor.name, processor.features, options, llvm::Reloc::PIC_, llvm::CodeModel::Small, level));
  if (!machine || !machine->getMCSubtargetInfo()->isCPUStringValid(processor.name)) return nullptr;
  return machine;
}

std::vector<llvm::Function*> promote_variables(Unit& unit) {
  llvm::FunctionAnalysisManager analyses;
  llvm::PassBuilder().registerFunctionAnalyses(analyses);
  std::vector<llvm::Function*> heavy;
  for (llvm::Function& function : unit.module) {
    if (function.isDeclaration() || !function.hasFnAttribute(kHasContext)) continue;
    llvm::PromotePass().run(function, analyses);
    uint64_t incoming = 0;
    for (const llvm::BasicBlock& block : function)
      for (const llvm::PHINode& phi : block.phis()) incoming += phi.getNumIncomingValues();
    if (incoming > kMaxIncomingValues) heavy.push_back(&function);
  }
  return heavy;
}

void optimise(Unit& unit, llvm::TargetMachine& machine, unsigned optimization,
              const std::function<bool()>& is_enough) {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  llvm::PassInstrumentationCallbacks callbacks;
  callbacks.registerShouldRunOptionalPassCallback([&](llvm::StringRef, llvm::Any) { return !is_enough(); });
  llvm::PipelineTuningOptions tuning;
  tuning.LoopVectorization = tuning.SLPVectorization = optimization >= 2;
  llvm::PassBuilder builder(&machine, tuning, std::nullopt, &callbacks);
  // There is no C library to call: not even memset.
  llvm::TargetLibraryInfoImpl library(machine.getTargetTriple());
  library.disableAllFunctions();
  functions.registerPass([&] { return llvm::TargetLibraryAnalysis(library); });
  builder.registerVectorizerStartEPCallback([](llvm::FunctionPassManager& passes, llvm::OptimizationLevel) {
    passes.addPass(WidenAddresses());
    passes.addPass(LeaveScattersAlone());
  });
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  llvm::ModulePassManager passes;
  passes.addPass(llvm::AlwaysInlinerPass(false));
  passes.addPass(llvm::createModuleToFunctionPassAdaptor(LowerMeanings(unit)));
  passes.addPass(llvm::GlobalDCEPass());
  const auto level = level_of(optimization);
  passes.addPass(level == llvm::OptimizationLevel::O0 ? builder.buildO0DefaultPipeline(level)
                                                      : builder.buildPerModuleDefaultPipeline(level));
  if (optimization >= 2) passes.addPass(llvm::createModuleToFunctionPassAdaptor(JoinVectors()));
  passes.addPass(llvm::createModuleToFunctionPassAdaptor(KeepIdleAccesses()));
  passes.addPass(llvm::createModuleToFunctionPassAdaptor(GuardLoopsAndEntries(unit)));
  passes.addPass(llvm::createModuleToFunctionPassAdaptor(PlaceFoldedLoads()));
  passes.run(unit.module, modules);
}

namespace {

// A call's place is what its return address says: two must not become one. That LLVM is told by an attribute, which it
// forgets of a call whose address it takes from the stack.
class KeepCallsApart final : public llvm::MachineFunctionPass {
 public:
  KeepCallsApart() : MachineFunctionPass(id) {}
  bool runOnMachineFunction(llvm::MachineFunction& function) override {
    for (llvm::MachineBasicBlock& block : function)
      for (llvm::MachineInstr& instruction : block)
        if (instruction.isCall()) instruction.setFlag(llvm::MachineInstr::NoMerge);
    return false;
  }
  void getAnalysisUsage(llvm::AnalysisUsage& usage) const override {
    usage.setPreservesAll();
    MachineFunctionPass::getAnalysisUsage(usage);
  }

 private:
  static inline char id = 0;
};

}  // namespace

// As addPassesToEmitFile() does, but for a pass that follows variables for debuggers: there are none, and it takes a tenth
// of the time.
llvm::SmallVector<char, 0> emit_object(llvm::Module& module, llvm::TargetMachine& machine) {
  llvm::SmallVector<char, 0> object;
  llvm::raw_svector_ostream stream(object);
  llvm::legacy::PassManager passes;
  auto* functions = new llvm::MachineModuleInfoWrapperPass(&machine);
  llvm::TargetPassConfig* config = machine.createPassConfig(passes);
  config->setDisableVerify(true);
  config->disablePass(&llvm::LiveDebugValuesID);
  config->insertPass(&llvm::PrologEpilogCodeInserterID, new KeepCallsApart());
  passes.add(config);
  passes.add(functions);
  config->addISelPasses();
  config->addMachinePasses();
  config->setInitialized();
  machine.addAsmPrinter(passes, stream, nullptr, llvm::CodeGenFileType::ObjectFile,
                        functions->getMMI().getContext());
  passes.add(llvm::createFreeMachineFunctionPass());
  passes.run(module);
  return object;
}

}  // namespace godwit::llvm_tier
