// Copying stencils and filling their holes, for x86-64.
#include "jit/x86_64/emitter.h"

#include <algorithm>
#include <cstring>

#include "base/bytes.h"
#include "jit/hole_value.h"
#include "runtime/vm.h"

namespace godwit::jit {

using code::Cell;
using code::CellOp;

namespace {

// In an instruction with a REX byte: the operand's register is one of the upper eight.
constexpr uint8_t kRexB = 1;

// So many are gathered before they become bytes.
constexpr uint32_t kManyInstructions = 1'000;

bool is_branch_table(CellOp op) { return op == CellOp::br_table_s || op == CellOp::br_table_a; }

}  // namespace

Emitter::Emitter(const Shape& shape, code::HandlerTable handlers, const void* stop)
    : shape_(shape),
      pins_(shape),
      handlers_(handlers),
      stop_(stop),
      peephole_(pins_.registers(), pins_.narrow_registers()) {}

void Emitter::run() {
  const auto count = static_cast<uint32_t>(shape_.cells.size());
  places_.reserve(count + 1);
  code_.reserve(count * size_t{24});
  entries_.push_back({0, 0});
  for (uint32_t i = 0; i < count; ++i) {
    if (shape_.is_label[i]) arrive_at_label(i);
    marks_.push_back({i, peephole_.size()});
    emit(i);
  }
  peephole_.forget();
  flush();
  places_.push_back(here());
  emit_returns_to_calls();
  emit_entries();
  emit_slow_return();
  emit_exits();
  emit_data();
}

void Emitter::emit(uint32_t index) {
  const CellOp op = shape_.ops[index];
  accumulators_ = pins_.accumulators_before(index);
  if (op == CellOp::count && !shape_.by_handler[index]) {
    // at the beginning of a function no pin is loaded yet, and there its code goes on as after a call
    if (shape_.is_label[index]) {
      label_entries_.push_back(index);
    } else {
      peephole_.forget();
      flush();
      entries_.push_back({index, here()});
    }
    return;
  }
  if (shape_.by_handler[index]) emit_by_handler(index);
  else if (is_data(op)) return;
  else if (op == CellOp::call) emit_call(index);
  else if (op == CellOp::return_none) write_back(pins_.use_of(index).in_memory);
  else if (is_short_entry(op, shape_.cells[index])) emit_enter(index);
  else emit_stencil(index);
  if (is_return(op)) emit_return(index);
  if (never_goes_on(op)) forget(valid_);
}

// --- Pins ---------------------------------------------------------------------------------------------------------------

void Emitter::arrive_at_label(uint32_t index) {
  const PinSet live = pins_.live_before(index);
  accumulators_ = pins_.accumulators_before(index);
  const bool falls_in = index == 0 || !never_goes_on(shape_.ops[index - 1]);
  if (falls_in) {
    load(live);
    peephole_.settle(pins_.accumulators_before(index));
  }
  peephole_.forget();
  if (peephole_.size() > kManyInstructions) flush();
  valid_ = live;
  dirty_ = live & pins_.ever_written();
}

Emitter::Live Emitter::live_at_branches(uint32_t index) const {
  const CellOp op = shape_.ops[index];
  Live live;
  auto add = [&](uint32_t target) {
    live.pins |= pins_.live_before(target);
    live.accumulators |= pins_.accumulators_before(target);
  };
  for (const Hole& hole : holes_of(op))
    if (is_branch(hole.kind)) add(branch_target(hole.kind, shape_, index));
  if (is_branch_table(op))
    for (uint32_t entry = 0; entry <= shape_.cells[index].b; ++entry) add(index + 1 + entry);
  return live;
}

void Emitter::load(PinSet pins) {
  for (size_t i = 0; i < pins_.count(); ++i)
    if ((pins & ~valid_) >> i & 1) emit_access(pins_[i], Access::Load);
  valid_ |= pins;
}

void Emitter::write_back(PinSet pins) {
  for (size_t i = 0; i < pins_.count(); ++i)
    if ((pins & dirty_) >> i & 1) emit_access(pins_[i], Access::Store);
  dirty_ &= ~pins;
}

void Emitter::emit_access(const Pin& pin, Access access) {
  const bool is_load = access == Access::Load;
  Instruction in;
  in.reg = pin.reg;
  in.rm = kMemory;
  in.base = kR13;
  in.disp = static_cast<int32_t>(8 * pin.slot);
  in.traits = is_load ? kWritesReg | kReadsRm | kMove : kReadsReg | kWritesRm | kMove;
  if (!is_vector(pin.reg)) {
    in.opcode = is_load ? 0x8B : 0x89;  // mov
    // nobody wants the upper half of a narrow one; what is stored is 0 there
    if (!is_load || !pin.is_narrow) in.traits |= kWide;
  } else {
    in.map = 1;
    in.opcode = is_load ? 0x10 : 0x11;
    if (!pin.is_wide) in.prefix = 0xF2;  // movsd, else movups
  }
  peephole_.add(in, accumulators_);
}

// The instruction whose memory operand's byte was just copied gets a register instead.
void Emitter::use_register(const Hole& hole, const Pin& pin) {
  uint8_t* end = code_.data() + code_.size();
  end[-1] = static_cast<uint8_t>((end[-1] & 0x38) | 0xC0 | (pin.reg & 7));
  uint8_t& rex = end[-hole.rex_bytes];
  rex = static_cast<uint8_t>((rex & ~kRexB) | ((pin.reg & 8) != 0 ? kRexB : 0));
  if (hole.operand != Operand::ScalarMove) return;
  end[-2] = static_cast<uint8_t>(end[-2] + 0x18);  // movss, movsd become movaps, which has no prefix
  code_.erase(code_.end() - hole.prefix_bytes);
}

// --- Cells --------------------------------------------------------------------------------------------------------------

bool Emitter::leaves(CellOp op) const { return is_call(op) || has_hole(op, HoleKind::handler); }

void Emitter::emit_stencil(uint32_t index) {
  const CellOp op = shape_.ops[index];
  const Stencil& stencil = stencil_of(op);
  const bool leaves_frame = leaves(op);

  // before: registers and memory as the code wants them
  const Pins::Use use = leaves_frame ? Pins::Use{} : pins_.use_of(index);
  const Live at_branches = leaves_frame ? Live{} : live_at_branches(index);
  load(use.read | at_branches.pins);
  write_back(leaves_frame ? dirty_ & pins_.live_before(index) : use.in_memory);

  if (stencil.has_steps && !leaves_frame) {
    emit_steps(index, use, at_branches);
  } else {
    peephole_.settle(accumulators_);
    peephole_.forget();
    flush();
    emit_bytes(op, index, use);
  }

  // after
  const PinSet written = use.written & (pins_.live_before(index + 1) | at_branches.pins);
  forget(use.written & ~written);
  valid_ |= written;
  dirty_ |= written;
  forget(use.written_in_memory | use.overwritten);
  if (is_call(op)) {
    forget(valid_);
    entries_.push_back({index + 1, here()});
  }
}

void Emitter::emit_steps(uint32_t index, const Pins::Use& use, const Live& at_branches) {
  const CellOp op = shape_.ops[index];
  const Stencil& stencil = stencil_of(op);
  const Cell& cell = shape_.cells[index];
  const Hole* slot_hole = holes_of(op).data();
  const uint32_t begin = peephole_.size();
  bool has_skips = false;
  const RegisterSet handed_on = is_return(op)       ? stencil.accs_written | stencil.accs_read
                                : never_goes_on(op) ? 0
                                                    : pins_.accumulators_before(index + 1);
  const RegisterSet wanted = at_branches.accumulators | handed_on;
  const PinSet unwanted = unwanted_results(index, use, at_branches.pins);
  for (uint32_t i = 0; i < stencil.step_count; ++i) {
    const Step& step = kSteps[kStepNumbers[stencil.first_step + i]];
    Instruction in{step.prefix, step.map,       step.opcode, step.reg,    step.rm,   step.base, step.index,
                   step.scale,  step.imm_bytes, 0,           step.traits, step.disp, step.imm};
    const RegisterSet live = step.live | (step.kept & wanted);
    if (in.has(kJump)) {
      in.target = static_cast<uint8_t>(step.imm_hole);
      has_skips = has_skips || step.imm_hole == HoleKind::next;
      if (is_branch(step.imm_hole)) peephole_.settle(at_branches.accumulators);
      peephole_.add(in, live);
      continue;
    }
    if (step.imm_hole != HoleKind::none) {
      const uint64_t value = value_of(step.imm_hole, cell) + static_cast<uint64_t>(int64_t{step.imm});
      in.imm = step.imm_bytes == 8 ? static_cast<int64_t>(value) : static_cast<int32_t>(value);
    }
    if (is_slot(step.disp_hole)) {
      // the holes of slots are in the order of the steps
      while (!is_slot(slot_hole->kind)) ++slot_hole;
      const Hole& hole = *slot_hole++;
      const int pin = pins_.in_place_of(hole, index, use);
      if (pin != Pins::kNone) {
        if ((unwanted >> pin & 1) != 0) continue;
        emit_in_register(in, pins_[static_cast<size_t>(pin)].reg, live);
        continue;
      }
    }
    if (step.disp_hole == HoleKind::constant) in.target = static_cast<uint8_t>(HoleKind::constant);
    else if (step.disp_hole != HoleKind::none)
      in.disp =
          static_cast<int32_t>(value_of(step.disp_hole, cell) + static_cast<uint64_t>(int64_t{step.disp}));
    peephole_.add(in, live);
  }
  if (is_return(op)) peephole_.settle(handed_on);
  if (!has_skips) return;
  for (uint32_t i = begin; i < peephole_.size(); ++i) {
    Instruction& in = peephole_.at(i);
    if (in.has(kJump) && in.target == static_cast<uint8_t>(HoleKind::next)) in.imm = peephole_.size();
  }
}

// The pins that the cell writes in their registers though nobody will read them.
PinSet Emitter::unwanted_results(uint32_t index, const Pins::Use& use, PinSet at_branches) {
  const CellOp op = shape_.ops[index];
  PinSet unwanted = use.written & ~at_branches;
  if (!never_goes_on(op)) unwanted &= ~pins_.live_before(index + 1);
  if (unwanted == 0) return unwanted;
  for (const Hole& hole : holes_of(op)) {
    if (!is_slot(hole.kind) || !hole.reads) continue;
    const int pin = pins_.in_place_of(hole, index, use);
    if (pin != Pins::kNone) unwanted &= ~(PinSet{1} << pin);
  }
  return unwanted;
}

// An instruction whose operand in memory has its value in a register.
void Emitter::emit_in_register(Instruction in, Register reg, RegisterSet live) {
  in.rm = reg;
  in.base = in.index = kNoRegister;
  in.disp = 0;
  if (!in.has(kMove)) return peephole_.add(in, live);
  const bool is_integer = in.map == 0;
  const auto bits = is_integer && !in.has(kWide) ? Peephole::Bits::Low32 : Peephole::Bits::Whole;
  if (in.has(kWritesReg)) peephole_.move(in.reg, reg, bits, live);
  else peephole_.move(reg, in.reg, bits, live);
}

void Emitter::flush() {
  const std::vector<Instruction>& list = peephole_.instructions();
  size_t mark = 0, skip = 0;
  uint32_t cell = 0;
  auto arrive = [&](uint32_t instruction) {
    for (; mark < marks_.size() && marks_[mark].instruction <= instruction; ++mark) {
      cell = marks_[mark].cell;
      places_.push_back(here());
    }
    for (; skip < skips_.size() && skips_[skip].instruction <= instruction; ++skip)
      store_unaligned(code_.data() + skips_[skip].at, here() - skips_[skip].at - 4);
  };
  cell = static_cast<uint32_t>(places_.size()) - (places_.empty() ? 0 : 1);
  for (uint32_t i = 0; i < list.size(); ++i) {
    arrive(i);
    const Instruction& in = list[i];
    const uint32_t at = here();
    uint8_t encoding[kMostInstructionBytes];
    const Encoded encoded = encode(in, encoding);
    code_.insert(code_.end(), encoding, encoding + encoded.size);
    if (in.has(kJump)) encode_jump(in, cell, at + encoded.imm_at);
    else if (encoded.disp_at != 0)
      to_constants_.push_back({at + encoded.disp_at, -4 - in.imm_bytes, static_cast<uint32_t>(in.disp)});
  }
  arrive(peephole_.size());
  marks_.clear();
  skips_.clear();
  peephole_.clear();
}

void Emitter::encode_jump(const Instruction& in, uint32_t cell, uint32_t at) {
  const auto target = static_cast<HoleKind>(in.target);
  if (target == HoleKind::next) skips_.push_back({at, static_cast<uint32_t>(in.imm)});
  else if (target == HoleKind::trap) exit_from({at, -4, 0}, cell, static_cast<int32_t>(in.imm));
  else branch_from(target, cell, at, -4);
}

void Emitter::emit_bytes(CellOp op, uint32_t index, const Pins::Use& use) {
  const Stencil& stencil = stencil_of(op);
  const std::span<const Hole> holes = holes_of(op);
  const bool keeps_pins = !leaves(op);
  const uint32_t begin = here();
  const uint8_t* from = kStencilCode + stencil.code;
  uint32_t copied = 0;
  struct Cut {
    uint32_t at, size;
  };
  Cut cuts[2 * kMostHoles];
  size_t cut_count = 0;
  struct Jump {
    const Hole* hole;
    uint32_t at;
  };
  Jump jumps[kMostHoles];
  size_t jump_count = 0;
  for (const Hole& hole : holes) {
    code_.insert(code_.end(), from + copied, from + hole.at);
    copied = hole.at;
    const int pin = keeps_pins && is_slot(hole.kind) ? pins_.in_place_of(hole, index, use) : Pins::kNone;
    if (pin != Pins::kNone) {
      if (hole.operand == Operand::ScalarMove) cuts[cut_count++] = {uint32_t{hole.at} - hole.prefix_bytes, 1};
      use_register(hole, pins_[static_cast<size_t>(pin)]);
      cuts[cut_count++] = {hole.at, 4};
      copied += 4;
      continue;
    }
    const uint32_t at = here();
    const uint32_t width = kHoleWidths[static_cast<size_t>(hole.kind)];
    code_.insert(code_.end(), from + copied, from + copied + width);
    copied += width;
    const bool is_jump =
        hole.kind == HoleKind::local_near || hole.kind == HoleKind::local_far || hole.kind == HoleKind::next;
    if (is_jump) jumps[jump_count++] = {&hole, at};
    else fill(hole, index, at);
  }
  code_.insert(code_.end(), from + copied, from + stencil.size);
  for (size_t i = 0; i < jump_count; ++i) {
    // the next cell's code begins behind this one's, and there what its label wants may still have to be loaded
    const bool is_next = jumps[i].hole->kind == HoleKind::next;
    const auto target = is_next ? uint32_t{stencil.size} : static_cast<uint32_t>(jumps[i].hole->addend);
    uint32_t cut = 0;
    for (size_t j = 0; j < cut_count; ++j)
      if (cuts[j].at < target) cut += cuts[j].size;
    const bool is_near = jumps[i].hole->kind == HoleKind::local_near;
    const uint32_t distance = begin + target - cut - jumps[i].at - (is_near ? 1 : 4);
    if (is_near) code_[jumps[i].at] = static_cast<uint8_t>(distance);
    else store_unaligned(code_.data() + jumps[i].at, distance);
  }
}

// The handler goes on with the next cell, or with one that it branches to, by that cell's handler.
void Emitter::emit_by_handler(uint32_t index) {
  write_back(dirty_);
  peephole_.settle(kAccumulators);
  peephole_.forget();
  flush();
  leave_to(index);
  jump_to_number(reinterpret_cast<uint64_t>(handlers_[shape_.ops[index]]));
  forget(valid_);
  if (index + 1 < shape_.cells.size() && !never_goes_on(shape_.ops[index]) && !is_data(shape_.ops[index + 1]))
    entries_.push_back({index + 1, here()});
}

void Emitter::branch_from(HoleKind kind, uint32_t index, uint32_t at, int32_t addend) {
  const uint32_t target = branch_target(kind, shape_, index);
  to_cells_.push_back({at, addend, target});
  if (target <= index) label_entries_.push_back(target);
}

void Emitter::fill(const Hole& hole, uint32_t index, uint32_t at) {
  switch (hole.kind) {
    case HoleKind::branch:
    case HoleKind::step_branch: return branch_from(hole.kind, index, at, hole.addend);
    case HoleKind::trap: return exit_from({at, hole.addend, 0}, index, kTrapInAux);
    case HoleKind::handler: return exit_from({at, hole.addend, 0}, index, kToHandler);
    case HoleKind::constant:
      to_constants_.push_back(
          {at, hole.form == HoleForm::Relative32Imm8 ? -5 : -4, static_cast<uint32_t>(hole.addend)});
      return;
    case HoleKind::table: tables_.push_back({at, index}); return;
    default: break;
  }
  const uint64_t value =
      value_of(hole.kind, shape_.cells[index]) + static_cast<uint64_t>(int64_t{hole.addend});
  if (hole.form == HoleForm::Whole64) store_unaligned(code_.data() + at, value);
  else store_unaligned(code_.data() + at, static_cast<uint32_t>(value));
}

// --- Ways in and out ------------------------------------------------------------------------------------------------------

// Memory has all values there, the label wants those that are live in registers.
void Emitter::emit_entries() {
  std::ranges::sort(label_entries_);
  const auto repeated = std::ranges::unique(label_entries_);
  label_entries_.erase(repeated.begin(), repeated.end());
  std::vector<bool> is_entry(shape_.cells.size());
  for (const Entry& entry : entries_) is_entry[entry.cell] = true;
  for (const uint32_t cell : label_entries_) {
    // one that a call returns to leads to the code before the label
    if (is_entry[cell]) continue;
    const PinSet live = pins_.live_before(cell);
    if (live == 0) {
      entries_.push_back({cell, places_[cell]});
      continue;
    }
    entries_.push_back({cell, here()});
    forget(valid_);
    load(live);
    peephole_.forget();
    flush();
    bytes({0xE9});
    to_cells_.push_back({here(), -4, cell});
    put(uint32_t{0});
  }
}

void Emitter::exit_from(const Distance& from, uint32_t index, int32_t reason) {
  // a stencil's exits are made one after the other
  for (size_t i = exits_.size(); i > 0 && exits_[i - 1].cell == index; --i) {
    if (exits_[i - 1].reason != reason) continue;
    exits_[i - 1].from.push_back(from);
    return;
  }
  exits_.push_back({index, reason, {from}});
}

void Emitter::leave_to(uint32_t cell) {
  bytes({0x49, 0xBC});  // mov r12, …
  put(reinterpret_cast<uint64_t>(&shape_.cells[cell]));
}

void Emitter::emit_exits() {
  std::vector<uint32_t> to_stop;
  for (const Exit& exit : exits_) {
    for (const Distance& from : exit.from)
      store_unaligned(code_.data() + from.at, here() + static_cast<uint32_t>(from.addend) - from.at);
    leave_to(exit.cell);
    if (exit.reason != kToHandler) {
      if (exit.reason != kTrapInAux) {
        bytes({0xBE});  // mov esi, …
        put(exit.reason);
      }
      bytes({0xE9});
      to_stop.push_back(here());
      put(uint32_t{0});
    } else {
      jump_to_number(reinterpret_cast<uint64_t>(handlers_[shape_.ops[exit.cell]]));
    }
  }
  if (to_stop.empty()) return;
  for (const uint32_t at : to_stop) store_unaligned(code_.data() + at, here() - 4 - at);
  jump_to_number(reinterpret_cast<uint64_t>(stop_));
}

uint32_t Emitter::number(uint64_t value) {
  // the last few are enough to look at: most are the same handlers
  for (size_t i = numbers_.size(), tries = 0; i > 0 && tries < 8; --i, ++tries)
    if (numbers_[i - 1] == value) return static_cast<uint32_t>(i - 1);
  numbers_.push_back(value);
  return static_cast<uint32_t>(numbers_.size() - 1);
}

void Emitter::jump_to_number(uint64_t address) {
  bytes({0xFF, 0x25});
  to_numbers_.push_back({here(), -4, number(address)});
  put(uint32_t{0});
}

// --- Data -----------------------------------------------------------------------------------------------------------------

void Emitter::emit_data() {
  code_.resize((code_.size() + 15) & ~size_t{15}, 0xCC);
  const uint32_t constants = here();
  if (!to_constants_.empty()) code_.insert(code_.end(), kConstants, kConstants + kConstantBytes);
  code_.resize((code_.size() + 7) & ~size_t{7}, 0xCC);
  const uint32_t numbers = here();
  for (const uint64_t value : numbers_) put(value);
  for (const Table& table : tables_) {
    absolutes_.push_back({table.hole_at, here()});
    for (uint32_t entry = 0; entry <= shape_.cells[table.cell].b; ++entry) {
      const uint32_t cell = table.cell + 1 + entry;
      absolutes_.push_back({here(), places_[cell + shape_.cells[cell].b]});
      put(uint64_t{0});
    }
  }
  auto resolve = [&](const std::vector<Distance>& distances, auto place_of) {
    for (const Distance& distance : distances)
      store_unaligned(code_.data() + distance.at,
                      place_of(distance.target) + static_cast<uint32_t>(distance.addend) - distance.at);
  };
  resolve(to_cells_, [&](uint32_t cell) { return places_[cell]; });
  resolve(to_numbers_, [&](uint32_t index) { return numbers + 8 * index; });
  resolve(to_constants_, [&](uint32_t offset) { return constants + offset; });
}

MachineCode make_code(const Shape& shape, code::HandlerTable handlers, const void* stop) {
  Emitter emitter(shape, handlers, stop);
  emitter.run();
  return emitter.take();
}

std::string obstacle_of(const platform::CpuFeatures& features) {
  if (features.arch != platform::CpuArch::X86_64) return "the compiler is that of another architecture";
  if (!features.sse4_2 || !features.popcnt) return "the processor lacks SSE4.2 or POPCNT";
  return {};
}

}  // namespace godwit::jit
