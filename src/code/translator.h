// Translator: the state of translating one function. Methods are grouped by file: translator_values.cc (operand stack
// and accumulators), translator_numeric.cc, translator_memory.cc, translator_control.cc, translator_calls.cc.
//
// Operands are kept symbolic as long as possible: constants and locals cost no cell, a result is left in its
// accumulator and gets a slot only if it must outlive it. Rules that keep this true:
//
//  - Every cell that makes a value of a class writes that class's accumulator; before one is emitted, a pending value
//    of the class that is still on the stack gets its slot (flush). Moves (copy, put_…) touch no accumulator.
//  - Changing a cell so that it also writes its slot is right wherever it stands, as it ran before all that follows.
//  - A write to a local first saves the operands that mean its old value. Where control enters a block, all operands
//    that mean locals are saved, so that both ways to a label agree on where operands lie.
//  - At a label nothing is known of the accumulators, and the label's values lie in their own slots.
#pragma once

#include <algorithm>
#include <span>
#include <string>

#include "code/acc_tracker.h"
#include "code/code_buffer.h"
#include "code/operand.h"
#include "code/shuffle.h"
#include "code/translate.h"
#include "wasm/instruction.h"

namespace godwit::code {

namespace ops {
enum class GcTarget : uint8_t;
}

class Translator final {
 public:
  // Memory that is used for one function after another. What was translated takes the cells and literals with it.
  struct Buffers;

  // @param buffers outlive this object.
  Translator(const runtime::Module& module, wasm::FuncIdx func, const TranslateOptions& options,
             Buffers& buffers);
  ~Translator();
  Translator(const Translator&) = delete;
  Translator& operator=(const Translator&) = delete;
  Result<Translation> run();

 private:
  // --- Structure: translator.cc -----------------------------------------------------------------------------------
  Result<> lay_out_frame(wasm::InstructionReader& reader);
  Result<> instruction(const wasm::Instruction& in);
  void in_dead_code(const wasm::Instruction& in);
  Result<> other(const wasm::Instruction& in);
  Result<> control(const wasm::Instruction& in);
  Result<> variable(const wasm::Instruction& in);
  Result<> reference(const wasm::Instruction& in);
  Result<> memory_or_table(const wasm::Instruction& in);
  Result<> unsupported(const wasm::Instruction& in) const;
  Result<> needs_later(const wasm::Instruction& in, wasm::Feature feature) const;
  std::string function_text() const;
  // Checked after every instruction: what comes between two checks is bounded.
  bool is_within_bounds() const {
    return frame_slots_ <= kMaxFrameSlots && !code_.is_too_large() && !work_.is_due();
  }
  Result<> look_at_bounds();

  // --- Values: translator_values.cc ---------------------------------------------------------------------------------
  uint32_t next_slot() const { return stack_.empty() ? first_temp_ : stack_.back().end_slot(); }
  Operand& push(Operand::Where where,
                wasm::ValKind kind);  // gives it its slot; what `where` wants is set after
  void push_temp(wasm::ValKind kind) { push(Operand::Where::Temp, kind); }
  void push_const(wasm::ValKind kind, uint64_t bits);
  void push_local(uint32_t index);
  void push_again(const Operand& operand);  // one that was just popped, as it was
  Operand pop();
  void truncate(size_t height);
  // Operands that mean the same local form a list; a Local operand is in it while it is on the stack.
  void link_local(Operand& operand, uint32_t place);
  void unlink_local(const Operand& operand);

  // Where an operand can be read now.
  Source source_of(const Operand& operand) const;
  // Emits a cell that makes a value in its accumulator; pushes the value.
  uint32_t emit_result(CellOp op, wasm::ValKind kind, uint32_t a, uint32_t b);
  uint32_t emit_far_result(CellOp op, wasm::ValKind kind, uint32_t a, uint64_t literal);
  void made_result(wasm::ValKind kind, uint32_t cell);
  // Emits a cell that makes a value in a slot of its own; pushes it.
  void emit_slot_result(CellOp op, wasm::ValKind kind, uint32_t a, uint32_t b);

  // Writes a pending value to its slot if it is still on the stack.
  void flush(AccClass acc);
  void flush_all();
  // The same, for operands whose slot is below `end_slot`.
  void flush_below(AccClass acc, uint32_t end_slot);
  void flush_all_below(uint32_t end_slot);
  void write_pending(AccState& state);
  // Nothing is known of the accumulators any more.
  void reset_accs();

  // Makes sure that the operand lies in a slot: place(). Constants are put into their own.
  void to_readable_slot(Operand& operand);
  // The same, but its own slot. The operand is not on the stack any more.
  void to_own_slot(Operand& operand);
  // The same for an operand on the stack.
  void settle(Operand& operand);
  void top_to_own_slots(size_t count);
  // Moves the operand's value to `slot`.
  void move_to(const Operand& operand, uint32_t slot);
  void emit_copy(wasm::ValKind kind, uint32_t from, uint32_t to);
  void emit_put(wasm::ValKind kind, uint64_t bits, uint32_t slot);
  // Saves the operands that mean the local at `slot`, or all that mean locals.
  void save_local(uint32_t index);
  void save_locals();
  void set_local(uint32_t index, bool keep);
  // Brings an integer into the accumulator.
  void load_acc(Operand& operand);

  // --- Numbers: translator_numeric.cc -------------------------------------------------------------------------------
  void unary(wasm::Opcode op);
  void wrap();
  void binary(wasm::Opcode op);
  // Of numbers of 64 bits, unsigned; false if it is not done.
  bool divide_by_constant(const Operand& x, const Operand& y);
  void select(wasm::ValKind kind);
  void wide(wasm::Opcode op);

  // --- Vectors: translator_simd.cc ----------------------------------------------------------------------------------
  Result<> simd(const wasm::Instruction& in);
  void simd_unary(wasm::Opcode op);
  void simd_binary(wasm::Opcode op);
  void simd_ternary(wasm::Opcode op);
  void simd_shift(wasm::Opcode op);
  void simd_extract(const wasm::Instruction& in);
  void simd_replace(const wasm::Instruction& in);
  void simd_shuffle(const wasm::Instruction& in);
  bool simd_known_shuffle(const Operand& x, const Operand& y, const ShuffleLanes& lanes);
  Result<> simd_load(const wasm::Instruction& in);
  Result<> simd_store(const wasm::Instruction& in);
  Result<> simd_load_lane(const wasm::Instruction& in);
  Result<> simd_store_lane(const wasm::Instruction& in);
  uint32_t simd_address(Operand& address, uint64_t offset);
  // Pushes the result of a cell that writes its slot and the accumulator.
  void made_written_result(wasm::ValKind kind, uint32_t cell);

  // --- Structs, arrays, casts: translator_gc.cc ---------------------------------------------------------------------
  Result<> gc(const wasm::Instruction& in);
  const runtime::GcType& gc_type(uint32_t type) const;
  void gc_unary(CellOp first, wasm::ValKind result);
  void struct_new_(const wasm::Instruction& in, uint32_t written_fields);
  void struct_get_(const wasm::Instruction& in);
  void struct_set_(const wasm::Instruction& in);
  void array_get_(const wasm::Instruction& in);
  void array_set_(const wasm::Instruction& in);
  void array_op(CellOp op, size_t operands, const wasm::Instruction& in, uint64_t more, bool makes_array);
  ops::GcTarget target_of(wasm::ValType type, uint64_t& literal) const;
  void ref_test_(wasm::ValType type);
  void ref_cast_(wasm::ValType type);
  void br_on_cast(const wasm::Instruction& in, bool wanted);

  // --- Memory, tables, globals: translator_memory.cc ----------------------------------------------------------------
  Result<> load(const wasm::Instruction& in);
  Result<> store(const wasm::Instruction& in);
  Result<> check_memory(const wasm::Instruction& in, uint32_t memory) const {
    if (memory <= 0xFFFF) [[likely]]
      return {};
    return refuse_memory(in, memory);
  }
  Result<> refuse_memory(const wasm::Instruction& in, uint32_t memory) const;
  Result<> check_table(const wasm::Instruction& in, uint32_t table) const;
  Result<> atomic(const wasm::Instruction& in);  // translator_atomic.cc
  bool is_unchecked(uint32_t memory) const;
  Width memory_width(uint32_t memory) const;
  Width table_width(uint32_t table) const;
  // How checked accesses name the memory.
  uint64_t memory_literal(uint32_t memory) const;
  // True if the access has an op of cells_wide.def.
  bool has_wide_ops(uint32_t memory, uint64_t offset) const;
  // An address that is a sum and was to be the last cell's result: that cell's fields, for an access to do the sum.
  struct SumAddress {
    Form form;
    uint32_t a, b;
  };
  std::optional<SumAddress> take_sum(const Operand& address, uint64_t offset);
  // An op that takes its operands from, and puts its result to, the slots from a.
  void slots_op(CellOp op, size_t operands, uint32_t d, uint32_t b);
  void global_get(uint32_t index);
  void global_set(uint32_t index);

  // --- Control: translator_control.cc -------------------------------------------------------------------------------
  struct Frame {
    // Try: the body of a legacy try; Catch: one of its clauses.
    enum class Kind : uint8_t { Function, Block, Loop, If, Else, TryTable, Try, Catch } kind;
    size_t height;       // operands below its parameters
    uint32_t base_slot;  // of its first parameter or result
    const wasm::FuncType*
        type;  // of the block; null: no parameters, and the result `single` unless that is Bot
    wasm::ValType single = wasm::ValKind::Bot;
    Label end;                                      // of loops: the start, bound
    Label else_label;                               // If: where the branch over it waits
    uint32_t region = DraftCatches::kNone;          // where what is thrown here is looked for first
    uint32_t own_region = DraftCatches::kNone;      // of a try: its body's
    uint32_t waiting_clause = DraftCatches::kNone;  // the last clause that waits for `end`
    uint32_t clause = DraftCatches::kNone;          // Catch: itself

    bool is_label_used() const { return end.is_used() || waiting_clause != DraftCatches::kNone; }
    std::span<const wasm::ValType> params() const;
    std::span<const wasm::ValType> results() const;
    std::span<const wasm::ValType> label_types() const { return kind == Kind::Loop ? params() : results(); }
  };
  // A branch's condition: a comparison taken off the code again, or a value to be tested.
  struct Condition {
    bool is_compare = false;
    wasm::Opcode compare{};  // is_compare
    Form form{};             // is_compare
    bool is_wide = false;    // a test of 64 bits
    Source source{};         // of the value to be tested
    bool is_negated = false;
    uint32_t a = 0, d = 0;
  };
  void block(const wasm::Instruction& in);
  void else_();
  void end();
  void end_function(Frame& frame);
  void br(uint32_t depth);
  void br_if(uint32_t depth);
  void br_table(const wasm::Instruction& in);
  void br_on_null(uint32_t depth);
  void br_on_non_null(uint32_t depth);
  void return_();
  void emit_return();
  void mark_unreachable();
  Condition take_condition();
  bool take_compare(Condition& condition);
  std::optional<int32_t> constant_of(const DraftCell& cell);
  Condition test_of(const Operand& operand, bool is_wide) const;
  // A branch with `condition`, if it is `wanted`, to a label.
  void emit_branch(const Condition& condition, bool wanted, Label& label);
  // Emits the end of a counted loop for a branch back, in place of the last cell; false if that is no such thing.
  bool emit_step(const Condition& condition, bool wanted, const Label& label);
  // Branches to the frame's label if the condition holds; the label's values are on the stack and stay there.
  void branch_if(const Condition& condition, bool wanted, uint32_t depth);
  void emit_jump(Frame& frame);
  // Moves the top operands to the slots of the frame's label.
  void move_to_label(const Frame& frame);
  Frame& frame_at(uint32_t depth) { return frames_[frames_.size() - 1 - depth]; }
  void bind_end(Frame& frame);
  void push_types(std::span<const wasm::ValType> types);
  // Opens a frame of that kind, if it is no If; what it needs is on the stack.
  Frame& open_frame(Frame::Kind kind, const wasm::BlockType& type);

  // --- Calls: translator_calls.cc -----------------------------------------------------------------------------------
  enum class CallKind : uint8_t { Normal, Tail };
  void call(uint32_t func, CallKind kind);
  Result<> call_indirect(const wasm::Instruction& in, CallKind kind);
  void narrow_index(const Operand& index);
  void call_ref(uint32_t type, CallKind kind);
  void finish_call(const wasm::FuncType& type, CellOp op, uint32_t d, uint32_t b, CallKind kind);

  // --- Exceptions: translator_exceptions.cc -------------------------------------------------------------------------
  Result<> exception(const wasm::Instruction& in);
  std::span<const wasm::ValType> payload_of(uint32_t tag);
  void throw_(uint32_t tag);
  bool throw_to_own_clause(uint32_t tag);
  void throw_ref();
  void exception_in_dead_code(const wasm::Instruction& in);
  void try_table(const wasm::Instruction& in);
  void legacy_try(const wasm::Instruction& in);
  void legacy_catch(const wasm::Instruction& in);
  void delegate(uint32_t depth);
  void rethrow(uint32_t depth);
  // The body of a try begins or ends: from here on its region or the one around it counts.
  void open_region(Frame& frame);
  void close_region(Frame& frame);
  void results_to_label(const Frame& frame);
  void bind_clauses(Frame& frame);
  void end_catch(Frame& frame);

  // The last cell with an integer result that was emitted for a plain instruction: one that uses the result may take
  // its place. Unary instructions have a source, binary ones a form.
  struct LastPlain {
    uint32_t cell = AccState::kNothing;
    wasm::Opcode op{};
    Form form{};
    Source source{};
    AccState int_acc_before;
  };
  // True if `operand`, just popped, is that cell's result and nobody else's business.
  bool is_last_plain(const Operand& operand);
  // Takes the cell off the code.
  DraftCell take_last_plain();

  // The last load that was emitted, for a binary instruction that can do it.
  struct LastLoad {
    uint32_t cell = AccState::kNothing;
    wasm::Opcode op{};
    Place place{};
    AccState acc_before;
  };
  bool is_last_load(const Operand& operand);
  // Emits `op` with its right operand `loaded` by the last cell, which it replaces; false if it cannot.
  bool binary_with_load(wasm::Opcode op, Operand left, const Operand& loaded);

  // Takes the instruction's fuel, before it runs.
  void charge(const wasm::Instruction& in);
  static constexpr uint32_t kNoRun = ~uint32_t{0};

  const runtime::Module& module_;
  const wasm::Module& wasm_;
  wasm::FuncIdx func_;
  const wasm::FuncType& type_;
  TranslateOptions options_;
  Buffers& buffers_;

  CodeBuffer code_;
  DraftCatches catches_;
  AccTracker accs_;
  LastPlain last_plain_;
  LastLoad last_load_;
  WorkMeter work_;
  std::vector<Operand> stack_;
  size_t settled_ = 0;  // so many operands, from the bottom, are known to lie in their own slots
  std::vector<Frame> frames_;
  uint32_t run_ = kNoRun;  // the cell that takes the fuel of what is being translated
  bool is_unreachable_ = false;
  uint32_t dead_depth_ = 0;  // blocks opened in unreachable code

  std::vector<wasm::ValKind> local_kinds_;
  std::vector<uint32_t> local_slots_;
  std::vector<uint32_t> local_tops_;  // the topmost operand that means this local, or Operand::kNoPlace
  size_t local_operands_ = 0;         // operands on the stack that mean a local
  uint32_t header_slot_ = 0;
  uint32_t first_temp_ = 0;
  uint32_t frame_slots_ = 0;
};

struct Translator::Buffers {
  CodeBuffer code;
  std::vector<Operand> stack;
  std::vector<Frame> frames;
  std::vector<wasm::ValKind> local_kinds;
  std::vector<uint32_t> local_slots;
  std::vector<uint32_t> local_tops;
  wasm::Instruction instruction;
};

// What every instruction does, inline.

// Written where it stays: to copy an operand that was just put together would wait for its parts to be stored.
inline Operand& Translator::push(Operand::Where where, wasm::ValKind kind) {
  const uint32_t slot = next_slot();
  accs_.forget(slot);
  Operand& operand = stack_.emplace_back();
  operand.where = where;
  operand.kind = kind;
  operand.slot = slot;
  frame_slots_ = std::max(frame_slots_, operand.end_slot());
  return operand;
}

inline void Translator::push_const(wasm::ValKind kind, uint64_t bits) {
  push(Operand::Where::Const, kind).bits = bits;
  if (!options_.fold) to_own_slot(stack_.back());
}

inline void Translator::push_local(uint32_t index) {
  Operand& operand = push(Operand::Where::Local, local_kinds_[index]);
  operand.local_slot = local_slots_[index];
  operand.local_index = index;
  link_local(operand, static_cast<uint32_t>(stack_.size() - 1));
  if (!options_.fold) save_locals();
}

inline void Translator::push_again(const Operand& operand) {
  frame_slots_ = std::max(frame_slots_, operand.end_slot());
  stack_.push_back(operand);
  if (operand.where == Operand::Where::Local)
    link_local(stack_.back(), static_cast<uint32_t>(stack_.size() - 1));
}

// Operands that mean the same local form a list, the topmost first.
inline void Translator::link_local(Operand& operand, uint32_t place) {
  uint32_t& top = local_tops_[operand.local_index];
  operand.set_neighbours(top, Operand::kNoPlace);
  if (top != Operand::kNoPlace) stack_[top].set_above(place);
  top = place;
  ++local_operands_;
}

inline void Translator::unlink_local(const Operand& operand) {
  const uint32_t below = operand.below(), above = operand.above();
  if (above == Operand::kNoPlace) local_tops_[operand.local_index] = below;
  else stack_[above].set_below(below);
  if (below != Operand::kNoPlace) stack_[below].set_above(above);
  --local_operands_;
}

inline Operand Translator::pop() {
  Operand operand = stack_.back();
  stack_.pop_back();
  settled_ = std::min(settled_, stack_.size());
  if (operand.where == Operand::Where::Local) unlink_local(operand);
  return operand;
}

inline void Translator::write_pending(AccState& state) {
  if (!state.is_pending) return;
  CellOp& op = code_[state.producer].op;
  op = with_slot(op);
  state.is_pending = false;
}

inline void Translator::flush(AccClass acc) { flush_below(acc, next_slot()); }

inline void Translator::flush_below(AccClass acc, uint32_t end_slot) {
  if (acc == AccClass::None) return;
  AccState& state = accs_[acc];
  if (state.is_pending && state.slot < end_slot) write_pending(state);
}

inline Source Translator::source_of(const Operand& operand) const {
  if (operand.where == Operand::Where::Const) return Source::K;
  return accs_.holds(acc_class_of(operand.kind), operand.place()) ? Source::A : Source::S;
}

inline uint32_t Translator::emit_result(CellOp op, wasm::ValKind kind, uint32_t a, uint32_t b) {
  flush(acc_class_of(kind));
  uint32_t cell = code_.emit(op, a, next_slot(), b);
  made_result(kind, cell);
  return cell;
}

inline void Translator::made_result(wasm::ValKind kind, uint32_t cell) {
  push_temp(kind);
  AccState& state = accs_[acc_class_of(kind)];
  state = {stack_.back().slot, cell, true};
  if (!options_.fold) {
    write_pending(state);
    state = {};
  }
}

}  // namespace godwit::code
