// Unit: what all functions of one compilation share: LLVM's module, types, calling conventions, and the ways to the
// run-time world.
#pragma once

#include <llvm/IR/DIBuilder.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Module.h>

#include <optional>
#include <string>
#include <vector>

#include "facts.h"
#include "runtime/trap.h"
#include "wasm/module.h"
#include "wasm/opcodes.h"

namespace godwit::llvm_tier {

using Builder = llvm::IRBuilder<>;
using Values = llvm::SmallVector<llvm::Value*, 8>;

// How functions of a type are called by compiled code. The convention is C's: one by which every call could be a tail
// call costs every other call instructions.
//
//   result f(ctx, arguments…)                  up to three integers and two numbers or vectors come back in registers
//   void   f(ctx, results, arguments…)         else they go where `results` points: slots, as in frames
struct Signature {
  llvm::FunctionType* type;
  std::vector<llvm::Type*> params, results;
  uint32_t param_slots = 0, result_slots = 0;
  bool results_in_memory = false;
  unsigned first_param() const { return results_in_memory ? 2 : 1; }
};

// The name of own function number `defined` in the object file.
std::string function_name(uint32_t defined);
// That by which functions call it in their own place.
std::string tail_name(uint32_t defined);
// That of the one which begins at a loop of it.
std::string loop_name(uint32_t defined, uint32_t loop);

// What may not be the same memory, for alias analysis.
enum class Area : uint8_t { Context, Memory, Globals, Tables, Slots };

// Fields of what compiled code sees, by their names in the tables.
enum class ContextField : uint16_t {
#define GODWIT_VM_CONTEXT(type, name) name,
#include "runtime/vm_layout.def"
};
enum class StoreField : uint16_t {
#define GODWIT_VM_STORE(type, name) name,
#include "runtime/vm_layout.def"
};
enum class Libcall : uint16_t {
#define GODWIT_LIBCALL(name, signature) name,
#include "runtime/libcalls.def"
};

// An attribute of functions that have a context as their first argument.
inline constexpr const char* kHasContext = "godwit-has-context";

class Unit final {
 public:
  // `module` begins with the meanings of plain instructions, whose bodies are read as they are needed.
  // @param by_table  of each own function, whether it is called by VmContext::natives; outlives this, like `facts`
  Unit(const wasm::Module& wasm, llvm::Module& module, std::string cpu, std::string cpu_features,
       const std::vector<bool>& by_table, const CallFacts& facts);

  bool has_precise_traps = false;
  bool counts_fuel = false;

  const wasm::Module& wasm;
  llvm::Module& module;
  llvm::LLVMContext& context;
  llvm::Type *i8, *i16, *i32, *i64, *f32, *f64, *v128, *none;
  llvm::PointerType* ptr;

  llvm::Type* type_of(wasm::ValType type) const;
  const Signature& signature(wasm::TypeIdx type);

  // Whether the own function is called as a part of the same image, or by VmContext::natives.
  bool is_called_directly(uint32_t defined) const { return !by_table_[defined]; }
  const CallFacts& facts() const { return facts_; }
  // The own function number `defined`, with or without a body here.
  llvm::Function* function(uint32_t defined);
  // The same by the name that tail calls use: if the function turns out to have no code, it stands for asking the caller
  // to call it.
  llvm::Function* tail_function(uint32_t defined);
  // The one that begins at a loop of own function `defined`.
  llvm::Function* loop_function(uint32_t defined, uint32_t loop);
  // One that calls own function `defined`, of which there is no compiled code.
  llvm::Function* own_caller(uint32_t defined);
  // Those that were asked for.
  const std::vector<uint32_t>& own_callers() const { return own_callers_; }
  // Makes a function with the attributes that all code has.
  llvm::Function* new_function(llvm::FunctionType* type, const std::string& name);
  // The one through which functions of a type are called whose record says nothing of compiled code.
  llvm::Function* record_caller(wasm::TypeIdx type);
  bool has_record_caller(wasm::TypeIdx type) const { return record_callers_[type.value] != nullptr; }
  // The one that makes the tail call which a function of a type has asked for.
  llvm::Function* finisher(wasm::TypeIdx type);
  bool has_finisher(wasm::TypeIdx type) const { return finishers_[type.value] != nullptr; }
  // The meaning of a plain instruction; null if it has none.
  llvm::Function* meaning(wasm::Opcode op) const;
  // Whether the processor lacks instructions that the meaning is made of.
  bool is_beyond_processor(wasm::Opcode op) const;
  // A function of meanings_gc.h.
  llvm::Function* gc_meaning(std::string_view name) const;
  llvm::Function* trap_function() const { return trap_; }

  // Marks a load as one of something that never changes.
  llvm::LoadInst* invariant(llvm::LoadInst* load) const;
  // Says which area an access belongs to.
  template <class Access>
  Access* in(Area area, Access* access) const {
    access->setMetadata(llvm::LLVMContext::MD_tbaa, areas_[static_cast<size_t>(area)]);
    return access;
  }
  // A field of the context, which never changes in an instance's life.
  llvm::Value* context_field(Builder& b, llvm::Value* ctx, ContextField field) const;
  // Where a field of the store lies.
  llvm::Value* store_field_address(Builder& b, llvm::Value* ctx, StoreField field) const;
  llvm::CallInst* call(Builder& b, llvm::Value* ctx, Libcall which,
                       llvm::ArrayRef<llvm::Value*> arguments) const;

  // Where debug information about the function `defined` hangs; offsets in the module stand for lines.
  llvm::DebugLoc location(llvm::Function* function, uint32_t offset);
  void finish();

 private:
  llvm::Function* new_guest_function(llvm::FunctionType* type, const std::string& name);
  llvm::Function* new_internal_function(llvm::FunctionType* type, const std::string& name);
  void name_areas();
  void name_meanings();
  llvm::Function* adopt(llvm::Function* meaning) const;

  std::string cpu_, cpu_features_;
  std::vector<std::optional<Signature>> signatures_;
  const std::vector<bool>& by_table_;
  const CallFacts& facts_;
  std::vector<llvm::Function*> functions_;
  std::vector<uint32_t> own_callers_;
  std::vector<llvm::Function*> record_callers_, finishers_;
  std::vector<llvm::Function*> meanings_;
  llvm::Function* trap_ = nullptr;
  llvm::MDNode* areas_[5] = {};
  llvm::DIBuilder debug_;
  llvm::DIFile* file_;
};

}  // namespace godwit::llvm_tier
