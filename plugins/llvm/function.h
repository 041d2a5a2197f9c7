// FunctionTranslator: one function body into LLVM's IR. The operand stack exists only while translating: its entries are
// values. Locals are variables that LLVM turns into values.
#pragma once

#include <string>

#include "unit.h"
#include "wasm/instruction.h"

namespace godwit::llvm_tier {

class FunctionTranslator final {
 public:
  static constexpr uint32_t kNoLoop = ~uint32_t{0};
  // @param features what the module was validated with.
  // @param loop     where it begins (image::Function::loop), or kNoLoop: at the function's beginning.
  FunctionTranslator(Unit& unit, uint32_t defined, wasm::FeatureSet features, uint32_t loop = kNoLoop);

  // Gives the function its body. False if it is left to other tiers; why() says the reason, and the function has no
  // body then.
  bool run();
  const std::string& why() const { return why_; }
  llvm::Function* function() const { return function_; }
  // Own functions that are called in this one's place.
  const std::vector<uint32_t>& tail_callees() const { return tail_callees_; }

 private:
  struct Label {
    enum class Kind : uint8_t { Block, Loop, If };
    Kind kind;
    llvm::BasicBlock* target;                   // where branches go: behind the block, or to the loop's head
    llvm::SmallVector<llvm::PHINode*, 2> phis;  // what they carry
    size_t height;                              // of the stack below the block's parameters
    llvm::BasicBlock* otherwise = nullptr;      // of an `if` whose `else` has not come yet
    Values params = {};                         // what that begins with
  };

  // --- Going through the body (function.cc)
  bool translate(const wasm::Instruction& in);
  bool is_skipped(const wasm::Instruction& in);
  void declare_locals(const std::vector<wasm::InstructionReader::LocalGroup>& groups);
  void take_locals_from_frame(const std::vector<wasm::InstructionReader::LocalGroup>& groups);
  void keep_unused_loads();
  bool leave_out(std::string why);
  bool leave_out(const wasm::Instruction& in);

  // --- Control (function_control.cc)
  bool control(const wasm::Instruction& in);
  bool enter_here(const Label& loop);
  const wasm::FuncType block_type(const wasm::BlockType& type) const;
  llvm::BasicBlock* new_block(const char* name);
  void make_phis(Label& label, llvm::ArrayRef<wasm::ValType> types);
  void begin_block(const wasm::Instruction& in, Label::Kind kind);
  bool begin_loop(const wasm::Instruction& in);
  void begin_if(const wasm::Instruction& in);
  void otherwise();
  void end();
  void carry(Label& label);
  void branch_to(uint32_t depth);
  void branch_if(llvm::Value* condition, uint32_t depth);
  void branch_table(const wasm::Instruction& in);
  Label& label(uint32_t depth) { return labels_[labels_.size() - 1 - depth]; }
  void return_values();
  void trap_if(llvm::Value* condition, runtime::Trap why);
  void trap(runtime::Trap why);
  void become_dead();

  // --- Calls (function_calls.cc)
  bool call_function(uint32_t func);
  bool return_call(uint32_t func);
  void call_indirect(const wasm::Instruction& in);
  void call_ref(wasm::TypeIdx type);
  llvm::Value* table_element_address(uint32_t table, llvm::Value* index, runtime::Trap beyond);
  llvm::Value* table_element(uint32_t table, llvm::Value* index, runtime::Trap beyond);
  void call_record(wasm::TypeIdx type, llvm::Value* record);
  void call_by_table(uint32_t defined, const Signature& callee);
  struct Callee {
    llvm::Value* code;  // may be null when it runs
    llvm::Value* ctx;
  };
  void call_if_there(const Signature& callee, const Callee& code, llvm::Function* caller,
                     const Values& before);
  Values pop_arguments(const Signature& signature);
  // The results of a call of compiled code, which takes what comes before its arguments as `first`.
  Values call_code(llvm::Value* callee, llvm::FunctionType* type, const Signature& signature, Values first,
                   const Values& arguments);

  // --- Values and variables (function_values.cc)
  bool variable(const wasm::Instruction& in);
  bool reference(const wasm::Instruction& in);
  void select();
  bool plain(const wasm::Instruction& in);
  bool wide(const wasm::Instruction& in);
  bool lanes(const wasm::Instruction& in);
  llvm::Value* global_address(uint32_t global);
  llvm::Value* constant(const wasm::Instruction& in);

  // --- Memories and tables (function_memory.cc)
  bool load(const wasm::Instruction& in);
  bool store(const wasm::Instruction& in);
  bool memory(const wasm::Instruction& in);
  bool table(const wasm::Instruction& in);
  bool atomic(const wasm::Instruction& in);  // function_atomic.cc
  // Where an access of so many bytes goes, with the address popped. It traps unless the address is a multiple of
  // `alignment`.
  llvm::Value* place(const wasm::MemArg& mem, uint32_t bytes, uint32_t alignment = 1);
  llvm::Value* memory_at(uint32_t memory);
  llvm::Value* table_at(uint32_t table);
  llvm::Value* memory_size(uint32_t memory);
  llvm::Value* table_size(uint32_t table);
  llvm::LoadInst* load_from(const wasm::MemArg& mem, llvm::Type* type, llvm::Value* at);
  void store_to(const wasm::MemArg& mem, llvm::Value* value, llvm::Value* at);
  llvm::Value* pop_wide() { return b_.CreateZExt(pop(), unit_.i64); }
  void poll();

  // --- The stack
  void push(llvm::Value* value) { stack_.push_back(value); }
  llvm::Value* pop() {
    llvm::Value* value = stack_.back();
    stack_.pop_back();
    return value;
  }
  llvm::Value* top(size_t below = 0) { return stack_[stack_.size() - 1 - below]; }
  llvm::Value* number(uint32_t value) { return b_.getInt32(value); }

  Unit& unit_;
  const wasm::Module& wasm_;
  uint32_t defined_;
  wasm::FeatureSet features_;
  uint32_t loop_;
  llvm::Function* function_;
  const Signature& signature_;
  Builder b_;
  llvm::Value* ctx_;
  llvm::BasicBlock* entry_;
  std::vector<llvm::AllocaInst*> locals_;
  std::vector<llvm::Type*> local_types_;
  std::vector<llvm::Value*> stack_;
  std::vector<Label> labels_;
  std::vector<llvm::LoadInst*> loads_;  // of guest memory
  bool is_dead_ = false;      // what follows is never reached, up to the next `else` or `end` of this block
  uint32_t dead_blocks_ = 0;  // begun meanwhile
  uint64_t steps_ = 0;        // of work beyond one per instruction
  std::vector<uint32_t> tail_callees_;
  bool is_entered_ = false;  // at its loop
  uint32_t loop_depth_ = 0;
  std::string why_;
};

}  // namespace godwit::llvm_tier
