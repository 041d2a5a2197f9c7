// Emitter: makes the machine code of one function from its cells.
//
//   stencils in the order of the cells | ways in | ways out | constants | numbers | jump tables
//
// A stencil's holes are filled with the cell's fields; where a slot is pinned (pins.h), the instruction's memory operand
// becomes a register. Between stencils stand the loads and stores that keep pins and memory together. Where a stencil's
// instructions are all known, they go through the Peephole one by one; else its bytes are copied. All of it is
// read-only and executable once it is published, but for its first instruction (MachineCode::moved_beginning); it contains
// nothing of the guest's but numbers.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "code/cell.h"
#include "code/cell_op.h"
#include "jit/backend.h"
#include "jit/code_bytes.h"
#include "jit/x86_64/counted_loops.h"
#include "jit/x86_64/peephole.h"
#include "jit/x86_64/pins.h"
#include "jit/x86_64/stencil.h"

namespace godwit::jit {

class Emitter final : public CodeMaker {
 public:
  // @param stop  where code goes to leave the guest with a trap.
  Emitter(code::HandlerTable handlers, const void* stop);

  MachineCode make(const Shape& shape) override;

 private:
  // What is read where cells branch to.
  struct Live {
    PinSet pins = 0;
    RegisterSet accumulators = 0;
  };
  // A place of 4 bytes that holds the distance to something: a cell's code, a number, a constant, as its list says.
  struct Distance {
    uint32_t at;
    int32_t addend;
    uint32_t target;
  };
  // What a way out leads to: the cell's handler, the end of the guest with the trap in aux, or with this one.
  static constexpr int32_t kToHandler = -2, kTrapInAux = -1;
  struct Exit {
    uint32_t cell;
    int32_t reason;
  };
  using Entry = MachineCode::WayIn;
  struct Table {
    uint32_t hole_at;
    uint32_t cell;  // the br_table
  };

  void emit(uint32_t index);
  void emit_stencil(uint32_t index);
  void emit_steps(uint32_t index, const Pins::Use& use, const Live& at_branches);
  PinSet unwanted_results(uint32_t index, const Pins::Use& use, PinSet at_branches);
  void emit_in_register(const Step& step, const code::Cell& cell, Register reg, RegisterSet live);
  void emit_bytes(const Stencil& stencil, uint32_t index, const Pins::Use& use);
  void emit_by_handler(uint32_t index);
  void emit_look(uint32_t index);
  void read_time();
  // An instruction of eax and VmStore::seen_time.
  void with_seen_time(uint8_t opcode);
  void keep_in_line(uint32_t size);
  void emit_ends_of_looks();
  void fill(const Hole& hole, uint32_t index, uint32_t at);
  // --- Frames: frames.cc ----------------------------------------------------------------------------------------------
  static bool is_short_entry(code::CellOp op, const code::Cell& cell);
  // The comparison with the limit of frames looks at the time, too. A branch less: processors foresee the others better.
  bool looks_where_it_enters() const;
  void emit_enter(uint32_t index);
  void emit_zeroing(uint32_t index);
  // An instruction's beginning; then its operand at [r13 + disp], with the number of its register or its digit.
  void at_frame(std::initializer_list<uint8_t> opcode, unsigned reg, uint32_t disp);
  // add or sub r13, bytes
  void move_frame(unsigned digit, uint32_t bytes);
  // In builds with assertions or AddressSanitizer: stops the process if an i32 in a register has a bit above its 32.
  void check_narrow(PinSet pins);
  void emit_call(uint32_t index);
  bool begins_with_short_entry() const;
  // MachineCode::moved_beginning
  uint64_t moved_beginning();
  void emit_return(uint32_t index);
  void emit_returns_to_calls();
  void emit_slow_return();
  void exit_to_handler(uint32_t index);
  void return_through_cell(uint32_t index);
  void jump_back_to(uint32_t place);

  void branch_from(HoleKind kind, uint32_t index, uint32_t at, int32_t addend);
  // The instructions gathered so far become bytes: what comes next is written behind them.
  void flush();
  void encode_jump(const Instruction& in, uint32_t cell, uint32_t at);
  void use_register(const Hole& hole, const Pin& pin);
  void emit_entries();
  void emit_exits();
  void emit_data();

  // --- Pins -----------------------------------------------------------------------------------------------------------
  // What the registers must hold before the cell, as it may go on elsewhere.
  Live live_at_branches(uint32_t index) const;
  void arrive_at_label(uint32_t index);
  void load(PinSet pins);        // those that registers lack
  void write_back(PinSet pins);  // those that memory lacks
  void forget(PinSet pins) { valid_ &= ~pins, dirty_ &= ~pins; }
  enum class Access : uint8_t { Load, Store };
  void emit_access(const Pin& pin, Access access);

  uint32_t number(uint64_t value);
  void jump_to_number(uint64_t address);  // jmp *[number]
  void leave_to(uint32_t cell);           // mov r12, cell
  // The place of 4 bytes gets the distance to a way out of the cell.
  void exit_from(uint32_t at, int32_t addend, uint32_t index, int32_t reason);
  void clear();
  void bytes(std::initializer_list<uint8_t> values) { code_.append(values.begin(), values.size()); }
  template <class T>
  void put(T value) {
    code_.put(value);
  }
  uint32_t here() const { return static_cast<uint32_t>(code_.size()); }

  const Shape* shape_ = nullptr;
  Pins pins_;
  code::HandlerTable handlers_;
  const void* stop_;
  PinSet valid_ = 0, dirty_ = 0;
  RegisterSet accumulators_ = 0;  // those that are live where the next instruction is added

  Peephole peephole_;
  struct Mark {
    uint32_t cell;
    uint32_t instruction;  // of the gathered ones, the first of the cell's
  };
  std::vector<Mark> marks_;
  // Jumps to behind their cell's code.
  struct Skip {
    uint32_t at;
    uint32_t instruction;
  };
  std::vector<Skip> skips_;

  CodeBytes code_;
  std::vector<uint32_t> places_;
  std::vector<Entry> entries_;
  std::vector<uint32_t>
      label_entries_;           // cells that are entered with pins in memory, but have them in registers
  std::vector<Entry> returns_;  // the cells that calls return to, and where their code goes on
  std::vector<uint32_t> to_slow_return_;
  uint32_t slow_return_ = 0;  // a return
  std::vector<Distance> to_cells_, to_numbers_, to_constants_, to_exits_;
  std::vector<MachineCode::Absolute> absolutes_;
  std::vector<Exit> exits_;
  std::vector<uint64_t> numbers_;
  std::vector<Table> tables_;
  std::vector<uint32_t> exit_places_, to_stop_;
  // Jumps to what is done when the function is asked where it is, and the pins that memory lacks there.
  struct Look {
    uint32_t cell;
    uint32_t at;
    PinSet dirty;
  };
  std::vector<Look> looks_;
  std::vector<uint32_t> time_reads_;
  std::vector<uint8_t> counted_ends_;
  bool calls_itself_ = false;
};

}  // namespace godwit::jit
