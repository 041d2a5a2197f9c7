// FunctionTranslator: one function body into LLVM's IR. The operand stack exists only while translating: its entries are
// values. Locals are variables that LLVM turns into values.
#pragma once

#include <string>

#include "runtime/gc_type.h"
#include "unit.h"
#include "wasm/instruction.h"

namespace godwit::llvm_tier {

// Whether every access of a memory must be checked: else it has 8 GiB of address space, which a 32-bit address with a 32-bit
// offset cannot leave.
bool needs_checks(const wasm::MemType& type);
// Of the addresses of what lies in memory.
inline llvm::GEPNoWrapFlags place_flags() {
  return llvm::GEPNoWrapFlags::inBounds() | llvm::GEPNoWrapFlags::noUnsignedWrap();
}

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

 private:
  static constexpr uint32_t kNoTry = ~uint32_t{0};
  static constexpr uint64_t kStepsPerByte = 64;
  struct Label {
    enum class Kind : uint8_t { Block, Loop, If, TryTable, Try, Catch };
    Kind kind;
    llvm::BasicBlock* target;                   // where branches go: behind the block, or to the loop's head
    llvm::SmallVector<llvm::PHINode*, 2> phis;  // what they carry
    size_t height;                              // of the stack below the block's parameters
    llvm::BasicBlock* otherwise = nullptr;      // of an `if` whose `else` has not come yet
    Values params = {};                         // what that begins with
    uint32_t inside = kNoTry;                   // the innermost try around what stands here
    uint32_t own_try = kNoTry;
    llvm::Value* caught = nullptr;  // of a legacy clause: the exception
    uint32_t begins_at = 0;         // of a loop: its instruction
    bool is_entered = false;        // the function begins within: see function_entry.cc
  };
  struct Try {
    uint32_t outer;
    bool is_legacy;
    std::vector<wasm::Catch> clauses;  // whose labels are counted from the function's; none of a legacy try
    llvm::BasicBlock* landing = nullptr;  // where what is thrown goes, once something may be
    llvm::BasicBlock* cursor = nullptr;   // where the next clause is to be looked at
  };

  // --- Going through the body (function.cc)
  bool translate(const wasm::Instruction& in);
  bool is_skipped(const wasm::Instruction& in);
  // Until only the outermost `depth` constructs are open.
  bool translate_until(size_t depth, wasm::InstructionReader& reader);
  void declare_locals(const std::vector<wasm::InstructionReader::LocalGroup>& groups);
  void keep_unused_loads();
  void charge(const wasm::Instruction& in);
  llvm::BinaryOperator* take_fuel(llvm::Value* amount);
  bool leave_out(std::string why);
  bool leave_out(const wasm::Instruction& in);

  // --- Beginning at a loop (function_entry.cc)
  void take_locals_from_frame(const std::vector<wasm::InstructionReader::LocalGroup>& groups);
  bool enter_here();
  void forget_what_came_before();
  bool end_entered_loop();

  // --- Control (function_control.cc)
  bool control(const wasm::Instruction& in);
  const wasm::FuncType block_type(const wasm::BlockType& type) const;
  void open(Label label);
  llvm::BasicBlock* new_block(const char* name);
  void make_phis(Label& label, llvm::ArrayRef<wasm::ValType> types);
  void begin_block(const wasm::Instruction& in, Label::Kind kind);
  bool begin_loop(const wasm::Instruction& in);
  void begin_if(const wasm::Instruction& in);
  void otherwise();
  bool end();
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
  struct Call {
    wasm::TypeIdx type;
    const Signature& signature;
    llvm::Value* slots;  // for results that do not come in registers
    bool may_throw, may_request;
  };
  struct Callee {
    llvm::Value* code;  // may be null when it runs
    llvm::Value* self;  // what it gets first
    bool may_be_hosts = false;
  };
  Call begin_call(wasm::TypeIdx type, bool may_throw, bool may_request);
  Values call_code(const Call& call, llvm::Value* callee, llvm::FunctionType* type, Values first,
                   const Values& arguments);
  void end_call(const Call& call, Values results);
  void call_function(uint32_t func);
  void call_record(wasm::TypeIdx type, llvm::Value* record);
  void call_by_table(uint32_t defined, wasm::TypeIdx type);
  void call_if_there(wasm::TypeIdx type, const Callee& code, llvm::Function* caller, const Values& before);
  void return_call(uint32_t func);
  void return_call_record(wasm::TypeIdx type, llvm::Value* record);
  bool takes_own_place(const Signature& callee) const;
  void jump_to(const Signature& callee, llvm::Value* code, llvm::Value* ctx, const Values& arguments);
  llvm::Value* imported_record(uint32_t func);
  llvm::Value* indirect_record(const wasm::Instruction& in);
  llvm::Value* referenced_record();
  Callee code_of(llvm::Value* record);
  llvm::Value* table_element_address(uint32_t table, llvm::Value* index, runtime::Trap beyond);
  llvm::Value* table_element(uint32_t table, llvm::Value* index, runtime::Trap beyond);
  Values pop_arguments(const Signature& signature);

  // --- Exceptions (function_exceptions.cc)
  bool exception(const wasm::Instruction& in);
  llvm::Value* pending();
  llvm::BasicBlock* way_out();
  void return_nothing();
  llvm::BasicBlock* landing_of(uint32_t index);
  llvm::Value* begin_clause(uint32_t tag, llvm::BasicBlock* next);
  const std::vector<wasm::ValType>& payload_of(uint32_t tag);
  uint32_t payload_slots(uint32_t tag);
  void push_payload(uint32_t tag);
  uint32_t innermost_try() const;
  void throw_by(Libcall which, llvm::ArrayRef<llvm::Value*> arguments);
  void throw_tag(uint32_t tag);
  bool throw_to_own_clause(uint32_t tag);
  void begin_try(const wasm::Instruction& in, Label::Kind kind);
  void legacy_catch(uint32_t tag);
  void end_clauses(uint32_t own_try, uint32_t goes_to);

  // --- Objects (function_gc.cc)
  struct Field {
    runtime::GcStorage storage;
    uint32_t offset;
  };
  bool gc(const wasm::Instruction& in);
  runtime::GcStorage storage_of(wasm::ValType type) const;
  Field field_of(uint32_t type, uint32_t index) const;
  llvm::Value* canonical_id(uint32_t type);
  llvm::Value* header_of(uint32_t type);
  llvm::Value* gc_call(std::string_view name, llvm::ArrayRef<llvm::Value*> arguments);
  llvm::Value* store_of_ctx();
  llvm::Value* allocate(uint32_t type, uint64_t size_bytes);
  llvm::Value* read_heap(runtime::GcStorage storage, bool is_signed, llvm::Value* object,
                         llvm::Value* offset);
  void write_heap(runtime::GcStorage storage, llvm::Value* object, llvm::Value* offset, llvm::Value* value);
  void struct_new(uint32_t type, bool is_default);
  void struct_access(const wasm::Instruction& in);
  void array_access(const wasm::Instruction& in);
  void array_new_in_line(uint32_t type, uint32_t count);
  void array_operation(Libcall which, size_t operands, const wasm::Instruction& in, uint64_t more,
                       bool makes_array);
  llvm::Value* is_of(llvm::Value* ref, wasm::ValType type);
  void branch_on_cast(const wasm::Instruction& in);

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
  void wait_or_notify(const wasm::Instruction& in);
  // Where an access of so many bytes goes, with the address popped. It traps unless the address is a multiple of
  // `alignment`.
  llvm::Value* place(const wasm::MemArg& mem, uint32_t bytes, uint32_t alignment = 1);
  llvm::Value* memory_at(uint32_t memory);
  llvm::Value* table_at(uint32_t table);
  llvm::Value* memory_size(uint32_t memory);
  llvm::Value* memory_base(uint32_t memory);
  llvm::Value* is_inside(uint32_t memory, llvm::Value* begin, llvm::Value* size);
  template <class Pieces, class Rest>
  void by_size(llvm::Value* size, llvm::Value* is_inside, Pieces pieces, Rest rest);
  void fill_memory(const wasm::Instruction& in);
  void copy_memory(const wasm::Instruction& in);
  llvm::Value* table_size(uint32_t table);
  llvm::LoadInst* load_from(const wasm::MemArg& mem, llvm::Type* type, llvm::Value* at);
  void store_to(const wasm::MemArg& mem, llvm::Value* value, llvm::Value* at);
  llvm::Value* pop_wide() { return b_.CreateZExt(pop(), unit_.i64); }
  void poll();

  // --- Slots on the native stack for what libcalls take and give (function_values.cc)
  llvm::Value* scratch(uint32_t slots);
  llvm::Value* to_scratch(llvm::ArrayRef<llvm::Value*> values);
  uint32_t slots_of(llvm::ArrayRef<llvm::Value*> values) const;

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
  std::vector<llvm::LoadInst*> loads_;   // of guest memory
  llvm::BinaryOperator* run_ = nullptr;  // takes the fuel of what is being translated (wasm/fuel.h)
  bool is_dead_ = false;      // what follows is never reached, up to the next `else` or `end` of this block
  uint32_t dead_blocks_ = 0;  // begun meanwhile
  uint64_t steps_ = 0;        // of work beyond one per instruction
  uint64_t most_steps_ = 0;
  std::vector<Try> tries_;
  llvm::BasicBlock* way_out_ = nullptr;
  llvm::AllocaInst* scratch_ = nullptr;
  bool is_entered_ = false;  // at its loop
  bool is_shared_ = false;   // that loop is entered from elsewhere, too
  uint32_t loop_depth_ = 0;
  std::string why_;
};

}  // namespace godwit::llvm_tier
