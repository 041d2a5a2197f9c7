// Emitter: makes the machine code of one function from its cells, for aarch64.
//
//   stencils in the order of the cells | ways out | constants | numbers | jump tables
//
// A stencil's holes are filled with the cell's fields; slots stay in memory. Calls and returns go through cells, as the
// interpreter's do. All of it is read-only and executable once it is published; it contains nothing of the guest's but
// numbers. All places can be reached from all others (kMostBytes).
#pragma once

#include <cstdint>
#include <vector>

#include "code/cell.h"
#include "code/cell_op.h"
#include "jit/aarch64/stencil.h"
#include "jit/backend.h"
#include "jit/code_bytes.h"

namespace godwit::jit {

class Emitter final : public CodeMaker {
 public:
  // @param stop  where code goes to leave the guest with a trap.
  Emitter(code::HandlerTable handlers, const void* stop) : handlers_(handlers), stop_(stop) {}

  MachineCode make(const Shape& shape) override;

 private:
  // A field that holds the distance to something: a cell's code, a number, a constant, a table, as its list says.
  struct Distance {
    uint32_t at;
    HoleForm form;
    uint32_t target;
  };
  // What a way out leads to: the cell's handler, or the end of the guest with the trap in aux.
  enum class Out : uint8_t { ToHandler, ToStop };
  struct Exit {
    uint32_t cell;
    Out out;
    uint32_t place;  // once it is made
  };

  void emit(uint32_t index);
  void copy(code::CellOp op, uint32_t index);
  void fill(const Hole& hole, uint32_t index, uint32_t begin, const Stencil& stencil);
  void branch_from(HoleKind kind, uint32_t index, const Distance& from);
  void exit_from(const Distance& from, uint32_t index, Out out);
  void enter_at(uint32_t cell);
  void emit_exits();
  void emit_data();
  void resolve();

  uint32_t number(uint64_t value);
  void load_number(unsigned reg, uint64_t value);  // ldr reg, number
  void jump_to(uint64_t address);                  // ldr x16, number; br x16
  void patch(uint32_t at, HoleForm form, int64_t value);
  uint32_t here() const { return static_cast<uint32_t>(code_.size()); }

  const code::HandlerTable handlers_;
  const void* const stop_;
  // Of the function that is made:
  const Shape* shape_ = nullptr;
  CodeBytes code_;
  std::vector<uint32_t> places_;
  std::vector<MachineCode::WayIn> ways_in_;
  std::vector<uint8_t> is_way_in_;  // by cell
  std::vector<uint32_t> arrivals_;  // cells that control comes to from handlers, callees and back branches
  std::vector<Distance> to_cells_, to_numbers_, to_constants_, to_exits_;
  std::vector<Distance> to_tables_;  // target: the br_table
  std::vector<MachineCode::Absolute> absolutes_;
  std::vector<Exit> exits_;
  std::vector<uint64_t> numbers_;
  uint32_t constants_at_ = 0, numbers_at_ = 0;
};

}  // namespace godwit::jit
