// Copying stencils and filling their holes, for x86-64.
#include "jit/x86_64/emitter.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "base/bytes.h"
#include "jit/hole_value.h"
#include "runtime/trap.h"
#include "runtime/vm.h"

namespace godwit::jit {

using code::Cell;
using code::CellOp;

namespace {

// In an instruction with a REX byte: the operand's register is one of the upper eight.
constexpr uint8_t kRexB = 1;

// What fills gaps.
constexpr uint8_t kBreakpoint = 0xCC;

// Processors keep decoded instructions by such lines of the code. Loops begin with one; and in them no jump crosses or ends one:
// of code that does, many processors keep nothing.
// spec: https://www.intel.com/content/dam/support/us/en/documents/processors/mitigations-jump-conditional-code-erratum.pdf
constexpr uint32_t kLineBytes = 32;
constexpr uint32_t kJumpBytes = 6;
constexpr uint32_t kSeenTimeBytes = 6;  // what with_seen_time() makes

// Instructions that do nothing, of so many bytes together.
uint32_t pad(uint8_t* into, uint32_t size) {
  static constexpr uint8_t kLongest[] = {0x66, 0x0F, 0x1F, 0x84, 0, 0, 0, 0, 0};
  static constexpr uint8_t kShort[][4] = {{0x90}, {0x66, 0x90}, {0x0F, 0x1F, 0}, {0x0F, 0x1F, 0x40, 0}};
  uint32_t at = 0;
  while (size - at >= sizeof kLongest) {
    std::memcpy(into + at, kLongest, sizeof kLongest);
    at += sizeof kLongest;
  }
  while (at < size) {
    const uint32_t step = std::min<uint32_t>(size - at, std::size(kShort));
    std::memcpy(into + at, kShort[step - 1], step);
    at += step;
  }
  return size;
}

// So many are gathered before they become bytes.
constexpr uint32_t kManyInstructions = 1'000;

// The number behind an instruction, its hole filled.
int64_t immediate_of(const Step& step, const Cell& cell) {
  const uint64_t value = value_of(step.imm_hole, cell) + static_cast<uint64_t>(step.imm);
  return step.imm_bytes == 8 ? static_cast<int64_t>(value) : static_cast<int32_t>(value);
}

// cmp qword [rbp + interrupt], 0
bool is_poll(const Step& step) {
  constexpr unsigned kDigitCmp = 7;
  return step.is(0, 0x83) && step.reg == kDigitCmp && step.has(kWide) && step.rm == kMemory &&
         step.base == kRbp && step.index == kNoRegister &&
         step.disp == offsetof(runtime::VmStore, interrupt) && step.imm == 0;
}

}  // namespace

Emitter::Emitter(code::HandlerTable handlers, const void* stop) : handlers_(handlers), stop_(stop) {}

void Emitter::clear() {
  valid_ = dirty_ = 0;
  code_.clear();
  places_.clear();
  entries_.clear();
  label_entries_.clear();
  returns_.clear();
  to_slow_return_.clear();
  for (auto* distances : {&to_cells_, &to_numbers_, &to_constants_, &to_exits_}) distances->clear();
  absolutes_.clear();
  exits_.clear();
  numbers_.clear();
  tables_.clear();
  looks_.clear();
  time_reads_.clear();
  calls_itself_ = false;
}

MachineCode Emitter::make(const Shape& shape) {
  shape_ = &shape;
  clear();
  pins_.choose_for(shape);
  find_counted_loops(shape, counted_ends_);
  peephole_.begin(pins_.registers(), pins_.narrow_registers());
  const uint32_t count = shape_->size();
  places_.reserve(count + 1);
  entries_.push_back({0, 0});
  for (uint32_t i = 0; i < count; ++i) {
    if (shape_->is_label[i]) arrive_at_label(i);
    marks_.push_back({i, peephole_.size()});
    emit(i);
  }
  peephole_.forget();
  flush();
  places_.push_back(here());
  emit_returns_to_calls();
  emit_entries();
  emit_ends_of_looks();
  emit_slow_return();
  const uint64_t moved = moved_beginning();
  emit_exits();
  emit_data();
  return {{code_.data(), code_.size()}, places_, entries_, absolutes_, time_reads_, moved};
}

void Emitter::emit(uint32_t index) {
  const CellOp op = shape_->ops[index];
  const uint16_t traits = stencil_of(op).traits;
  accumulators_ = pins_.accumulators_before(index);
  if (op == CellOp::count && !shape_->by_handler[index]) {
    if (index == 1 && looks_where_it_enters()) {
      peephole_.forget();
      label_entries_.push_back(index);
      return check_narrow(valid_);
    }
    // at the beginning of a function no pin is loaded yet, and there its code goes on as after a call
    if (shape_->is_label[index] || valid_ != 0) {
      peephole_.forget();
      label_entries_.push_back(index);
    } else {
      peephole_.forget();
      flush();
      entries_.push_back({index, here()});
    }
    check_narrow(valid_);
    if (shape_->looks[index]) emit_look(index);
    return;
  }
  if (shape_->by_handler[index]) emit_by_handler(index);
  else if ((traits & kIsData) != 0) return;
  else if (op == CellOp::call) emit_call(index);
  else if (op == CellOp::return_none) write_back(pins_.use_of(index).wanted_in_memory);
  else if (is_short_entry(op, shape_->cells[index])) emit_enter(index);
  else emit_stencil(index);
  if ((traits & kIsReturn) != 0) emit_return(index);
  if ((traits & kNeverGoesOn) != 0) forget(valid_);
}

// --- Pins ---------------------------------------------------------------------------------------------------------------

void Emitter::arrive_at_label(uint32_t index) {
  const PinSet live = pins_.live_before(index);
  accumulators_ = pins_.accumulators_before(index);
  const bool falls_in = index == 0 || !has_trait(shape_->ops[index - 1], kNeverGoesOn);
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
  Live live;
  if (!shape_->flows[index]) return live;
  const Stencil& stencil = stencil_of(shape_->ops[index]);
  auto add = [&](uint32_t target) {
    live.pins |= pins_.live_before(target);
    live.accumulators |= pins_.accumulators_before(target);
  };
  if (stencil.branch != HoleKind::none) add(branch_target(stencil.branch, *shape_, index));
  if ((stencil.traits & kIsTable) != 0)
    for (uint32_t entry = 0; entry <= shape_->cells[index].b; ++entry) add(index + 1 + entry);
  return live;
}

void Emitter::load(PinSet pins) {
  for (PinSet rest = pins & ~valid_; rest != 0; rest &= rest - 1)
    emit_access(pins_[static_cast<size_t>(__builtin_ctz(rest))], Access::Load);
  valid_ |= pins;
}

void Emitter::write_back(PinSet pins) {
  for (PinSet rest = pins & dirty_; rest != 0; rest &= rest - 1)
    emit_access(pins_[static_cast<size_t>(__builtin_ctz(rest))], Access::Store);
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
  code_.erase_before_end(hole.prefix_bytes);
}

// --- Cells --------------------------------------------------------------------------------------------------------------

void Emitter::emit_stencil(uint32_t index) {
  const Stencil& stencil = stencil_of(shape_->ops[index]);
  const bool leaves_frame = (stencil.traits & kLeaves) != 0;

  // before: registers and memory as the code wants them
  const Pins::Use use = leaves_frame ? Pins::Use{} : pins_.use_of(index);
  const Live at_branches = leaves_frame ? Live{} : live_at_branches(index);
  load(use.read | at_branches.pins);
  write_back(leaves_frame ? dirty_ & pins_.live_before(index) : use.wanted_in_memory);

  if (stencil.has_steps && !leaves_frame) {
    emit_steps(index, use, at_branches);
  } else {
    peephole_.settle(accumulators_);
    peephole_.forget();
    flush();
    emit_bytes(stencil, index, use);
  }

  // after
  const PinSet written = use.written & (pins_.live_before(index + 1) | at_branches.pins);
  forget(use.written & ~written);
  valid_ |= written;
  dirty_ |= written;
  forget(use.written_in_memory | use.overwritten);
  if ((stencil.traits & kIsCall) != 0) {
    forget(valid_);
    entries_.push_back({index + 1, here()});
  }
}

void Emitter::emit_steps(uint32_t index, const Pins::Use& use, const Live& at_branches) {
  const Stencil& stencil = stencil_of(shape_->ops[index]);
  const Cell& cell = shape_->cells[index];
  const SlotUse* slot_use = slots_of(stencil).data();
  const bool returns = (stencil.traits & kIsReturn) != 0;
  const uint32_t begin = peephole_.size();
  bool has_skips = false;
  const RegisterSet handed_on = returns ? stencil.accs_written | stencil.accs_read
                                : (stencil.traits & kNeverGoesOn) != 0 ? 0
                                                                       : pins_.accumulators_before(index + 1);
  const RegisterSet wanted = at_branches.accumulators | handed_on;
  const PinSet unwanted = unwanted_results(index, use, at_branches.pins);
  for (uint32_t i = 0; i < stencil.step_count; ++i) {
    const Step& step = kSteps[kStepNumbers[stencil.first_step + i]];
    if ((shape_->polls_in_vain[index] || counted_ends_[index]) && is_poll(step) &&
        i + 1 < stencil.step_count &&
        kSteps[kStepNumbers[stencil.first_step + i + 1]].imm_hole == HoleKind::trap) {
      ++i;  // leaves out its jump, too
      continue;
    }
    const RegisterSet live = step.live | (step.kept & wanted);
    if (step.way == Step::Way::Jump) {
      has_skips = has_skips || step.imm_hole == HoleKind::next;
      if (is_branch(step.imm_hole)) peephole_.settle(at_branches.accumulators);
      peephole_.add(step, live);
      continue;
    }
    int32_t disp = step.disp;
    if (step.way == Step::Way::Slot) {
      // slots are in the order of the steps
      const SlotUse& slot = *slot_use++;
      const int pin = pins_.in_place_of(slot, index, use);
      if (pin != Pins::kNone) {
        if ((unwanted >> pin & 1) == 0)
          emit_in_register(step, cell, pins_[static_cast<size_t>(pin)].reg, live);
        continue;
      }
      disp = static_cast<int32_t>(8 * slot_of(slot, cell)) + (step.disp & 7);
    } else if (step.disp_hole != HoleKind::none && step.disp_hole != HoleKind::constant) {
      disp = static_cast<int32_t>(value_of(step.disp_hole, cell) + static_cast<uint64_t>(int64_t{step.disp}));
    }
    // what stays as it is, is filled in where it stays
    if (peephole_.keeps(step)) {
      Instruction& in = peephole_.add_plain(step, live);
      in.disp = disp;
      if (step.imm_hole != HoleKind::none) in.imm = immediate_of(step, cell);
    } else {
      Instruction in = step;
      in.disp = disp;
      if (step.imm_hole != HoleKind::none) in.imm = immediate_of(step, cell);
      peephole_.add(in, live);
    }
  }
  if (returns) peephole_.settle(handed_on);
  if (!has_skips) return;
  for (uint32_t i = begin; i < peephole_.size(); ++i) {
    Instruction& in = peephole_.at(i);
    if (in.has(kJump) && in.target == static_cast<uint8_t>(HoleKind::next)) in.imm = peephole_.size();
  }
  peephole_.join();
}

// The pins that the cell writes in their registers though nobody will read them.
PinSet Emitter::unwanted_results(uint32_t index, const Pins::Use& use, PinSet at_branches) {
  const Stencil& stencil = stencil_of(shape_->ops[index]);
  PinSet unwanted = use.written & ~at_branches;
  if ((stencil.traits & kNeverGoesOn) == 0) unwanted &= ~pins_.live_before(index + 1);
  if (unwanted == 0) return unwanted;
  for (const SlotUse& slot : slots_of(stencil)) {
    if (!slot.reads) continue;
    const int pin = pins_.in_place_of(slot, index, use);
    if (pin != Pins::kNone) unwanted &= ~(PinSet{1} << pin);
  }
  return unwanted;
}

// An instruction whose operand in memory has its value in a register.
void Emitter::emit_in_register(const Step& step, const Cell& cell, Register reg, RegisterSet live) {
  if (step.has(kMove)) {
    const bool is_integer = step.map == 0;
    const auto bits = is_integer && !step.has(kWide) ? Peephole::Bits::Low32 : Peephole::Bits::Whole;
    return step.has(kWritesReg) ? peephole_.move(step.reg, reg, bits, live)
                                : peephole_.move(reg, step.reg, bits, live);
  }
  Instruction in = step;
  in.rm = reg;
  in.base = in.index = kNoRegister;
  in.disp = 0;
  if (step.imm_hole != HoleKind::none) in.imm = immediate_of(step, cell);
  peephole_.add(in, live);
}

void Emitter::flush() {
  const std::vector<Instruction>& list = peephole_.instructions();
  uint32_t cell = static_cast<uint32_t>(places_.size()) - (places_.empty() ? 0 : 1);
  const uint32_t begin = here();
  uint8_t* const into =
      code_.room_for(list.size() * kMostInstructionBytes + (marks_.size() + list.size()) * kLineBytes);
  uint8_t* at = into;
  auto place = [&] { return begin + static_cast<uint32_t>(at - into); };
  size_t skip = 0;
  uint32_t i = 0;
  auto encode_until = [&](uint32_t end) {
    for (;; ++i) {
      for (; skip < skips_.size() && skips_[skip].instruction <= i; ++skip)
        store_unaligned(code_.data() + skips_[skip].at, place() - skips_[skip].at - 4);
      if (i == end) return;
      const Instruction& in = list[i];
      Encoded encoded = encode(in, at);
      if (shape_->depth[cell] != 0) {
        // with a comparison before it, a jump is one instruction to the processor
        const bool is_pair = !in.has(kJump) && i + 1 < list.size() && list[i + 1].has(kJump);
        const uint32_t size = encoded.size + (is_pair ? kJumpBytes : 0);
        const uint32_t left = kLineBytes - place() % kLineBytes;
        if ((in.has(kJump) || is_pair) && size >= left) {
          at += pad(at, left);
          encoded = encode(in, at);
        }
      }
      if (in.has(kJump)) encode_jump(in, cell, place() + encoded.imm_at);
      else if (encoded.disp_at != 0)
        to_constants_.push_back(
            {place() + encoded.disp_at, -4 - in.imm_bytes, static_cast<uint32_t>(in.disp)});
      at += encoded.size;
    }
  };
  for (const Mark& mark : marks_) {
    encode_until(mark.instruction);
    cell = mark.cell;
    if (shape_->is_loop[cell]) at += pad(at, (0u - place()) % kLineBytes);
    places_.push_back(place());
  }
  encode_until(peephole_.size());
  code_.grow(static_cast<size_t>(at - into));
  marks_.clear();
  skips_.clear();
  peephole_.clear();
}

void Emitter::encode_jump(const Instruction& in, uint32_t cell, uint32_t at) {
  const auto target = static_cast<HoleKind>(in.target);
  if (target == HoleKind::next) skips_.push_back({at, static_cast<uint32_t>(in.imm)});
  else if (target == HoleKind::trap) exit_from(at, -4, cell, static_cast<int32_t>(in.imm));
  else branch_from(target, cell, at, -4);
}

void Emitter::emit_bytes(const Stencil& stencil, uint32_t index, const Pins::Use& use) {
  const bool keeps_pins = (stencil.traits & (kLeaves | kChangesFrame)) == 0;
  const SlotUse* slot_use = slots_of(stencil).data();
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
  for (const Hole& hole : holes_of(stencil)) {
    code_.append(from + copied, hole.at - copied);
    copied = hole.at;
    const int pin =
        keeps_pins && is_slot(hole.kind) ? pins_.in_place_of(*slot_use++, index, use) : Pins::kNone;
    if (pin != Pins::kNone) {
      if (hole.operand == Operand::ScalarMove) cuts[cut_count++] = {uint32_t{hole.at} - hole.prefix_bytes, 1};
      use_register(hole, pins_[static_cast<size_t>(pin)]);
      cuts[cut_count++] = {hole.at, 4};
      copied += 4;
      continue;
    }
    const uint32_t at = here();
    const uint32_t width = kHoleWidths[static_cast<size_t>(hole.kind)];
    code_.append(from + copied, width);
    copied += width;
    const bool is_jump =
        hole.kind == HoleKind::local_near || hole.kind == HoleKind::local_far || hole.kind == HoleKind::next;
    if (is_jump) jumps[jump_count++] = {&hole, at};
    else fill(hole, index, at);
  }
  code_.append(from + copied, stencil.size - copied);
  for (size_t i = 0; i < jump_count; ++i) {
    // the next cell's code begins behind this one's, and there what its label wants may still have to be loaded
    const bool is_next = jumps[i].hole->kind == HoleKind::next;
    const auto target = is_next ? uint32_t{stencil.size} : static_cast<uint32_t>(jumps[i].hole->addend);
    uint32_t cut = 0;
    for (size_t j = 0; j < cut_count; ++j)
      if (cuts[j].at < target) cut += cuts[j].size;
    const bool is_near = jumps[i].hole->kind == HoleKind::local_near;
    const uint32_t distance = begin + target - cut - jumps[i].at - (is_near ? 1 : 4);
    if (is_near) code_.data()[jumps[i].at] = static_cast<uint8_t>(distance);
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
  jump_to_number(reinterpret_cast<uint64_t>(handlers_[shape_->ops[index]]));
  forget(valid_);
  if (index + 1 < shape_->size() && !has_trait(shape_->ops[index], kNeverGoesOn) &&
      !has_trait(shape_->ops[index + 1], kIsData))
    entries_.push_back({index + 1, here()});
}

// Nothing but pins lives where functions and loops begin.
void Emitter::emit_look(uint32_t index) {
  peephole_.forget();
  flush();
  read_time();
  keep_in_line(kSeenTimeBytes + kJumpBytes);
  with_seen_time(0x3B);  // cmp eax, [rbp + seen_time]
  bytes({0x0F, 0x85});   // jne
  looks_.push_back({index, here(), dirty_});
  put(uint32_t{0});
}

void Emitter::read_time() {
  bytes({0x8B, 0x05});  // mov eax, [the time]
  time_reads_.push_back(here());
  put(uint32_t{0});
}

// What comes, of so many bytes, neither crosses nor ends a line.
void Emitter::keep_in_line(uint32_t size) {
  const uint32_t left = kLineBytes - here() % kLineBytes;
  if (size >= left) code_.grow(pad(code_.room_for(kLineBytes), left));
}

void Emitter::with_seen_time(uint8_t opcode) {
  bytes({opcode, 0x85});
  put(static_cast<uint32_t>(offsetof(runtime::VmStore, seen_time)));
}

// The time is another one: an interruption, or time to be asked. The handler counts the last round then, and goes on as
// control comes from elsewhere.
void Emitter::emit_ends_of_looks() {
  for (const Look& look : looks_) {
    store_unaligned(code_.data() + look.at, here() - look.at - 4);
    with_seen_time(0x87);  // xchg: whoever interrupts from now on finds the new time and takes it away
    bytes({0x48, 0x83, 0x7D, offsetof(runtime::VmStore, interrupt), 0x00, 0x0F, 0x85});  // cmp qword, 0; jne
    put(uint32_t{0});
    exit_from(here() - 4, -4, look.cell, static_cast<int32_t>(runtime::Trap::Interrupted));
    bytes({0xA1});  // mov eax, [an address of 64 bits]
    put(reinterpret_cast<uint64_t>(&shape_->look->is_wanted));
    bytes({0x85, 0xC0, 0x0F, 0x84});  // test eax, eax; je: back
    put(look.at - here());
    bytes({0x48, 0xB8});  // mov rax, the cell
    put(reinterpret_cast<uint64_t>(&shape_->cells[look.cell]));
    bytes({0xC7, 0x40, offsetof(Cell, b)});  // mov dword [rax + b], 1
    put(uint32_t{1});
    dirty_ = look.dirty;
    accumulators_ = 0;
    write_back(dirty_);
    peephole_.forget();
    flush();
    leave_to(look.cell);
    jump_to_number(reinterpret_cast<uint64_t>(handlers_[CellOp::count]));
  }
}

void Emitter::branch_from(HoleKind kind, uint32_t index, uint32_t at, int32_t addend) {
  const uint32_t target = branch_target(kind, *shape_, index);
  to_cells_.push_back({at, addend, target});
  if (target <= index) label_entries_.push_back(target);
}

void Emitter::fill(const Hole& hole, uint32_t index, uint32_t at) {
  switch (hole.kind) {
    case HoleKind::branch:
    case HoleKind::step_branch: return branch_from(hole.kind, index, at, hole.addend);
    case HoleKind::trap: return exit_from(at, hole.addend, index, kTrapInAux);
    case HoleKind::handler: return exit_from(at, hole.addend, index, kToHandler);
    case HoleKind::constant:
      to_constants_.push_back(
          {at, hole.form == HoleForm::Relative32Imm8 ? -5 : -4, static_cast<uint32_t>(hole.addend)});
      return;
    case HoleKind::table: tables_.push_back({at, index}); return;
    default: break;
  }
  const uint64_t value =
      value_of(hole.kind, shape_->cells[index]) + static_cast<uint64_t>(int64_t{hole.addend});
  if (hole.form == HoleForm::Whole64) store_unaligned(code_.data() + at, value);
  else store_unaligned(code_.data() + at, static_cast<uint32_t>(value));
}

// --- Ways in and out ------------------------------------------------------------------------------------------------------

// Memory has all values there, the label wants those that are live in registers.
void Emitter::emit_entries() {
  std::ranges::sort(label_entries_);
  const auto repeated = std::ranges::unique(label_entries_);
  label_entries_.erase(repeated.begin(), repeated.end());
  std::vector<bool> is_entry(shape_->cells.size());
  for (const Entry& entry : entries_) is_entry[entry.cell] = true;
  for (const uint32_t cell : label_entries_) {
    // one that a call returns to leads to the code before the label
    if (is_entry[cell]) continue;
    const PinSet live = pins_.live_before(cell);
    const bool looks = cell == 1 && looks_where_it_enters();
    if (live == 0 && !looks) {
      entries_.push_back({cell, places_[cell]});
      continue;
    }
    entries_.push_back({cell, here()});
    forget(valid_);
    if (looks) emit_look(cell);
    load(live);
    peephole_.forget();
    flush();
    bytes({0xE9});
    to_cells_.push_back({here(), -4, cell});
    put(uint32_t{0});
  }
}

void Emitter::exit_from(uint32_t at, int32_t addend, uint32_t index, int32_t reason) {
  // a stencil's exits are made one after the other
  size_t exit = exits_.size();
  while (exit > 0 && exits_[exit - 1].cell == index && exits_[exit - 1].reason != reason) --exit;
  if (exit == 0 || exits_[exit - 1].cell != index) {
    exits_.push_back({index, reason});
    exit = exits_.size();
  }
  to_exits_.push_back({at, addend, static_cast<uint32_t>(exit - 1)});
}

void Emitter::leave_to(uint32_t cell) {
  bytes({0x49, 0xBC});  // mov r12, …
  put(reinterpret_cast<uint64_t>(&shape_->cells[cell]));
}

void Emitter::emit_exits() {
  to_stop_.clear();
  exit_places_.clear();
  for (const Exit& exit : exits_) {
    exit_places_.push_back(here());
    leave_to(exit.cell);
    if (exit.reason != kToHandler) {
      if (exit.reason != kTrapInAux) {
        bytes({0xBE});  // mov esi, …
        put(exit.reason);
      }
      bytes({0xE9});
      to_stop_.push_back(here());
      put(uint32_t{0});
    } else {
      jump_to_number(reinterpret_cast<uint64_t>(handlers_[shape_->ops[exit.cell]]));
    }
  }
  if (to_stop_.empty()) return;
  for (const uint32_t at : to_stop_) store_unaligned(code_.data() + at, here() - 4 - at);
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
  code_.align(16, kBreakpoint);
  const uint32_t constants = here();
  if (!to_constants_.empty()) code_.append(kConstants, kConstantBytes);
  if (!peephole_.pool().empty()) {
    code_.align(16, kBreakpoint);
    for (const auto& [low, high] : peephole_.pool()) {
      put(low);
      put(high);
    }
  }
  code_.align(8, kBreakpoint);
  const uint32_t numbers = here();
  for (const uint64_t value : numbers_) put(value);
  for (const Table& table : tables_) {
    absolutes_.push_back({table.hole_at, here()});
    for (uint32_t entry = 0; entry <= shape_->cells[table.cell].b; ++entry) {
      const uint32_t cell = table.cell + 1 + entry;
      absolutes_.push_back({here(), places_[entry_target(*shape_, cell)]});
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
  resolve(to_exits_, [&](uint32_t exit) { return exit_places_[exit]; });
}

const bool kHasLooks = true;

std::unique_ptr<CodeMaker> make_code_maker(code::HandlerTable handlers, const void* stop) {
  return std::make_unique<Emitter>(handlers, stop);
}

std::string obstacle_of(const platform::CpuFeatures& features) {
  if (features.arch != platform::CpuArch::X86_64) return "the compiler is that of another architecture";
  if (!features.sse4_2 || !features.popcnt) return "the processor lacks SSE4.2 or POPCNT";
  return {};
}

}  // namespace godwit::jit
