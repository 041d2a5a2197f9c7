// CodeValidator: the validation algorithm for one sequence of instructions after another, reusing its stacks.
// spec: https://webassembly.github.io/spec/core/appendix/algorithm.html
//
// Errors stick: the first one is kept, later ones are ignored, and the caller asks once per instruction. What follows
// an error within an instruction works on whatever is on the stacks, so each access checks its index by itself.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/work_meter.h"
#include "wasm/instruction.h"
#include "wasm/matching.h"

namespace godwit::wasm {

class CodeValidator final {
 public:
  CodeValidator(const Module& module, const FeatureSet& features) : module_(module), features_(features) {}

  // Validates the body of a defined function of a module whose declarations are valid.
  Result<> body(FuncIdx func, Interrupt interrupt = {});

  // How much work the last body or expression was.
  uint64_t steps() const { return work_.steps(); }

  // Validates a constant expression of type `expected`, which may refer to the globals below `visible_globals`.
  Result<> const_expr(const ConstExpr& expr, ValType expected, uint32_t visible_globals);

 private:
  // An open block. The function itself is the outermost.
  struct ControlFrame {
    Opcode op;         // block, loop, if_, else_, try_, catch_, catch_all, try_table; the function's is block
    bool unreachable;  // the stack below its height is polymorphic
    BlockType type;
    uint32_t height;       // of the operand stack at its start, without parameters
    uint32_t init_height;  // of initialized_ at its start
    uint32_t seen_by = 0;  // offset of the br_table that has checked this label already
  };

  // The whole of one instruction.
  void step(const Instruction& ins);
  void plain(const Instruction& ins);
  void local_get(const Instruction& ins);
  void special(const Instruction& ins);
  void reference(const Instruction& ins);
  void aggregate(const Instruction& ins);
  void check_plain_immediates(const Instruction& ins);
  void check_mem_arg(const Instruction& ins);
  ValType plain_address(const Instruction& ins);
  void check_const(const Instruction& ins, uint32_t visible_globals);
  // Reads instructions until the outermost frame is closed.
  Result<> run(InstructionReader& reader, bool is_const, uint32_t visible_globals);
  // Asked when the work is due to be looked at.
  Result<> look_at_work();

  // Control.
  void open(Opcode op, const BlockType& type);
  ControlFrame close();
  void else_();
  void end();
  void legacy_catch(const Instruction& ins);
  void delegate(const Instruction& ins);
  void try_table(const Instruction& ins);
  void br_if(const Instruction& ins);
  void br_table(const Instruction& ins);
  void br_on_null(const Instruction& ins);
  void br_on_non_null(const Instruction& ins);
  void br_on_cast(const Instruction& ins);
  void call(const FuncType& type);
  void return_call(const FuncType& type);
  void select(const Instruction& ins);
  void set_unreachable();
  // The frame that `label` names, or null after an error. Valid until a frame is opened.
  ControlFrame* label_frame(uint32_t label);
  std::span<const ValType> params_of(const ControlFrame& frame) const;
  std::span<const ValType> results_of(const ControlFrame& frame) const;
  // What a branch to the frame takes: parameters of a loop, else results.
  std::span<const ValType> label_types(const ControlFrame& frame) const;

  // Operands.
  void push(ValType type) { values_.push_back(type); }
  void push_all(std::span<const ValType> types);
  ValType pop();
  void pop(ValType expected);
  void pop_all(std::span<const ValType> expected);
  // `count` operands of one type.
  void pop_many(ValType expected, size_t count);
  // True if the top of the stack, down to the innermost block's height, is exactly `types`.
  bool top_is(std::span<const ValType> types) const;
  // A reference; unknown references are (ref bottom).
  ValType pop_ref();
  // Does what is on the stack match, from the top down? Nothing is popped.
  void check_top(std::span<const ValType> expected);

  // Index spaces: each reports an unknown index and then returns null or nothing.
  const FuncType* func_type(uint32_t type);
  const SubType* struct_type(uint32_t type);
  const FieldType* array_field(uint32_t type);
  const Table* table(uint32_t index);
  const MemType* memory(uint32_t index);
  const FuncType* tag_type(uint32_t index);
  const ElemSegment* elem(uint32_t index);
  bool data(uint32_t index);
  bool check_type(ValType type);
  bool check_block_type(const BlockType& type);

  Result<> set_up_locals(const FuncType& signature, uint32_t at);
  // The type of a local, or nothing after an error.
  std::optional<ValType> local(uint32_t index);
  std::optional<ValType> late_local(uint32_t index);
  void set_local(uint32_t index);
  void error(std::string message, ErrorKind kind = ErrorKind::Invalid);
  void mismatch(ValType expected, ValType found);

  const Module& module_;
  FeatureSet features_;
  std::vector<ValType> values_;
  std::vector<ControlFrame> frames_;
  // Of locals the first few by index, the others as they are declared: a body of ten bytes may have 50,000.
  static constexpr size_t kDirectLocals = 256;
  struct LateLocals {
    uint32_t end;  // one past the last index
    ValType type;
  };
  std::vector<ValType> locals_;
  std::vector<LateLocals> late_locals_;
  uint32_t local_count_ = 0;
  std::vector<uint8_t> is_set_;        // by local: may be read; empty: all may
  std::vector<uint32_t> initialized_;  // locals that became readable, in order
  std::vector<InstructionReader::LocalGroup> groups_;
  Instruction instruction_;
  uint32_t height_ = 0;  // frames_.back().height
  std::optional<Error> error_;
  WorkMeter work_;
};

// As an i32 or i64.
constexpr ValType address_type(const Limits& limits) {
  return limits.addr == AddrType::I64 ? ValKind::I64 : ValKind::I32;
}

}  // namespace godwit::wasm
