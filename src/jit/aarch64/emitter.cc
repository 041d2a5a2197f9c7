// Copying stencils and filling their holes, for aarch64.
#include "jit/aarch64/emitter.h"

#include <algorithm>

#include "jit/hole_value.h"

namespace godwit::jit {

using code::Cell;
using code::CellOp;

namespace {

// What conditional branches and loads relative to their place reach.
constexpr size_t kMostBytes = size_t{1} << 20;

constexpr unsigned kIp = 20, kScratch = 16;  // registers
constexpr uint32_t kJump = 0x1400'0000, kJumpToScratch = 0xD61F'0000 | kScratch << 5,
                   kLoadNumber = 0x5800'0000;

// The value fits the hole's field.
bool fits(HoleForm form, uint64_t value) {
  switch (form) {
    case HoleForm::Scaled4: return value % 4 == 0 && value / 4 < 4096;
    case HoleForm::Scaled8: return value % 8 == 0 && value / 8 < 4096;
    case HoleForm::Move16: return value <= UINT16_MAX;
    case HoleForm::MoveHigh:
    case HoleForm::MoveLow: return value <= UINT32_MAX;
    default: return true;
  }
}

bool is_number(const Hole& hole) { return hole.kind < HoleKind::literal_0; }

uint64_t number_of(const Hole& hole, const Cell& cell) {
  return value_of(hole.kind, cell) + static_cast<uint64_t>(int64_t{hole.addend});
}

}  // namespace

bool has_code(CellOp op, const Cell& cell) {
  return stencil_of(op).exists && std::ranges::all_of(holes_of(op), [&](const Hole& hole) {
           return !is_number(hole) || fits(hole.form, number_of(hole, cell));
         });
}

HoleKind branch_of(CellOp op) {
  if (op == CellOp::br_entry) return HoleKind::branch;
  for (const Hole& hole : holes_of(op))
    if (is_branch(hole.kind)) return hole.kind;
  return HoleKind::none;
}

std::string obstacle_of(const platform::CpuFeatures& features) {
  if (features.arch != platform::CpuArch::Aarch64) return "the compiler is that of another architecture";
  return {};
}

const bool kHasLooks = false;

std::unique_ptr<CodeMaker> make_code_maker(code::HandlerTable handlers, const void* stop) {
  return std::make_unique<Emitter>(handlers, stop);
}

MachineCode Emitter::make(const Shape& shape) {
  shape_ = &shape;
  code_.clear();
  places_.clear();
  ways_in_.clear();
  is_way_in_.assign(shape.size() + 1, 0);
  arrivals_.clear();
  for (auto* distances : {&to_cells_, &to_numbers_, &to_constants_, &to_exits_, &to_tables_})
    distances->clear();
  absolutes_.clear();
  exits_.clear();
  numbers_.clear();
  for (uint32_t i = 0; i < shape.size(); ++i) {
    places_.push_back(here());
    if (i == 0) enter_at(0);
    emit(i);
    if (code_.size() > kMostBytes) return {};
  }
  places_.push_back(here());
  for (const uint32_t cell : arrivals_) enter_at(cell);
  emit_exits();
  emit_data();
  if (code_.size() > kMostBytes) return {};
  resolve();
  return {{code_.data(), code_.size()}, places_, ways_in_, absolutes_};
}

void Emitter::emit(uint32_t index) {
  const CellOp op = shape_->ops[index];
  const bool has_next = index + 1 < shape_->size();
  if (shape_->by_handler[index]) {
    load_number(kIp, reinterpret_cast<uint64_t>(&shape_->cells[index]));
    jump_to(reinterpret_cast<uint64_t>(handlers_[op]));
    // the handler goes on with the next cell, or with one that it branches to, by that cell's handler
    if (has_next && !never_goes_on(op) && !is_data(shape_->ops[index + 1])) arrivals_.push_back(index + 1);
    return;
  }
  if (op == CellOp::count) return enter_at(index);
  if (is_data(op)) return;
  copy(op, index);
  if (is_return(op) && op != CellOp::return_none) copy(CellOp::return_none, index);
  if (is_call(op) && has_next) arrivals_.push_back(index + 1);
}

void Emitter::copy(CellOp op, uint32_t index) {
  const Stencil& stencil = stencil_of(op);
  const uint32_t begin = here();
  code_.append(kStencilCode + stencil.code, stencil.size);
  for (const Hole& hole : holes_of(op)) fill(hole, index, begin, stencil);
}

void Emitter::fill(const Hole& hole, uint32_t index, uint32_t begin, const Stencil& stencil) {
  const uint32_t at = begin + hole.at;
  const Cell& cell = shape_->cells[index];
  switch (hole.kind) {
    case HoleKind::next: return patch(at, hole.form, int64_t{stencil.size} - hole.at);
    case HoleKind::branch:
    case HoleKind::step_branch: return branch_from(hole.kind, index, {at, hole.form, 0});
    case HoleKind::trap: return exit_from({at, hole.form, 0}, index, Out::ToStop);
    case HoleKind::handler: return exit_from({at, hole.form, 0}, index, Out::ToHandler);
    case HoleKind::constant:
      to_constants_.push_back({at, hole.form, static_cast<uint32_t>(hole.addend)});
      return;
    case HoleKind::table: to_tables_.push_back({at, hole.form, index}); return;
    default: break;
  }
  if (is_number(hole)) return patch(at, hole.form, static_cast<int64_t>(number_of(hole, cell)));
  to_numbers_.push_back({at, hole.form, number(number_of(hole, cell))});
}

void Emitter::branch_from(HoleKind kind, uint32_t index, const Distance& from) {
  const uint32_t target = branch_target(kind, *shape_, index);
  to_cells_.push_back({from.at, from.form, target});
  if (target <= index) arrivals_.push_back(target);
}

void Emitter::exit_from(const Distance& from, uint32_t index, Out out) {
  // a stencil's exits are made one after the other
  size_t exit = exits_.size();
  while (exit > 0 && exits_[exit - 1].cell == index && exits_[exit - 1].out != out) --exit;
  if (exit == 0 || exits_[exit - 1].cell != index) {
    exits_.push_back({index, out, 0});
    exit = exits_.size();
  }
  to_exits_.push_back({from.at, from.form, static_cast<uint32_t>(exit - 1)});
}

void Emitter::enter_at(uint32_t cell) {
  if (is_way_in_[cell] != 0) return;
  is_way_in_[cell] = 1;
  ways_in_.push_back({cell, places_[cell]});
}

void Emitter::emit_exits() {
  std::vector<uint32_t> to_stop;
  for (Exit& exit : exits_) {
    exit.place = here();
    load_number(kIp, reinterpret_cast<uint64_t>(&shape_->cells[exit.cell]));
    if (exit.out == Out::ToHandler) {
      jump_to(reinterpret_cast<uint64_t>(handlers_[shape_->ops[exit.cell]]));
    } else {
      to_stop.push_back(here());
      code_.put(kJump);
    }
  }
  if (to_stop.empty()) return;
  for (const uint32_t at : to_stop) patch(at, HoleForm::Jump26, int64_t{here()} - at);
  jump_to(reinterpret_cast<uint64_t>(stop_));
}

void Emitter::emit_data() {
  code_.align(16, 0);
  constants_at_ = here();
  if (!to_constants_.empty()) code_.append(kConstants, kConstantBytes);
  code_.align(8, 0);
  numbers_at_ = here();
  for (const uint64_t number : numbers_) code_.put(number);
  for (Distance& table : to_tables_) {
    const uint32_t cell = table.target;
    table.target = here();
    for (uint32_t entry = cell + 1; entry <= cell + 1 + shape_->cells[cell].b; ++entry) {
      absolutes_.push_back({here(), places_[entry_target(*shape_, entry)]});
      code_.put(uint64_t{0});
    }
  }
}

void Emitter::resolve() {
  auto fill_in = [&](const std::vector<Distance>& distances, auto place_of) {
    for (const Distance& distance : distances)
      patch(distance.at, distance.form, int64_t{place_of(distance.target)} - distance.at);
  };
  fill_in(to_cells_, [&](uint32_t cell) { return places_[cell]; });
  fill_in(to_exits_, [&](uint32_t index) { return exits_[index].place; });
  fill_in(to_numbers_, [&](uint32_t index) { return numbers_at_ + 8 * index; });
  fill_in(to_constants_, [&](uint32_t offset) { return constants_at_ + offset; });
  fill_in(to_tables_, [](uint32_t place) { return place; });
}

uint32_t Emitter::number(uint64_t value) {
  // the last few are enough to look at: most are the same handlers
  for (size_t i = numbers_.size(), tries = 0; i > 0 && tries < 8; --i, ++tries)
    if (numbers_[i - 1] == value) return static_cast<uint32_t>(i - 1);
  numbers_.push_back(value);
  return static_cast<uint32_t>(numbers_.size() - 1);
}

void Emitter::load_number(unsigned reg, uint64_t value) {
  to_numbers_.push_back({here(), HoleForm::Near19, number(value)});
  code_.put(kLoadNumber | reg);
}

void Emitter::jump_to(uint64_t address) {
  load_number(kScratch, address);
  code_.put(kJumpToScratch);
}

// The field is 0 before.
void Emitter::patch(uint32_t at, HoleForm form, int64_t value) {
  auto instruction = load_unaligned<uint32_t>(code_.data() + at);
  const auto bits = static_cast<uint64_t>(value);
  auto put_field = [&](uint64_t field, unsigned low, unsigned width) {
    instruction |= static_cast<uint32_t>(field & ((uint64_t{1} << width) - 1)) << low;
  };
  switch (form) {
    case HoleForm::Scaled4: put_field(bits / 4, 10, 12); break;
    case HoleForm::Scaled8: put_field(bits / 8, 10, 12); break;
    case HoleForm::Move16:
    case HoleForm::MoveLow: put_field(bits, 5, 16); break;
    case HoleForm::MoveHigh: put_field(bits >> 16, 5, 16); break;
    case HoleForm::Signed16:
      if (value < 0) instruction &= ~(1u << 30);  // movn
      put_field(value < 0 ? ~bits : bits, 5, 16);
      break;
    case HoleForm::Jump26: put_field(bits >> 2, 0, 26); break;
    case HoleForm::Branch19:
    case HoleForm::Near19: put_field(bits >> 2, 5, 19); break;
    case HoleForm::Near21:
      put_field(bits, 29, 2);
      put_field(bits >> 2, 5, 19);
      break;
  }
  store_unaligned(code_.data() + at, instruction);
}

}  // namespace godwit::jit
