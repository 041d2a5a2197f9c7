// Pins: the slots of a function that machine code keeps in registers, and what is known of them at each cell.
//
// A pinned slot's value is in its register, in its memory, or in both. `valid` says that the register has it, `dirty`
// that memory has not. Where code is entered from elsewhere, memory has all values; at a label, the registers have
// those that are live there.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
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
  uint8_t kind = 0;  // pin_kind()
};

inline const Stencil& stencil_of(code::CellOp op) { return kStencils[static_cast<size_t>(op)]; }
inline std::span<const Hole> holes_of(const Stencil& stencil) {
  return {kHoles + stencil.first_hole, stencil.hole_count};
}
inline std::span<const SlotUse> slots_of(const Stencil& stencil) {
  return {kSlotUses + stencil.first_slot, stencil.slot_count};
}

// The slot that is used in this cell, or the one that the place lies in.
inline uint32_t slot_of(const SlotUse& use, const code::Cell& cell) {
  uint64_t fields;
  std::memcpy(&fields, &cell.a, sizeof fields);
  const SlotField& field = kSlotFields[use.field];
  return (static_cast<uint32_t>(fields >> field.shift) & field.mask) +
         static_cast<uint32_t>(int32_t{use.plus});
}
class Pins final {
 public:
  // Chooses anew, for a function. @param shape lives as long as this object is asked about it
  void choose_for(const Shape& shape);

  size_t count() const { return pins_.size(); }
  const Pin& operator[](size_t index) const { return pins_[index]; }
  // The pins with a value that somebody may still read, before the cell.
  PinSet live_before(uint32_t cell) const { return live_[cell] & ~kAccumulatorBits; }
  // The same of accumulators.
  RegisterSet accumulators_before(uint32_t cell) const {
    return kAccumulatorsByBits[live_[cell] >> kFirstAccumulatorBit];
  }
  static constexpr int kNone = -1;
  // The pin of the slot, or one that the slot is a part of; kNone.
  int pin_of(uint32_t slot) const { return slot < pin_of_slot_.size() ? pin_of_slot_[slot] : kNone; }
  PinSet ever_written() const { return ever_written_; }
  RegisterSet registers() const { return registers_; }
  RegisterSet narrow_registers() const { return narrow_registers_; }

  // What is live is found for accumulators, too: they have bits above those of pins.
  static constexpr unsigned kFirstAccumulatorBit = 28;
  static constexpr PinSet kAccumulatorBits = ~PinSet{0} << kFirstAccumulatorBit;
  // What a stencil does with pins: a pin is used in its register or in its memory, never in both.
  struct Use {
    PinSet read = 0;               // in the register, before they are written
    PinSet written = 0;            // in the register
    PinSet in_memory = 0;          // at least touched there
    PinSet wanted_in_memory = 0;   // those of them whose memory must be right before the cell
    PinSet written_in_memory = 0;  // perhaps
    PinSet overwritten = 0;        // the code uses the register for something else
  };
  const Use& use_of(uint32_t cell) const { return uses_[cell]; }
  // The pin whose register can stand for the slot, or kNone; `use` is that of the cell.
  int in_place_of(const SlotUse& slot, uint32_t cell, const Use& use) const {
    const uint32_t number = slot_of(slot, shape_->cells[cell]);
    const int pin = pin_of(number);
    return pin != kNone && fits(slot, number, pin) && !(use.in_memory >> pin & 1) ? pin : kNone;
  }

 private:
  // What is known of a slot's uses: their weights by Operand.
  struct Weights {
    uint64_t by[2][5] = {};  // of one slot, and of two

    uint64_t of(Operand operand, bool is_wide = false) const {
      return by[is_wide ? 1 : 0][static_cast<size_t>(operand)];
    }
    uint64_t sum() const;
  };
  struct Candidate {
    uint32_t slot;
    uint64_t gain;
    bool is_wide;
  };
  // What a cell does to the set of live pins and accumulators.
  struct Effect {
    PinSet uses, defines;
  };
  static constexpr std::array<RegisterSet, 16> kAccumulatorsByBits = [] {
    std::array<RegisterSet, 16> sets{};
    for (unsigned bits = 0; bits < 16; ++bits)
      for (unsigned i = 0; i < 4; ++i)
        if ((bits >> i & 1) != 0) sets[bits] |= set_of(kAccumulatorRegisters[i]);
    return sets;
  }();

  PinSet all() const { return (PinSet{1} << pins_.size()) - 1; }
  // The pin's register can stand for the slot with that number, which is its own or a part of it.
  bool fits(const SlotUse& use, uint32_t slot, int number) const {
    const Pin& pin = pins_[static_cast<size_t>(number)];
    return pin.slot == slot && (use.fits >> pin.kind & 1) != 0;
  }
  void find_use(uint32_t cell, const Stencil& stencil, Use& use) const;
  // The pins in these registers.
  PinSet in_registers(RegisterSet registers) const;
  // The pins of slots below this one.
  PinSet below(uint32_t slot) const;
  // Those of this one and of slots behind it.
  PinSet from(uint32_t slot) const;
  void weigh_uses();
  void choose();
  void take(std::vector<Candidate>& candidates, std::span<const Register> registers);
  void find_effects();
  void find_live();

  const Shape* shape_ = nullptr;
  std::vector<Pin> pins_;
  std::vector<int8_t> pin_of_slot_;  // kNone; the second slot of a wide pin has its pin, too
  std::vector<PinSet> live_;
  std::vector<Use> uses_;  // by cell
  std::vector<Effect> effects_;
  PinSet ever_written_ = 0;
  RegisterSet registers_ = 0, narrow_registers_ = 0;
  // while pins are chosen
  std::vector<Weights> weights_;
  std::vector<Candidate> integers_, vectors_;
  std::vector<uint8_t> narrow_slots_;             // those that may be so in a register, too
  std::array<uint64_t, kRegisterCount> costs_{};  // of what uses the register for something else
  RegisterSet unusable_ = 0;
};

}  // namespace godwit::jit
