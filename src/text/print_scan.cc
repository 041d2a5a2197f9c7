// BodyScan: one walk over a function body.
#include "text/print_scan.h"

#include <array>

namespace godwit::text {

using wasm::ImmKind;
using wasm::Instruction;
using wasm::Opcode;

namespace {

// By opcode: begins, divides or ends a block.
constexpr auto kIsStructure = [] {
  std::array<bool, wasm::kOpcodeCount> table{};
  for (size_t i = 0; i < wasm::kOpcodeCount; ++i) {
    const auto op = static_cast<Opcode>(i);
    table[i] = opens_block(op) || op == Opcode::else_ || op == Opcode::end || op == Opcode::catch_ ||
               op == Opcode::catch_all || op == Opcode::delegate;
  }
  return table;
}();

std::unexpected<Error> malformed(const Instruction& at, std::string message) {
  return fail(Error(ErrorKind::Malformed, std::move(message)).at(at.offset));
}

}  // namespace

void BodyScan::target(uint32_t depth) {
  if (depth < open_.size()) is_targeted[open_[open_.size() - 1 - depth].label] = true;
}

// `ins` begins, divides or ends a block.
Result<> BodyScan::structure(const Instruction& ins) {
  if (opens_block(ins.op)) {
    open_.push_back({ins.op, label_count++});
    is_targeted.push_back(false);
    return {};
  }
  const bool is_divider = ins.op == Opcode::else_ || ins.op == Opcode::catch_ || ins.op == Opcode::catch_all;
  if (open_.empty()) {
    if (ins.op != Opcode::end) return malformed(ins, std::string(text_of(ins.op)) + " outside of any block");
    is_done_ = true;
    return {};
  }
  const Opcode within = open_.back().op;
  if (ins.op == Opcode::end) return open_.pop_back(), Result<>();
  const bool fits = ins.op == Opcode::else_      ? within == Opcode::if_
                    : ins.op == Opcode::delegate ? within == Opcode::try_
                                                 : within == Opcode::try_ || within == Opcode::catch_;
  if (!fits) return malformed(ins, std::string(text_of(ins.op)) + " within " + std::string(text_of(within)));
  if (is_divider) return open_.back().op = ins.op, Result<>();
  open_.pop_back();
  target(ins.index);  // counted from outside of the try
  return {};
}

Result<> BodyScan::scan(const wasm::Module& module, wasm::FuncIdx func, const std::vector<uint32_t>& wanted) {
  open_.clear();
  is_targeted.clear();
  offsets.clear();
  label_count = local_count = 0;
  is_done_ = false;
  wasm::InstructionReader reader(module, module.body(func).range);
  TRY(reader.locals(locals));
  for (const auto& group : locals) local_count += group.count;
  Instruction ins;
  auto next_wanted = wanted.begin();
  while (!is_done_) {
    TRY(reader.next(ins));
    while (next_wanted != wanted.end() && *next_wanted < ins.offset) ++next_wanted;
    if (next_wanted != wanted.end() && *next_wanted == ins.offset) offsets.push_back(ins.offset);
    switch (immediates_of(ins.op)) {
      case ImmKind::TryTable:
        for (const wasm::Catch& clause : ins.catches) target(clause.label);
        break;
      case ImmKind::BrTable:
        for (const uint32_t label : ins.labels) target(label);
        break;
      case ImmKind::Label:
        if (ins.op != Opcode::delegate) target(ins.index);
        break;
      case ImmKind::BrOnCast: target(ins.index); break;
      default: break;
    }
    if (kIsStructure[static_cast<size_t>(ins.op)]) TRY(structure(ins));
  }
  if (!reader.at_end())
    return fail(
        Error(ErrorKind::Malformed, "instructions after the end of the function").at(reader.offset()));
  return {};
}

}  // namespace godwit::text
