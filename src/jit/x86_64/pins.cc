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

PinSet bits_of(RegisterSet accumulators) {
  PinSet set = 0;
  for (unsigned i = 0; i < std::size(kAccumulatorRegisters); ++i)
    set |= (accumulators >> kAccumulatorRegisters[i] & 1) << (Pins::kFirstAccumulatorBit + i);
  return set;
}

}  // namespace

bool has_code(CellOp op, const Cell& cell) {
  if (op == CellOp::call) return true;  // the emitter's
  const Stencil& stencil = stencil_of(op);
  return stencil.size != 0 && (cell.b < uint32_t{1} << 31 || (stencil.traits & kHasOffset) == 0);
}

HoleKind branch_of(CellOp op) { return stencil_of(op).branch; }

// --- Choosing -------------------------------------------------------------------------------------------------------------

void Pins::choose_for(const Shape& shape) {
  shape_ = &shape;
  pins_.clear();
  pin_of_slot_.clear();
  ever_written_ = 0;
  registers_ = narrow_registers_ = 0;
  if (!shape.may_catch) choose();
  find_effects();
  find_live();
}

void Pins::weigh_uses() {
  weights_.clear();
  narrow_slots_.assign(shape_->narrow_slots.begin(), shape_->narrow_slots.end());
  costs_.fill(0);
  unusable_ = 0;
  for (uint32_t i = 1; i < shape_->size(); ++i) {
    const Stencil& stencil = stencil_of(shape_->ops[i]);
    const uint64_t weight = weight_at(shape_->depth[i]);
    if ((stencil.traits & kIsCall) != 0) {
      // arguments are read, and results left, in memory
      const size_t first = shape_->cells[i].a;
      if (weights_.size() < first + kCountedOfCall) weights_.resize(first + kCountedOfCall);
      for (size_t slot = first; slot < first + kCountedOfCall; ++slot)
        weights_[slot].by[0][static_cast<size_t>(Operand::Memory)] += weight;
    }
    if (shape_->by_handler[i]) continue;
    if (stencil.writes != 0 && (stencil.traits & kChangesFrame) == 0) {
      for (RegisterSet rest = stencil.writes; rest != 0; rest &= rest - 1)
        costs_[static_cast<size_t>(__builtin_ctz(rest))] += 2 * weight;
      // where it may branch to, pins are in their registers
      if ((stencil.traits & kIsTable) != 0 || stencil.branch != HoleKind::none) unusable_ |= stencil.writes;
    }
    for (const SlotUse& use : slots_of(stencil)) {
      if (use.is_between) continue;
      const uint32_t slot = slot_of(use, shape_->cells[i]);
      if (slot >= weights_.size()) weights_.resize(slot + 2);
      weights_[slot].by[use.is_wide ? 1 : 0][static_cast<size_t>(use.operand)] += weight;
      // what is copied as it is may leave anything in the upper half
      if (use.writes && !stencil.has_steps && slot < narrow_slots_.size()) narrow_slots_[slot] = 0;
    }
  }
}

uint64_t Pins::Weights::sum() const {
  uint64_t sum = 0;
  for (const auto& of_width : by)
    for (const uint64_t weight : of_width) sum += weight;
  return sum;
}

void Pins::choose() {
  weigh_uses();
  integers_.clear();
  vectors_.clear();
  for (uint32_t slot = 0; slot < weights_.size(); ++slot) {
    const Weights& weights = weights_[slot];
    // One slot may hold numbers of several kinds, one after the other: the pin is for those that are used most.
    const uint64_t all = weights.sum();
    const uint64_t both = all + (slot + 1 < weights_.size() ? weights_[slot + 1].sum() : 0);
    const uint64_t integer = weights.of(Operand::AnyMove) + weights.of(Operand::Integer);
    const uint64_t scalar =
        weights.of(Operand::AnyMove) + weights.of(Operand::Vector) + weights.of(Operand::ScalarMove);
    const uint64_t vector = weights.of(Operand::AnyMove, true) + weights.of(Operand::Vector, true) +
                            weights.of(Operand::ScalarMove, true);
    const bool is_wide = vector > std::max(integer, scalar);
    const bool is_vector = is_wide || weights.of(Operand::Vector) + weights.of(Operand::ScalarMove) >
                                          weights.of(Operand::Integer);
    const uint64_t good = is_wide ? vector : is_vector ? scalar : integer;
    const uint64_t bad = 2 * ((is_wide ? both : all) - good);
    if (good < bad + 2) continue;
    (is_vector ? vectors_ : integers_).push_back({slot, good - bad, is_wide});
  }
  pin_of_slot_.assign(weights_.size() + 2, kNone);
  take(integers_, kIntegerRegisters);
  take(vectors_, kVectorRegisters);
}

void Pins::take(std::vector<Candidate>& candidates, std::span<const Register> registers) {
  const size_t count = std::min(candidates.size(), registers.size());
  std::ranges::partial_sort(candidates, candidates.begin() + static_cast<ptrdiff_t>(count),
                            std::ranges::greater{}, &Candidate::gain);
  for (size_t i = 0; i < count; ++i) {
    const Candidate& candidate = candidates[i];
    const bool is_taken = pin_of_slot_[candidate.slot] != kNone ||
                          (candidate.is_wide && pin_of_slot_[candidate.slot + 1] != kNone);
    const Register reg = registers[i];
    if (is_taken || candidate.gain <= costs_[reg] || (unusable_ >> reg & 1) != 0) continue;
    pin_of_slot_[candidate.slot] = static_cast<int8_t>(pins_.size());
    if (candidate.is_wide) pin_of_slot_[candidate.slot + 1] = static_cast<int8_t>(pins_.size());
    // what stencils use for something else holds numbers of 64 bits there
    const bool is_narrow = !is_vector(reg) && costs_[reg] == 0 && candidate.slot < narrow_slots_.size() &&
                           narrow_slots_[candidate.slot] != 0;
    if (is_narrow) narrow_registers_ |= set_of(reg);
    pins_.push_back({.slot = candidate.slot,
                     .is_wide = candidate.is_wide,
                     .is_narrow = is_narrow,
                     .reg = reg,
                     .kind = static_cast<uint8_t>(pin_kind(is_vector(reg), candidate.is_wide))});
    registers_ |= set_of(reg);
  }
}

// --- Uses -----------------------------------------------------------------------------------------------------------------

PinSet Pins::in_registers(RegisterSet registers) const {
  PinSet set = 0;
  if ((registers & registers_) == 0) return set;
  for (size_t i = 0; i < pins_.size(); ++i) set |= PinSet{registers >> pins_[i].reg & 1} << i;
  return set;
}

PinSet Pins::below(uint32_t slot) const {
  PinSet set = 0;
  for (size_t i = 0; i < pins_.size(); ++i) set |= PinSet{pins_[i].slot < slot} << i;
  return set;
}

PinSet Pins::from(uint32_t slot) const {
  PinSet set = 0;
  for (size_t i = 0; i < pins_.size(); ++i) set |= PinSet{pins_[i].slot + 1 >= slot} << i;
  return set;
}

void Pins::find_use(uint32_t cell, const Stencil& stencil, Use& use) const {
  use = {};
  if (pins_.empty()) return;
  const Cell& fields = shape_->cells[cell];
  use.overwritten = in_registers(stencil.writes);
  // of a slot that is found by a number, only that it is read is known
  use.in_memory = (stencil.traits & kFindsSlots) != 0 ? all() : use.overwritten;
  // results lie below the frame's header
  const bool returns = (stencil.traits & kIsReturn) != 0;
  if (returns) use.in_memory |= below(fields.a);
  PinSet read_in_memory = 0;
  for (const SlotUse& slot : slots_of(stencil)) {
    const uint32_t number = slot_of(slot, fields);
    const int pin = pin_of(number), neighbour = slot.touches_two ? pin_of(number + 1) : kNone;
    if (pin == kNone && neighbour == kNone) continue;
    if (pin != kNone && fits(slot, number, pin)) {
      const PinSet bit = PinSet{1} << pin;
      if (slot.reads) use.read |= bit & ~use.written;
      if (slot.writes) use.written |= bit;
      continue;
    }
    PinSet touched = 0;
    if (pin != kNone) touched |= PinSet{1} << pin;
    if (neighbour != kNone) touched |= PinSet{1} << neighbour;
    use.in_memory |= touched;
    if (slot.reads) read_in_memory |= touched;
    if (slot.writes) use.written_in_memory |= touched;
  }
  // a pin is used in its register or in its memory
  use.written_in_memory |= use.written & use.in_memory;
  read_in_memory |= use.read & use.in_memory;
  use.read &= ~use.in_memory;
  use.written &= ~use.in_memory;
  use.wanted_in_memory = use.in_memory;
  // all returns but one write the first result
  const int first = returns && shape_->ops[cell] != CellOp::return_none ? pin_of(0) : kNone;
  if (first != kNone && !pins_[static_cast<size_t>(first)].is_wide)
    use.wanted_in_memory &= ~(PinSet{1} << first) | read_in_memory;
}

void Pins::find_effects() {
  const uint32_t count = shape_->size();
  effects_.resize(count);
  uses_.resize(count);
  // where a function begins, its locals are set to zero in their registers
  if (shape_->ops[0] == CellOp::enter_zeroing) {
    const Cell& entry = shape_->cells[0];
    const uint32_t first = uint32_t{entry.a} + runtime::kFrameHeaderSlots;
    for (uint32_t slot = first; slot < first + entry.d; ++slot)
      if (const int pin = pin_of(slot); pin >= 0) ever_written_ |= PinSet{1} << pin;
  }
  for (uint32_t i = 0; i < count; ++i) {
    const Stencil& stencil = stencil_of(shape_->ops[i]);
    Effect& effect = effects_[i] = {};
    if (i == 0 || (stencil.traits & kIsData) != 0) {
      uses_[i] = {};
      continue;
    }
    if (shape_->by_handler[i]) {
      uses_[i] = {};
      effect.uses = all() | kAccumulatorBits;  // it may read any slot, and what it writes is not known
      continue;
    }
    if ((stencil.traits & kIsCall) != 0) {
      uses_[i] = {};
      effect.defines = kAccumulatorBits;
      // arguments and results lie in the callee's frame, which may overwrite all from there on
      effect.uses = from(shape_->cells[i].a);
      if ((stencil.traits & kTakesAcc) != 0) effect.uses |= bits_of(set_of(kRdi));
      if ((stencil.traits & kTakesSlot) != 0) {
        const int pin = pin_of(shape_->cells[i].d);
        if (pin != kNone) effect.uses |= PinSet{1} << pin;
      }
      continue;
    }
    Use& use = uses_[i];
    find_use(i, stencil, use);
    effect = {use.read | use.wanted_in_memory, use.written};
    effect.uses |= stencil.has_steps ? bits_of(stencil.accs_read) : kAccumulatorBits;
    if (stencil.has_steps) effect.defines |= bits_of(stencil.accs_written);
    ever_written_ |= use.written;
  }
}

// From the end backwards. Only what is live where loops begin is not known yet when it is asked for; it is taken for
// nothing at first, and where that was wrong there is another pass.
void Pins::find_live() {
  const uint32_t count = shape_->size();
  live_.resize(count + 1);
  live_[count] = 0;
  for (uint32_t i = 0; i < shape_->end_of_loops; ++i)
    if (shape_->is_loop[i]) live_[i] = 0;
  bool changes = true;
  for (int pass = 0; changes; ++pass) {
    // A guest may nest loops so that each pass finds little more. To take all for live is never wrong.
    if (pass == kMostPasses) {
      live_.assign(count + 1, all() | kAccumulatorBits);
      return;
    }
    changes = false;
    const uint32_t end = pass == 0 ? count : shape_->end_of_loops;
    PinSet live = live_[end];
    for (uint32_t i = end; i-- > 0;) {
      if (shape_->flows[i]) {
        const Stencil& stencil = stencil_of(shape_->ops[i]);
        if ((stencil.traits & kNeverGoesOn) != 0) live = 0;
        if (stencil.branch != HoleKind::none) live |= live_[branch_target(stencil.branch, *shape_, i)];
        if ((stencil.traits & kIsTable) != 0)
          for (uint32_t entry = 0; entry <= shape_->cells[i].b; ++entry) live |= live_[i + 1 + entry];
      }
      live = (live & ~effects_[i].defines) | effects_[i].uses;
      if (shape_->is_loop[i]) changes = changes || live != live_[i];
      live_[i] = live;
    }
  }
}

}  // namespace godwit::jit
