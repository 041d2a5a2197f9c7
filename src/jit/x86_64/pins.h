// Pins: the slots of a function that machine code keeps in registers, and what is known of them at each cell.
//
// A pinned slot's value is in its register, in its memory, or in both. `valid` says that the register has it, `dirty`
// that memory has not. Where code is entered from elsewhere, memory has all values; at a label, the registers have
// those that are live there.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "code/cell.h"
#include "code/cell_op.h"
#include "jit/shape.h"
#include "jit/x86_64/stencil.h"

namespace godwit::jit {

using PinSet = uint32_t;  // a bit each

struct Pin {
  uint32_t slot = 0;
  bool is_wide = false;    // takes two slots
  bool is_narrow = false;  // its upper 32 bits are 0 in the register, whatever they are in memory
  Register reg = kNoRegister;
};

const Stencil& stencil_of(code::CellOp op);
std::span<const Hole> holes_of(code::CellOp op);

bool has_hole(code::CellOp op, HoleKind kind);
bool may_branch(code::CellOp op);

// The slot that a hole names in this cell; kNoSlot if it lies between slots.
inline constexpr uint32_t kNoSlot = ~uint32_t{0};
uint32_t slot_of(const Hole& hole, const code::Cell& cell);

class Pins final {
 public:
  // @param shape outlives this object
  explicit Pins(const Shape& shape);

  size_t count() const { return pins_.size(); }
  const Pin& operator[](size_t index) const { return pins_[index]; }
  // The pins with a value that somebody may still read, before the cell.
  PinSet live_before(uint32_t cell) const { return live_[cell] & ~kAccumulatorBits; }
  // The same of accumulators.
  RegisterSet accumulators_before(uint32_t cell) const;
  PinSet ever_written() const { return ever_written_; }
  RegisterSet registers() const { return registers_; }
  RegisterSet narrow_registers() const { return narrow_registers_; }

  static constexpr int kNone = -1;
  // What is live is found for accumulators, too: they have bits above those of pins.
  static constexpr unsigned kFirstAccumulatorBit = 28;
  static constexpr PinSet kAccumulatorBits = ~PinSet{0} << kFirstAccumulatorBit;
  // What a stencil does with pins: a pin is used in its register or in its memory, never in both.
  struct Use {
    PinSet read = 0;               // in the register, before they are written
    PinSet written = 0;            // in the register
    PinSet in_memory = 0;          // at least touched there
    PinSet written_in_memory = 0;  // perhaps
    PinSet overwritten = 0;        // the code uses the register for something else
  };
  const Use& use_of(uint32_t cell) const { return uses_[cell]; }
  // The pin whose register can stand for the hole's memory operand, or kNone; `use` is that of the cell.
  int in_place_of(const Hole& hole, uint32_t cell, const Use& use) const;

 private:
  PinSet all() const { return (PinSet{1} << pins_.size()) - 1; }
  Use find_use(uint32_t cell) const;
  int fitting(const Hole& hole, code::CellOp op, const code::Cell& cell) const;
  // The pins whose memory the hole touches, if no register stands for it.
  PinSet behind(const Hole& hole, const code::Cell& cell) const;
  // The pins in these registers.
  PinSet in_registers(RegisterSet registers) const;
  // The pins of slots below this one.
  PinSet below(uint32_t slot) const;
  void choose(const Shape& shape);
  void find_live(const Shape& shape);

  const Shape& shape_;
  std::vector<Pin> pins_;
  std::vector<int8_t> pin_of_slot_;  // kNone; the second slot of a wide pin has its pin, too
  std::vector<PinSet> live_;
  std::vector<Use> uses_;  // by cell
  PinSet ever_written_ = 0;
  RegisterSet registers_ = 0, narrow_registers_ = 0;
};

}  // namespace godwit::jit
