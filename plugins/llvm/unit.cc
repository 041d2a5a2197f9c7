// Types, conventions and the ways to the run-time world, in LLVM's terms.
#include "unit.h"

#include <llvm/IR/InstIterator.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/MDBuilder.h>

#include "runtime/vm.h"

namespace godwit::llvm_tier {

namespace {

constexpr uint32_t kContextOffsets[] = {
#define GODWIT_VM_CONTEXT(type, name) offsetof(runtime::VmContext, name),
#include "runtime/vm_layout.def"
};
constexpr uint32_t kStoreOffsets[] = {
#define GODWIT_VM_STORE(type, name) offsetof(runtime::VmStore, name),
#include "runtime/vm_layout.def"
};
constexpr uint32_t kLibcallOffsets[] = {
#define GODWIT_LIBCALL(name, signature) offsetof(runtime::VmLibcalls, name),
#include "runtime/libcalls.def"
};
constexpr std::string_view kLibcallSignatures[] = {
#define GODWIT_LIBCALL(name, signature) signature,
#include "runtime/libcalls.def"
};

constexpr unsigned kMaxIntResults = 3, kMaxVectorResults = 2;

}  // namespace

std::string function_name(uint32_t defined) { return "f" + std::to_string(defined); }

std::string tail_name(uint32_t defined) { return "q" + std::to_string(defined); }

std::string loop_name(uint32_t defined, uint32_t loop) {
  return "l" + std::to_string(defined) + "_" + std::to_string(loop);
}

Unit::Unit(const wasm::Module& wasm_module, llvm::Module& llvm_module, std::string cpu,
           std::string cpu_features, const std::vector<bool>& by_table, const CallFacts& facts)
    : wasm(wasm_module),
      module(llvm_module),
      context(llvm_module.getContext()),
      i8(llvm::Type::getInt8Ty(context)),
      i16(llvm::Type::getInt16Ty(context)),
      i32(llvm::Type::getInt32Ty(context)),
      i64(llvm::Type::getInt64Ty(context)),
      f32(llvm::Type::getFloatTy(context)),
      f64(llvm::Type::getDoubleTy(context)),
      v128(llvm::FixedVectorType::get(i64, 2)),
      none(llvm::Type::getVoidTy(context)),
      ptr(llvm::PointerType::getUnqual(context)),
      cpu_(std::move(cpu)),
      cpu_features_(std::move(cpu_features)),
      signatures_(wasm.types.size()),
      by_table_(by_table),
      facts_(facts),
      functions_(wasm.bodies.size()),
      record_callers_(wasm.types.size()),
      finishers_(wasm.types.size()),
      debug_(module) {
  name_areas();
  name_meanings();
  module.addModuleFlag(llvm::Module::Warning, "Dwarf Version", 4);
  module.addModuleFlag(llvm::Module::Warning, "Debug Info Version", llvm::DEBUG_METADATA_VERSION);
  file_ = debug_.createFile("wasm", "");
  debug_.createCompileUnit(llvm::DISourceLanguageName(llvm::dwarf::DW_LANG_C), file_, "", true, "", 0, "",
                           llvm::DICompileUnit::LineTablesOnly);
}

void Unit::name_areas() {
  llvm::MDBuilder metadata(context);
  llvm::MDNode* root = metadata.createTBAARoot("godwit");
  const char* const names[] = {"context", "memory", "globals", "tables", "slots"};
  for (size_t i = 0; i < std::size(names); ++i) {
    llvm::MDNode* type = metadata.createTBAAScalarTypeNode(names[i], root);
    areas_[i] = metadata.createTBAAStructTagNode(type, type, 0);
  }
}

void Unit::name_meanings() {
  meanings_.resize(wasm::kOpcodeCount);
  for (size_t i = 0; i < wasm::kOpcodeCount; ++i)
    meanings_[i] = module.getFunction("godwit_op_" + std::string(wasm::kOpcodes[i].name));
  trap_ = module.getFunction("godwit_trap");
}

// Reads its body if it is used for the first time. It was compiled for a processor of its own; from here on it is like the
// module's functions.
llvm::Function* Unit::adopt(llvm::Function* meaning) const {
  if (meaning == nullptr || !meaning->isMaterializable()) return meaning;
  llvm::cantFail(meaning->materialize());
  for (const char* attribute :
       {"target-cpu", "target-features", "tune-cpu", "frame-pointer", "min-legal-vector-width"})
    meaning->removeFnAttr(attribute);
  meaning->removeFnAttr(llvm::Attribute::UWTable);
  meaning->addFnAttr("target-cpu", cpu_);
  meaning->addFnAttr("target-features", cpu_features_);
  meaning->setLinkage(llvm::GlobalValue::InternalLinkage);
  for (llvm::Instruction& instruction : llvm::instructions(*meaning))
    if (auto* call = llvm::dyn_cast<llvm::CallBase>(&instruction)) adopt(call->getCalledFunction());
  return meaning;
}

llvm::Type* Unit::type_of(wasm::ValType type) const {
  switch (type.kind()) {
    case wasm::ValKind::I32: return i32;
    case wasm::ValKind::F32: return f32;
    case wasm::ValKind::F64: return f64;
    case wasm::ValKind::V128: return v128;
    default: return i64;  // references are addresses
  }
}

const Signature& Unit::signature(wasm::TypeIdx type) {
  std::optional<Signature>& found = signatures_[type.value];
  if (found) return *found;
  Signature made;
  unsigned ints = 0, vectors = 0;
  for (const wasm::ValType result : wasm.types[type.value].func.results) {
    made.results.push_back(type_of(result));
    made.result_slots += result.slots();
    ++(made.results.back()->isIntegerTy() ? ints : vectors);
  }
  made.results_in_memory = ints > kMaxIntResults || vectors > kMaxVectorResults;
  std::vector<llvm::Type*> all{ptr};
  if (made.results_in_memory) all.push_back(ptr);
  for (const wasm::ValType param : wasm.types[type.value].func.params) {
    made.params.push_back(type_of(param));
    made.param_slots += param.slots();
    all.push_back(made.params.back());
  }
  llvm::Type* result = none;
  if (!made.results_in_memory && !made.results.empty())
    result = made.results.size() == 1 ? made.results[0] : llvm::StructType::get(context, made.results);
  made.type = llvm::FunctionType::get(result, all, false);
  found = std::move(made);
  return *found;
}

llvm::Function* Unit::new_function(llvm::FunctionType* type, const std::string& name) {
  auto* made = llvm::Function::Create(type, llvm::GlobalValue::ExternalLinkage, name, module);
  made->setVisibility(llvm::GlobalValue::HiddenVisibility);
  made->setDSOLocal(true);
  made->setDoesNotThrow();
  made->addFnAttr("target-cpu", cpu_);
  made->addFnAttr("target-features", cpu_features_);
  made->addFnAttr("frame-pointer", "all");  // backtraces walk them
  made->addFnAttr("probe-stack", "inline-asm");
  made->addFnAttr("disable-tail-calls", "true");  // recursion stays recursion: its depth is limited
  return made;
}

llvm::Function* Unit::function(uint32_t defined) {
  llvm::Function*& found = functions_[defined];
  if (found) return found;
  const wasm::TypeIdx type = wasm.funcs[wasm.imported_funcs + defined];
  found = new_guest_function(signature(type).type, function_name(defined));
  return found;
}

llvm::Function* Unit::tail_function(uint32_t defined) {
  const std::string name = tail_name(defined);
  if (llvm::Function* found = module.getFunction(name)) return found;
  return new_guest_function(signature(wasm.funcs[wasm.imported_funcs + defined]).type, name);
}

llvm::Function* Unit::loop_function(uint32_t defined, uint32_t loop) {
  return new_guest_function(llvm::FunctionType::get(none, {ptr, ptr}, false), loop_name(defined, loop));
}

llvm::Function* Unit::new_guest_function(llvm::FunctionType* type, const std::string& name) {
  llvm::Function* made = new_function(type, name);
  made->addFnAttr(kHasContext);
  // the compilers of guests have inlined what they wanted; so every call is a frame of a backtrace
  made->addFnAttr(llvm::Attribute::NoInline);
  made->addParamAttr(0, llvm::Attribute::NoAlias);
  made->addParamAttr(0, llvm::Attribute::NonNull);
  made->addDereferenceableParamAttr(0, sizeof(runtime::VmContext));
  return made;
}

llvm::Function* Unit::own_caller(uint32_t defined) {
  const std::string name = "s" + std::to_string(defined);
  if (llvm::Function* found = module.getFunction(name)) return found;
  const wasm::TypeIdx type = wasm.funcs[wasm.imported_funcs + defined];
  own_callers_.push_back(defined);
  return new_internal_function(signature(type).type, name);
}

llvm::Function* Unit::new_internal_function(llvm::FunctionType* type, const std::string& name) {
  llvm::Function* made = new_function(type, name);
  made->addFnAttr(kHasContext);
  made->addFnAttr(llvm::Attribute::NoInline);
  made->setVisibility(llvm::GlobalValue::DefaultVisibility);
  made->setLinkage(llvm::GlobalValue::InternalLinkage);
  return made;
}

llvm::Function* Unit::record_caller(wasm::TypeIdx type) {
  llvm::Function*& found = record_callers_[type.value];
  if (found) return found;
  const Signature& callee = signature(type);
  // r(ctx, record, [results,] arguments…)
  std::vector<llvm::Type*> params(callee.type->param_begin(), callee.type->param_end());
  params.insert(params.begin() + 1, ptr);
  return found = new_internal_function(llvm::FunctionType::get(callee.type->getReturnType(), params, false),
                                       "r" + std::to_string(type.value));
}

llvm::Function* Unit::finisher(wasm::TypeIdx type) {
  llvm::Function*& found = finishers_[type.value];
  if (found) return found;
  // p(ctx [, results])
  const Signature& callee = signature(type);
  std::vector<llvm::Type*> params(callee.type->param_begin(),
                                  callee.type->param_begin() + callee.first_param());
  return found = new_internal_function(llvm::FunctionType::get(callee.type->getReturnType(), params, false),
                                       "p" + std::to_string(type.value));
}

// Only the oldest processors do: rounding would be calls of a library that is not there.
bool Unit::is_beyond_processor(wasm::Opcode op) const {
  if (cpu_ != "x86-64") return false;
  for (const llvm::Instruction& instruction : llvm::instructions(*meaning(op))) {
    const auto* call = llvm::dyn_cast<llvm::IntrinsicInst>(&instruction);
    if (call == nullptr) continue;
    switch (call->getIntrinsicID()) {
      case llvm::Intrinsic::floor:
      case llvm::Intrinsic::ceil:
      case llvm::Intrinsic::trunc:
      case llvm::Intrinsic::roundeven: return true;
      default:
        if (call->getCalledFunction()->getName().starts_with("llvm.x86.")) return true;
    }
  }
  return false;
}

llvm::Function* Unit::gc_meaning(std::string_view name) const {
  return adopt(module.getFunction("godwit_gc_" + std::string(name)));
}

llvm::Function* Unit::meaning(wasm::Opcode op) const { return adopt(meanings_[static_cast<size_t>(op)]); }

llvm::LoadInst* Unit::invariant(llvm::LoadInst* load) const {
  load->setMetadata(llvm::LLVMContext::MD_invariant_load, llvm::MDNode::get(context, {}));
  return load;
}

llvm::Value* Unit::context_field(Builder& b, llvm::Value* ctx, ContextField field) const {
  llvm::Value* at = b.CreateConstInBoundsGEP1_64(i8, ctx, kContextOffsets[static_cast<size_t>(field)]);
  return in(Area::Context, invariant(b.CreateAlignedLoad(ptr, at, llvm::Align(8))));
}

llvm::Value* Unit::store_field_address(Builder& b, llvm::Value* ctx, StoreField field) const {
  llvm::Value* store = context_field(b, ctx, ContextField::store);
  return b.CreateConstInBoundsGEP1_64(i8, store, kStoreOffsets[static_cast<size_t>(field)]);
}

llvm::CallInst* Unit::call(Builder& b, llvm::Value* ctx, Libcall which,
                           llvm::ArrayRef<llvm::Value*> arguments) const {
  const std::string_view text = kLibcallSignatures[static_cast<size_t>(which)];
  llvm::SmallVector<llvm::Type*, 8> params;
  size_t i = 0;
  auto type_of_letter = [&](char letter) -> llvm::Type* {
    return letter == 'p' ? static_cast<llvm::Type*>(ptr) : letter == 'i' ? i32 : i64;
  };
  for (; text[i] != ':'; ++i) params.push_back(type_of_letter(text[i]));
  const std::string_view result = text.substr(i + 1);
  const bool returns = result != "!";
  auto* type =
      llvm::FunctionType::get(!returns || result.empty() ? none : type_of_letter(result[0]), params, false);
  llvm::SmallVector<llvm::Value*, 8> all{ctx};
  all.append(arguments.begin(), arguments.end());
  llvm::Value* table = in(
      Area::Context,
      invariant(b.CreateAlignedLoad(ptr, store_field_address(b, ctx, StoreField::libcalls), llvm::Align(8))));
  llvm::Value* at = b.CreateConstInBoundsGEP1_64(i8, table, kLibcallOffsets[static_cast<size_t>(which)]);
  llvm::Value* function = in(Area::Context, invariant(b.CreateAlignedLoad(ptr, at, llvm::Align(8))));
  llvm::CallInst* call = b.CreateCall(type, function, all);
  call->setDoesNotThrow();
  if (!returns) {
    call->setDoesNotReturn();
    call->addFnAttr(llvm::Attribute::Cold);
    call->addFnAttr(llvm::Attribute::NoMerge);  // each says where it stands
  }
  return call;
}

llvm::DebugLoc Unit::location(llvm::Function* function, uint32_t offset) {
  if (!function->getSubprogram()) {
    auto* type = debug_.createSubroutineType(debug_.getOrCreateTypeArray({}));
    function->setSubprogram(debug_.createFunction(file_, function->getName(), "", file_, offset, type, offset,
                                                  llvm::DINode::FlagZero,
                                                  llvm::DISubprogram::SPFlagDefinition));
  }
  return llvm::DILocation::get(context, offset, 0, function->getSubprogram());
}

void Unit::finish() {
  debug_.finalize();
  for (llvm::Function& function : llvm::make_early_inc_range(module))
    if (function.isMaterializable()) function.eraseFromParent();  // a meaning that nothing here has
}

}  // namespace godwit::llvm_tier
