// Choosing pins by use, and where they are live.
#include "jit/x86_64/pins.h"

#include <algorithm>
#include <iterator>

#include "jit/backend.h"

namespace godwit::jit {

using code::Cell;
using code::CellOp;

namespace {

// Over a function's cells to find what is live; programs need two or three.
constexpr int kMostPasses = 24;

// The registers that stencils pass on untouched (stencils/stencil.h), then those that a few of them use.
constexpr Register kIntegerRegisters[] = {kR8, kR9, kR11, kR12, kRsi, kR10, kRbx, kRdx};
constexpr Register kVectorRegisters[] = {19, 20, 21, 22, 23, 31, 30, 29, 28, 27};
constexpr unsigned kMaxDepth = 5;
// Of a callee's arguments and results, so many slots count.
constexpr size_t kCountedOfCall = 4;

uint64_t weight_at(unsigned depth) { return uint64_t{1} << (3 * std::min(depth, kMaxDepth)); }

bool finds_slots_by_numbers(CellOp op) { return has_hole(op, HoleKind::any_slot); }

PinSet bits_of(RegisterSet accumulators) {
  PinSet set = 0;
  for (unsigned i = 0; i < std::size(kAccumulatorRegisters); ++i)
    if ((accumulators >> kAccumulatorRegisters[i] & 1) != 0)
      set |= PinSet{1} << (Pins::kFirstAccumulatorBit + i);
  return set;
}

// What is known of a slot's uses.
struct Uses {
  uint64_t integer = 0, vector = 0, memory = 0, moves = 0;
  bool is_wide = false, is_narrow = false;
};

}  // namespace

const Stencil& stencil_of(CellOp op) { return kStencils[static_cast<size_t>(op)]; }

std::span<const Hole> holes_of(CellOp op) {
  const Stencil& stencil = stencil_of(op);
  return {kHoles + stencil.first_hole, stencil.hole_count};
}

bool has_code(CellOp op, const Cell& cell) {
  if (op == CellOp::call) return true;  // the emitter's
  return stencil_of(op).size != 0 && (cell.b < uint32_t{1} << 31 || !has_hole(op, HoleKind::offset_b));
}

bool has_hole(CellOp op, HoleKind kind) {
  return std::ranges::find(holes_of(op), kind, &Hole::kind) != holes_of(op).end();
}

HoleKind branch_of(CellOp op) {
  for (const Hole& hole : holes_of(op))
    if (is_branch(hole.kind)) return hole.kind;
  return HoleKind::none;
}

bool may_branch(CellOp op) {
  return op == CellOp::br_table_s || op == CellOp::br_table_a || branch_of(op) != HoleKind::none;
}

uint32_t slot_of(const Hole& hole, const Cell& cell) {
  if (hole.addend % 8 != 0) return kNoSlot;
  const auto plus = static_cast<uint32_t>(hole.addend / 8);
  switch (hole.kind) {
    case HoleKind::slot_a: return cell.a + plus;
    case HoleKind::slot_d: return cell.d + plus;
    case HoleKind::slot_b_low: return (cell.b & 0xFFFF) + plus;
    case HoleKind::slot_b_high: return (cell.b >> 16) + plus;
    default: return cell.b + plus;
  }
}

Pins::Pins(const Shape& shape) : shape_(shape) {
  if (!shape.may_catch) choose(shape);
  find_live(shape);
}

void Pins::choose(const Shape& shape) {
  std::vector<Uses> uses;
  uint64_t costs[kRegisterCount] = {};  // of what uses the register for something else
  RegisterSet unusable = 0;
  for (uint32_t i = 1; i < shape.cells.size(); ++i) {
    const CellOp op = shape.ops[i];
    const uint64_t weight = weight_at(shape.depth[i]);
    if (is_call(op)) {
      // arguments are read, and results left, in memory
      const size_t first = shape.cells[i].a;
      if (uses.size() < first + kCountedOfCall) uses.resize(first + kCountedOfCall);
      for (size_t slot = first; slot < first + kCountedOfCall; ++slot) uses[slot].memory += weight;
    }
    if (is_data(op) || changes_frame(op) || shape.by_handler[i]) continue;
    for (RegisterSet rest = stencil_of(op).writes; rest != 0; rest &= rest - 1)
      costs[static_cast<size_t>(__builtin_ctz(rest))] += 2 * weight;
    // where it may branch to, pins are in their registers
    if (may_branch(op)) unusable |= stencil_of(op).writes;
    for (const Hole& hole : holes_of(op)) {
      if (!is_slot(hole.kind)) continue;
      const uint32_t slot = slot_of(hole, shape.cells[i]);
      if (slot == kNoSlot) continue;
      if (slot >= uses.size()) uses.resize(slot + 2);
      Uses& use = uses[slot];
      if (hole.operand == Operand::Integer) use.integer += weight;
      else if (hole.operand == Operand::Memory) use.memory += weight;
      else if (hole.operand == Operand::AnyMove) use.moves += weight;
      else use.vector += weight;
      if (hole.is_wide) use.is_wide = true;
      else use.is_narrow = true;  // also as one half of a wide one
    }
  }
  struct Candidate {
    uint32_t slot;
    uint64_t gain;
    bool is_wide;
  };
  std::vector<Candidate> integers, vectors;
  for (uint32_t slot = 0; slot < uses.size(); ++slot) {
    const Uses& use = uses[slot];
    const bool is_vector = use.vector > use.integer;
    const uint64_t good = use.moves + (is_vector ? use.vector : use.integer);
    const uint64_t bad = 2 * (use.memory + (is_vector ? use.integer : use.vector));
    if (good < bad + 2 || (use.is_wide && use.is_narrow)) continue;
    (is_vector ? vectors : integers).push_back({slot, good - bad, use.is_wide});
  }
  auto take = [&](std::vector<Candidate>& candidates, std::span<const Register> registers) {
    const size_t count = std::min(candidates.size(), registers.size());
    std::ranges::partial_sort(candidates, candidates.begin() + static_cast<ptrdiff_t>(count),
                              std::ranges::greater{}, &Candidate::gain);
    for (size_t i = 0; i < count; ++i) {
      const Candidate& candidate = candidates[i];
      if (candidate.slot + 2 > pin_of_slot_.size()) pin_of_slot_.resize(candidate.slot + 2, kNone);
      const bool is_taken = pin_of_slot_[candidate.slot] != kNone ||
                            (candidate.is_wide && pin_of_slot_[candidate.slot + 1] != kNone);
      const Register reg = registers[i];
      if (is_taken || candidate.gain <= costs[reg] || (unusable >> reg & 1) != 0) continue;
      pin_of_slot_[candidate.slot] = static_cast<int8_t>(pins_.size());
      if (candidate.is_wide) pin_of_slot_[candidate.slot + 1] = static_cast<int8_t>(pins_.size());
      pins_.push_back({candidate.slot, candidate.is_wide, false, reg});
      registers_ |= set_of(reg);
    }
  };
  take(integers, kIntegerRegisters);
  take(vectors, kVectorRegisters);
}

int Pins::fitting(const Hole& hole, CellOp op, const Cell& cell) const {
  if (hole.operand == Operand::Memory || changes_frame(op)) return kNone;
  const uint32_t slot = slot_of(hole, cell);
  if (slot >= pin_of_slot_.size() || pin_of_slot_[slot] == kNone) return kNone;
  const Pin& pin = pins_[static_cast<size_t>(pin_of_slot_[slot])];
  const bool fits_kind =
      hole.operand == Operand::AnyMove || is_vector(pin.reg) == (hole.operand != Operand::Integer);
  const bool fits = pin.slot == slot && fits_kind && pin.is_wide == hole.is_wide;
  return fits ? pin_of_slot_[slot] : kNone;
}

int Pins::in_place_of(const Hole& hole, uint32_t cell, const Use& use) const {
  const int pin = fitting(hole, shape_.ops[cell], shape_.cells[cell]);
  return pin != kNone && !(use.in_memory >> pin & 1) ? pin : kNone;
}

PinSet Pins::behind(const Hole& hole, const Cell& cell) const {
  // of a slot and a neighbour, if it is not known how much is touched
  uint32_t first = slot_of(hole, cell), last = first;
  if (first == kNoSlot) {
    Hole whole = hole;
    whole.addend = static_cast<int16_t>(hole.addend - (hole.addend % 8 + 8) % 8);
    first = slot_of(whole, cell);
    last = first + 1;
  } else if (hole.is_wide || hole.operand == Operand::Memory) {
    last = first + 1;
  }
  PinSet set = 0;
  for (uint32_t slot = first; slot <= last && slot < pin_of_slot_.size(); ++slot)
    if (pin_of_slot_[slot] != kNone) set |= PinSet{1} << pin_of_slot_[slot];
  return set;
}

PinSet Pins::in_registers(RegisterSet registers) const {
  PinSet set = 0;
  if ((registers & registers_) == 0) return set;
  for (size_t i = 0; i < pins_.size(); ++i)
    if ((registers >> pins_[i].reg & 1) != 0) set |= PinSet{1} << i;
  return set;
}

Pins::Use Pins::find_use(uint32_t cell) const {
  Use use;
  if (pins_.empty()) return use;
  const CellOp op = shape_.ops[cell];
  const std::span<const Hole> holes = holes_of(op);
  use.overwritten = in_registers(stencil_of(op).writes);
  // of a slot that is found by a number, only that it is read is known
  use.in_memory = finds_slots_by_numbers(op) ? all() : use.overwritten;
  for (const Hole& hole : holes) {
    if (!is_slot(hole.kind) || fitting(hole, op, shape_.cells[cell]) != kNone) continue;
    const PinSet touched = behind(hole, shape_.cells[cell]);
    use.in_memory |= touched;
    if (hole.writes) use.written_in_memory |= touched;
  }
  // results lie below the frame's header
  if (is_return(op)) use.in_memory |= below(shape_.cells[cell].a);
  for (const Hole& hole : holes) {
    if (!is_slot(hole.kind)) continue;
    const int pin = fitting(hole, op, shape_.cells[cell]);
    if (pin == kNone) continue;
    const PinSet bit = PinSet{1} << pin;
    if (use.in_memory & bit) {
      if (hole.writes) use.written_in_memory |= bit;
      continue;
    }
    if (hole.reads) use.read |= bit & ~use.written;
    if (hole.writes) use.written |= bit;
  }
  return use;
}

PinSet Pins::below(uint32_t slot) const {
  PinSet set = 0;
  for (size_t i = 0; i < pins_.size(); ++i)
    if (pins_[i].slot < slot) set |= PinSet{1} << i;
  return set;
}

RegisterSet Pins::accumulators_before(uint32_t cell) const {
  RegisterSet set = 0;
  for (unsigned i = 0; i < std::size(kAccumulatorRegisters); ++i)
    if ((live_[cell] >> (kFirstAccumulatorBit + i) & 1) != 0) set |= set_of(kAccumulatorRegisters[i]);
  return set;
}

void Pins::find_live(const Shape& shape) {
  const auto count = static_cast<uint32_t>(shape.cells.size());
  struct Effect {
    PinSet uses = 0, defines = 0;
  };
  std::vector<Effect> effects(count);
  uses_.resize(count);
  for (uint32_t i = 1; i < count; ++i) {
    const CellOp op = shape.ops[i];
    if (is_data(op)) continue;
    Effect& effect = effects[i];
    if (shape.by_handler[i]) {
      effect.uses = all() | kAccumulatorBits;  // it may read any slot, and what it writes is not known
      continue;
    }
    if (is_call(op)) {
      effect.defines = kAccumulatorBits;
      if (takes_accumulator(op)) effect.uses = bits_of(set_of(kRdi));
      // arguments and results lie in the callee's frame, which may overwrite all from there on
      for (size_t pin = 0; pin < pins_.size(); ++pin)
        if (pins_[pin].slot + 1 >= shape.cells[i].a) effect.uses |= PinSet{1} << pin;
      continue;
    }
    const Use& use = uses_[i] = find_use(i);
    effect = {use.read | use.in_memory, use.written};
    const Stencil& stencil = stencil_of(op);
    effect.uses |= stencil.has_steps ? bits_of(stencil.accs_read) : kAccumulatorBits;
    if (stencil.has_steps) effect.defines |= bits_of(stencil.accs_written);
    ever_written_ |= use.written;
  }
  live_.assign(count + 1, 0);
  bool changes = true;
  for (int pass = 0; changes; ++pass) {
    // A guest may nest loops so that each pass finds little more. To take all for live is never wrong.
    if (pass == kMostPasses) {
      live_.assign(count + 1, all() | kAccumulatorBits);
      return;
    }
    changes = false;
    for (uint32_t i = count; i-- > 0;) {
      const CellOp op = shape.ops[i];
      PinSet live = never_goes_on(op) ? PinSet{0} : live_[i + 1];
      if (op == CellOp::br_entry) live |= live_[i + shape.cells[i].b];
      if (op == CellOp::br_table_s || op == CellOp::br_table_a)
        for (uint32_t entry = 0; entry <= shape.cells[i].b; ++entry) live |= live_[i + 1 + entry];
      if (!is_data(op))
        for (const Hole& hole : holes_of(op))
          if (is_branch(hole.kind)) live |= live_[branch_target(hole.kind, shape, i)];
      live = (live & ~effects[i].defines) | effects[i].uses;
      if (live == live_[i]) continue;
      // what changed matters again only to loops around it
      changes = changes || shape.is_label[i];
      live_[i] = live;
    }
  }
}

}  // namespace godwit::jit
