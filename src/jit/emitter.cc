// Copying stencils and filling their holes, for x86-64.
#include "jit/emitter.h"

#include <algorithm>
#include <cstring>

#include "base/bytes.h"
#include "runtime/vm.h"

namespace godwit::jit {

using code::Cell;
using code::CellOp;

namespace {

// In an instruction with a REX byte: the operand's register is one of the upper eight; so is the other register.
constexpr uint8_t kRexB = 1, kRexR = 4;

bool is_branch_table(CellOp op) { return op == CellOp::br_table_s || op == CellOp::br_table_a; }

bool has_hole(CellOp op, HoleKind kind) {
  return std::ranges::find(holes_of(op), kind, &Hole::kind) != holes_of(op).end();
}

}  // namespace

Emitter::Emitter(const Shape& shape, code::HandlerTable handlers, const void* stop)
    : shape_(shape), pins_(shape), handlers_(handlers), stop_(stop) {}

template <class T>
void Emitter::put(T value) {
  const size_t at = code_.size();
  code_.resize(at + sizeof value);
  store_unaligned(code_.data() + at, value);
}

void Emitter::run() {
  const auto count = static_cast<uint32_t>(shape_.cells.size());
  places_.reserve(count + 1);
  code_.reserve(count * size_t{24});
  entries_.push_back({0, 0});
  for (uint32_t i = 0; i < count; ++i) {
    if (shape_.is_label[i]) arrive_at_label(i);
    places_.push_back(here());
    emit(i);
  }
  places_.push_back(here());
  emit_entries();
  emit_exits();
  emit_data();
}

void Emitter::emit(uint32_t index) {
  const CellOp op = shape_.ops[index];
  if (op == CellOp::count) {
    // at the beginning of a function no pin is loaded yet, and there its code goes on as after a call
    if (shape_.is_label[index]) label_entries_.push_back(index);
    else entries_.push_back({index, here()});
    return;
  }
  if (is_data(op)) return;
  if (shape_.by_handler[index]) {
    emit_by_handler(index);
  } else {
    emit_stencil(index);
  }
  if (never_goes_on(op)) forget(valid_);
}

// --- Pins ---------------------------------------------------------------------------------------------------------------

void Emitter::arrive_at_label(uint32_t index) {
  const PinSet live = pins_.live_before(index);
  const bool falls_in = index == 0 || !never_goes_on(shape_.ops[index - 1]);
  if (falls_in) load(live);
  valid_ = live;
  dirty_ = live & pins_.ever_written();
}

PinSet Emitter::live_at_branches(uint32_t index) const {
  const CellOp op = shape_.ops[index];
  PinSet live = 0;
  for (const Hole& hole : holes_of(op))
    if (is_branch(hole.kind)) live |= pins_.live_before(branch_target(hole.kind, shape_, index));
  if (is_branch_table(op))
    for (uint32_t entry = 0; entry <= shape_.cells[index].b; ++entry)
      live |= pins_.live_before(index + 1 + entry);
  return live;
}

void Emitter::load(PinSet pins) {
  for (size_t i = 0; i < pins_.count(); ++i)
    if ((pins & ~valid_) >> i & 1) emit_load(pins_[i]);
  valid_ |= pins;
}

void Emitter::write_back(PinSet pins) {
  for (size_t i = 0; i < pins_.count(); ++i)
    if ((pins & dirty_) >> i & 1) emit_store(pins_[i]);
  dirty_ &= static_cast<PinSet>(~pins);
}

void Emitter::emit_access(const Pin& pin, uint8_t integer_opcode, uint8_t vector_opcode) {
  const uint8_t upper = pin.reg >= 8 ? kRexR : uint8_t{0};
  if (!pin.is_vector) {
    bytes({static_cast<uint8_t>(0x49 | upper), integer_opcode});  // mov
  } else {
    if (!pin.is_wide) bytes({0xF2});                                   // movsd
    bytes({static_cast<uint8_t>(0x41 | upper), 0x0F, vector_opcode});  // movups
  }
  bytes({static_cast<uint8_t>(0x85 | (pin.reg & 7) << 3)});  // [r13 + distance]
  put(8 * pin.slot);
}

void Emitter::emit_load(const Pin& pin) { emit_access(pin, 0x8B, 0x10); }
void Emitter::emit_store(const Pin& pin) { emit_access(pin, 0x89, 0x11); }

// The instruction whose memory operand's byte was just copied gets a register instead.
void Emitter::use_register(const Hole& hole, const Pin& pin) {
  uint8_t* end = code_.data() + code_.size();
  end[-1] = static_cast<uint8_t>((end[-1] & 0x38) | 0xC0 | (pin.reg & 7));
  uint8_t& rex = end[-hole.rex_bytes];
  rex = static_cast<uint8_t>((rex & ~kRexB) | (pin.reg >= 8 ? kRexB : 0));
  if (hole.operand != Operand::ScalarMove) return;
  end[-2] = static_cast<uint8_t>(end[-2] + 0x18);  // movss, movsd become movaps, which has no prefix
  code_.erase(code_.end() - hole.prefix_bytes);
}

// --- Cells --------------------------------------------------------------------------------------------------------------

void Emitter::emit_stencil(uint32_t index) {
  const CellOp op = shape_.ops[index];
  const Stencil& stencil = stencil_of(op);
  const std::span<const Hole> holes = holes_of(op);
  const bool leaves = is_call(op) || has_hole(op, HoleKind::handler);

  // before: registers and memory as the code wants them
  const Pins::Use use = leaves ? Pins::Use{} : pins_.use_of(index);
  load(use.read | (leaves ? PinSet{0} : live_at_branches(index)));
  write_back(leaves ? dirty_ : use.in_memory);

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
    const int pin = !leaves && is_slot(hole.kind) ? pins_.in_place_of(hole, index, use) : Pins::kNone;
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

  // after
  valid_ |= use.written;
  dirty_ |= use.written;
  forget(use.written_in_memory);
  if (is_call(op)) {
    forget(valid_);
    entries_.push_back({index + 1, here()});
  }
}

// The handler goes on with the next cell, or with one that it branches to, by that cell's handler.
void Emitter::emit_by_handler(uint32_t index) {
  write_back(dirty_);
  leave_to(index);
  jump_to_number(reinterpret_cast<uint64_t>(handlers_[shape_.ops[index]]));
  forget(valid_);
  if (index + 1 < shape_.cells.size() && !never_goes_on(shape_.ops[index]) && !is_data(shape_.ops[index + 1]))
    entries_.push_back({index + 1, here()});
}

uint64_t Emitter::value_of(HoleKind kind, const Cell& cell) const {
  const uint32_t low = cell.b & 0xFFFF, high = cell.b >> 16;
  auto literal = [&](uint32_t index) {
    return load_unaligned<uint64_t>(reinterpret_cast<const uint8_t*>(&cell) + static_cast<int32_t>(cell.b) +
                                    8 * index);
  };
  switch (kind) {
    case HoleKind::slot_a: return 8 * uint64_t{cell.a};
    case HoleKind::slot_d: return 8 * uint64_t{cell.d};
    case HoleKind::slot_b: return 8 * uint64_t{cell.b};
    case HoleKind::slot_b_low: return 8 * uint64_t{low};
    case HoleKind::slot_b_high: return 8 * uint64_t{high};
    case HoleKind::any_slot: return 0;
    case HoleKind::a: return cell.a;
    case HoleKind::d: return cell.d;
    case HoleKind::b:
    case HoleKind::offset_b: return cell.b;
    case HoleKind::b_low: return low;
    case HoleKind::b_high: return high;
    case HoleKind::ad: return uint64_t{cell.a} << 16 | cell.d;
    case HoleKind::d_signed: return static_cast<uint64_t>(static_cast<int16_t>(cell.d));
    case HoleKind::b_high_signed: return static_cast<uint64_t>(static_cast<int16_t>(high));
    case HoleKind::global_b: return cell.b * uint64_t{sizeof(runtime::VmGlobal)};
    case HoleKind::pointer_b: return cell.b * uint64_t{sizeof(void*)};
    case HoleKind::pointer_d: return cell.d * uint64_t{sizeof(void*)};
    case HoleKind::literal_0: return literal(0);
    case HoleKind::literal_1: return literal(1);
    case HoleKind::literal_2: return literal(2);
    case HoleKind::literal_3: return literal(3);
    case HoleKind::literal_4: return literal(4);
    case HoleKind::cell: return reinterpret_cast<uint64_t>(&cell);
    case HoleKind::next_cell: return reinterpret_cast<uint64_t>(&cell + 1);
    default: __builtin_unreachable();
  }
}

void Emitter::fill(const Hole& hole, uint32_t index, uint32_t at) {
  switch (hole.kind) {
    case HoleKind::branch:
    case HoleKind::step_branch: {
      const uint32_t target = branch_target(hole.kind, shape_, index);
      to_cells_.push_back({at, hole.addend, target});
      if (target <= index) label_entries_.push_back(target);
      return;
    }
    case HoleKind::trap: return exit_from({at, hole.addend, 0}, index, true);
    case HoleKind::handler: return exit_from({at, hole.addend, 0}, index, false);
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
  for (const uint32_t cell : label_entries_) {
    // one that a call returns to leads to the code before the label
    if (std::ranges::find(entries_, cell, &Entry::cell) != entries_.end()) continue;
    const PinSet live = pins_.live_before(cell);
    if (live == 0) {
      entries_.push_back({cell, places_[cell]});
      continue;
    }
    entries_.push_back({cell, here()});
    forget(valid_);
    load(live);
    bytes({0xE9});
    to_cells_.push_back({here(), -4, cell});
    put(uint32_t{0});
  }
}

void Emitter::exit_from(const Distance& from, uint32_t index, bool is_trap) {
  // a stencil's exits are made one after the other
  for (size_t i = exits_.size(); i > 0 && exits_[i - 1].cell == index; --i) {
    if (exits_[i - 1].is_trap != is_trap) continue;
    exits_[i - 1].from.push_back(from);
    return;
  }
  exits_.push_back({index, is_trap, {from}});
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
    if (exit.is_trap) {
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

void Emitter::finish(uint8_t* writable, const uint8_t* executable) {
  for (const Absolute& absolute : absolutes_)
    store_unaligned(code_.data() + absolute.at, reinterpret_cast<uint64_t>(executable) + absolute.place);
  std::memcpy(writable, code_.data(), code_.size());
}

}  // namespace godwit::jit
