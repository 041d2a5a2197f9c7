// What make_stencils does for x86-64: checks stencils, says of each hole how a register may stand for it, takes stencils
// apart, and writes the tables of stencil.h.
#include "jit/tool/tables.h"

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <sstream>

#include "jit/op_traits.h"
#include "jit/x86_64/stencil.h"
#include "jit/x86_64/tool/take_apart.h"

namespace godwit::jit::tool {

namespace {

struct Draft {
  std::vector<uint8_t> code;
  std::vector<Hole> holes;
  std::optional<Parts> parts;
  RegisterSet writes = 0;
  std::string refusal;  // why it may not be copied; empty: it may
};

std::optional<HoleForm> hole_form(uint32_t relocation_type) {
  switch (relocation_type) {
    case R_X86_64_32: return HoleForm::Unsigned32;
    case R_X86_64_32S: return HoleForm::Signed32;
    case R_X86_64_64: return HoleForm::Whole64;
    case R_X86_64_PC32:
    case R_X86_64_PLT32: return HoleForm::Relative32;
    default: return std::nullopt;
  }
}

// Instructions that no stencil may contain, by the disassembly of one.
std::string forbidden_instruction(std::string_view line) {
  const size_t begin = line.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  std::string text(line.substr(begin));
  for (std::string_view mnemonic : {"call", "push", "pop", "ret", "leave", "enter", "int", "ud2", "syscall"})
    if (text.starts_with(mnemonic) && !text.starts_with("popcnt")) return text;
  for (std::string_view reg : {"%rsp", "%esp"})
    if (text.find(reg) != std::string::npos) return text;
  return {};
}

// The registers that pins have and stencils may use, and how a disassembly calls them and what changes them unnamed.
struct Shared {
  Register reg;
  std::initializer_list<std::string_view> words;
};
constexpr Shared kShared[] = {
    {kRdx, {"%rdx", "%edx", "%dl", "%dx", "\tcltd", "\tcqto", "\tmul", "\tdiv", "\tidiv"}},
    {kRbx, {"%rbx", "%ebx", "%bl", "%bx"}},
    {kR10, {"%r10"}},
    {vector_register(11), {"%xmm11"}},
    {vector_register(12), {"%xmm12"}},
    {vector_register(13), {"%xmm13"}},
    {vector_register(14), {"%xmm14"}},
    {vector_register(15), {"%xmm15"}},
};

struct Disassembly {
  std::vector<uint32_t> instructions;  // where each begins
  RegisterSet shared = 0;              // those of kShared that it may change
  std::string forbidden;               // the first one that may not be, or nothing
};

Disassembly look_through(const std::vector<Line>& lines) {
  Disassembly found;
  for (const Line& line : lines) {
    found.instructions.push_back(line.at);
    for (const Shared& shared : kShared)
      for (std::string_view word : shared.words)
        if (line.text.find(word) != std::string::npos) found.shared |= set_of(shared.reg);
    if (found.forbidden.empty()) found.forbidden = forbidden_instruction(line.text);
  }
  return found;
}

// What is known of an instruction that reads or writes [r13 + hole].
void describe_access(Hole& hole, const std::vector<uint8_t>& code,
                     const std::vector<uint32_t>& instructions) {
  hole.operand = Operand::Memory;
  hole.reads = hole.writes = true;
  auto after = std::ranges::upper_bound(instructions, hole.at);
  if (after == instructions.begin()) return;
  const uint32_t begin = *std::prev(after);
  size_t at = begin;
  uint8_t prefix = 0;
  while (code[at] == 0x66 || code[at] == 0xF2 || code[at] == 0xF3) prefix = code[at++];
  // REX with B, for r13, without X; then the opcode; then the operand byte: distance of 32 bits from r13
  const size_t rex = at++;
  if ((code[rex] & 0xF3) != 0x41) return;
  const bool is_long = code[at] == 0x0F;
  if (is_long) ++at;
  const uint8_t opcode = code[at++];
  if (at + 1 != hole.at || (code[at] & 0xC7) != 0x85) return;
  const uint8_t extension = code[at] >> 3 & 7;

  auto is_one_of = [&](std::initializer_list<int> opcodes) {
    return std::ranges::find(opcodes, opcode) != opcodes.end();
  };
  auto access = [&](Operand operand, bool reads, bool writes) {
    hole.operand = operand;
    hole.reads = reads;
    hole.writes = writes;
  };
  if (!is_long && prefix == 0) {
    const bool is_alu =
        opcode < 0x40 && (opcode & 7) < 4;  // add or adc sbb and sub xor cmp, in four directions
    if (is_alu) {
      const bool to_register = (opcode & 2) != 0, compares = (opcode & 0x38) == 0x38;
      access(Operand::Integer, true, !to_register && !compares);
    } else if (is_one_of({0x8A, 0x8B, 0x63})) {
      access(Operand::Integer, true, false);  // mov to a register, movsxd
    } else if (opcode == 0x89 && (code[rex] & 8) != 0) {
      access(Operand::Integer, false, true);  // mov from a register, all 64 bits
    } else if (opcode == 0xC7 && (code[rex] & 8) != 0) {
      access(Operand::Integer, false, true);
    } else if (is_one_of({0x84, 0x85, 0x69, 0x6B})) {
      access(Operand::Integer, true, false);  // test, imul
    } else if (is_one_of({0x80, 0x81, 0x83})) {
      access(Operand::Integer, true, extension != 7);  // alu with an immediate
    } else if (is_one_of({0xF6, 0xF7})) {
      access(Operand::Integer, true, extension == 2 || extension == 3);  // test not neg mul imul div idiv
    } else if (is_one_of({0xD1, 0xD3, 0xC1})) {
      access(Operand::Integer, true, true);  // shifts
    }
  } else if (is_long && (prefix == 0 || prefix == 0xF3)) {
    const bool is_conditional_move = (opcode & 0xF0) == 0x40;
    if (prefix == 0 && (is_conditional_move || is_one_of({0xAF, 0xB6, 0xB7, 0xBE, 0xBF, 0xBC, 0xBD, 0xA3})))
      access(Operand::Integer, true, false);
    else if (prefix == 0xF3 && is_one_of({0xB8, 0xBC, 0xBD})) access(Operand::Integer, true, false);
  }
  if (!is_long || hole.operand != Operand::Memory) {
    hole.prefix_bytes = static_cast<uint8_t>(hole.at - begin);
    hole.rex_bytes = static_cast<uint8_t>(hole.at - rex);
    return;
  }
  const bool is_scalar = prefix == 0xF2 || prefix == 0xF3;
  if (opcode == 0x2A && is_scalar) {
    access(Operand::Integer, true, false);  // from an integer
  } else if (opcode == 0x6E && prefix == 0x66) {
    access(Operand::Integer, true, false);
  } else if (is_one_of({0x10, 0x11}) && is_scalar) {
    access(Operand::ScalarMove, opcode == 0x10, opcode == 0x11);
  } else if (is_one_of({0x2C, 0x2D, 0x2E, 0x2F, 0x51, 0x58, 0x59, 0x5A, 0x5C, 0x5D, 0x5E, 0x5F}) &&
             (is_scalar || (opcode & 0xFE) == 0x2E)) {
    access(Operand::Vector, true, false);
  } else if (is_one_of({0x10, 0x28, 0x6F}) && !(prefix == 0xF2)) {
    access(Operand::Vector, true, false);
    hole.is_wide = true;
  } else if (is_one_of({0x11, 0x29, 0x7F}) && !(prefix == 0xF2)) {
    access(Operand::Vector, false, true);
    hole.is_wide = true;
  }
  hole.prefix_bytes = static_cast<uint8_t>(hole.at - begin);
  hole.rex_bytes = static_cast<uint8_t>(hole.at - rex);
}

// Jumps within the stencil: their distances change where operands become registers.
bool add_local_jumps(Draft& draft, const std::vector<uint32_t>& instructions) {
  for (uint32_t begin : instructions) {
    if (begin >= draft.code.size()) continue;
    const uint8_t opcode = draft.code[begin];
    auto add = [&](uint32_t at, HoleKind kind, int64_t distance, uint32_t width) {
      if (std::ranges::find(draft.holes, at, &Hole::at) != draft.holes.end()) return true;
      const int64_t target = int64_t{at} + width + distance;
      if (target < 0 || target > static_cast<int64_t>(draft.code.size())) return false;
      Hole hole{};
      hole.at = static_cast<uint16_t>(at);
      hole.kind = kind;
      hole.form = HoleForm::Relative32;
      hole.addend = static_cast<int16_t>(target);
      draft.holes.push_back(hole);
      return true;
    };
    auto distance32 = [&](uint32_t at) {
      int32_t distance;
      std::memcpy(&distance, draft.code.data() + at, sizeof distance);
      return distance;
    };
    bool is_right = true;
    if ((opcode & 0xF0) == 0x70 || opcode == 0xEB)
      is_right = add(begin + 1, HoleKind::local_near, static_cast<int8_t>(draft.code[begin + 1]), 1);
    else if (opcode == 0xE9) is_right = add(begin + 1, HoleKind::local_far, distance32(begin + 1), 4);
    else if (opcode == 0x0F && (draft.code[begin + 1] & 0xF0) == 0x80)
      is_right = add(begin + 2, HoleKind::local_far, distance32(begin + 2), 4);
    if (!is_right) return false;
  }
  std::ranges::sort(draft.holes, {}, &Hole::at);
  return true;
}

// Jumps at the end that lead to the next op's code are cut off, and a jump over a jump becomes one.
void trim_end(Draft& draft) {
  auto jump_at = [&](size_t at, HoleKind kind) {
    return std::ranges::find_if(draft.holes, [&](const Hole& hole) {
      return hole.at == at && hole.kind == kind && hole.form == HoleForm::Relative32 && hole.addend == -4;
    });
  };
  const size_t size = draft.code.size();
  if (size < 5 || draft.code[size - 5] != 0xE9) return;
  if (auto hole = jump_at(size - 4, HoleKind::next); hole != draft.holes.end()) {
    draft.holes.erase(hole);
    draft.code.resize(size - 5);
    return;
  }
  // jcc next; jmp x   becomes   jncc x
  if (size < 11 || draft.code[size - 11] != 0x0F || (draft.code[size - 10] & 0xF0) != 0x80) return;
  auto over = jump_at(size - 9, HoleKind::next);
  auto last = std::ranges::find(draft.holes, size - 4, &Hole::at);
  if (over == draft.holes.end() || last == draft.holes.end()) return;
  draft.code[size - 10] ^= 1;
  over->kind = last->kind;
  over->addend = last->addend;
  draft.holes.erase(last);
  draft.code.resize(size - 5);
}

Draft make_draft(const Section& section, const std::map<std::string, Section>& sections,
                 const Disassembly& disassembly, Constants& constants) {
  Draft draft{section.bytes, {}, {}};
  for (const Relocation& relocation : section.relocations) {
    const std::optional<HoleForm> form = hole_form(relocation.type);
    if (!form) {
      draft.refusal = "relocation of type " + std::to_string(relocation.type);
      return draft;
    }
    Hole hole{};
    hole.at = static_cast<uint16_t>(relocation.at);
    hole.kind = HoleKind::constant;
    hole.form = *form;
    hole.addend = static_cast<int16_t>(relocation.addend);
    if (std::optional<HoleKind> kind = hole_kind(relocation.symbol)) {
      hole.kind = *kind;
      if (is_slot(*kind)) describe_access(hole, draft.code, disassembly.instructions);
    } else if (const size_t size = constant_size(relocation.section);
               size != 0 && form == HoleForm::Relative32) {
      // The addend is the place in the section less the 4 bytes from the hole to the instruction's end, or 5.
      auto place = static_cast<int64_t>(relocation.value) + relocation.addend + 4;
      if (place % static_cast<int64_t>(size) == static_cast<int64_t>(size) - 1 || place == -1) {
        ++place;
        hole.form = HoleForm::Relative32Imm8;
      }
      if (place < 0 || place % static_cast<int64_t>(size) != 0) {
        draft.refusal = "a constant in an instruction that goes on behind its address";
        return draft;
      }
      const Section& data = sections.at(relocation.section);
      hole.addend = static_cast<int16_t>(constants.add(data.bytes.data() + place, size));
    } else {
      draft.refusal = "refers to " + (relocation.symbol.empty() ? relocation.section : relocation.symbol);
      return draft;
    }
    draft.holes.push_back(hole);
  }
  trim_end(draft);
  if (!add_local_jumps(draft, disassembly.instructions)) draft.refusal = "a jump out of the stencil";
  if (draft.holes.size() > kMostHoles) draft.refusal = "too many holes";
  const bool has_branch = std::ranges::find(draft.holes, HoleKind::branch, &Hole::kind) != draft.holes.end();
  const bool has_step =
      std::ranges::find(draft.holes, HoleKind::step_branch, &Hole::kind) != draft.holes.end();
  if (has_branch && has_step) draft.refusal = "branches to two cells";
  if (draft.code.size() > INT16_MAX) draft.refusal = "too large";
  draft.writes = disassembly.shared;
  draft.parts = take_apart(draft.code, disassembly.instructions, draft.holes);
  if (draft.code.empty()) draft.code = {0x90};  // size 0 means something else
  return draft;
}

// Steps of all stencils, each once.
class Steps final {
 public:
  uint16_t add(const Step& step) {
    std::string key(reinterpret_cast<const char*>(&step), sizeof step);
    auto [found, is_new] = numbers_.emplace(std::move(key), steps_.size());
    if (is_new) steps_.push_back(step);
    return static_cast<uint16_t>(found->second);
  }
  const std::vector<Step>& steps() const { return steps_; }

 private:
  std::map<std::string, size_t> numbers_;
  std::vector<Step> steps_;
};

// Lists that several stencils may have, each once, one behind the other.
template <class T>
class Lists final {
 public:
  // Where the list begins.
  size_t add(const std::vector<T>& list) {
    if (list.empty()) return 0;
    const auto found = std::search(all_.begin(), all_.end(), list.begin(), list.end());
    const auto place = static_cast<size_t>(found - all_.begin());
    if (found == all_.end()) all_.insert(all_.end(), list.begin(), list.end());
    return place;
  }
  const std::vector<T>& all() const { return all_; }

 private:
  std::vector<T> all_;
};

SlotUse use_of(const Hole& hole) {
  SlotUse use{};
  const int within = (hole.addend % 8 + 8) % 8;
  use.field = static_cast<uint8_t>(hole.kind);
  use.plus = static_cast<int8_t>((hole.addend - within) / 8);
  use.operand = hole.operand;
  use.reads = hole.reads;
  use.writes = hole.writes;
  use.is_wide = hole.is_wide;
  use.is_between = within != 0;
  use.touches_two = within != 0 || hole.is_wide || hole.operand == Operand::Memory;
  const bool fits_any = within == 0 && hole.operand != Operand::Memory;
  if (fits_any && hole.operand != Operand::Integer) use.fits |= 1 << pin_kind(true, hole.is_wide);
  if (fits_any && (hole.operand == Operand::Integer || hole.operand == Operand::AnyMove))
    use.fits |= 1 << pin_kind(false, hole.is_wide);
  return use;
}

// What is known of the holes of a stencil that are not slots.
struct Facts {
  HoleKind branch = HoleKind::none;
  uint16_t traits = 0;
};
Facts facts_of(code::CellOp op, const std::vector<Hole>& holes) {
  Facts facts{HoleKind::none, traits_of_number(op)};
  if (is_call(op)) facts.traits |= kLeaves;
  for (const Hole& hole : holes) {
    if (hole.kind == HoleKind::handler) facts.traits |= kLeaves;
    if (hole.kind == HoleKind::any_slot) facts.traits |= kFindsSlots;
    if (hole.kind == HoleKind::offset_b) facts.traits |= kHasOffset;
    if (hole.kind != HoleKind::branch && hole.kind != HoleKind::step_branch) continue;
    facts.branch = hole.kind;
  }
  return facts;
}

void write_steps(std::ostream& out, const std::vector<Step>& steps) {
  out << "const Step kSteps[] = {\n";
  for (const Step& step : steps)
    out << "{{" << unsigned{step.prefix} << ", " << unsigned{step.map} << ", " << unsigned{step.opcode}
        << ", " << unsigned{step.reg} << ", " << unsigned{step.rm} << ", " << unsigned{step.base} << ", "
        << unsigned{step.index} << ", " << unsigned{step.scale} << ", " << unsigned{step.imm_bytes} << ", "
        << unsigned{step.target} << ", " << step.traits << ", " << step.disp << ", " << step.imm << "}, "
        << step.live << "u, " << step.kept << "u, " << step.operands << "u, HoleKind("
        << unsigned(step.disp_hole) << "), HoleKind(" << unsigned(step.imm_hole) << "), Step::Way("
        << unsigned(step.way) << "), " << step.is_plain << "},\n";
  out << "};\n";
}

class X86Tables final : public Tables {
 public:
  std::string add(const std::string& op, const Section& section,
                  const std::map<std::string, Section>& sections, const std::vector<Line>& lines) override {
    const Disassembly disassembly = look_through(lines);
    Draft draft = make_draft(section, sections, disassembly, constants_);
    std::string refusal = draft.refusal.empty() ? disassembly.forbidden : draft.refusal;
    drafts_.emplace(op, std::move(draft));
    return refusal;
  }

  void put(const std::string& op) override {
    const Draft& draft = drafts_.at(op);
    const Parts parts = draft.parts.value_or(Parts{});
    const Facts facts = facts_of(next_op_, draft.holes);
    std::vector<uint16_t> numbers;
    for (const Step& step : parts.steps) numbers.push_back(steps_.add(step));
    // what changes frames has no pins
    std::vector<SlotUse> uses;
    for (const Hole& hole : draft.holes)
      if (is_slot(hole.kind) && !changes_frame(next_op_)) uses.push_back(use_of(hole));
    // the emitter makes the others' code from their steps
    const bool is_copied = !draft.parts || (facts.traits & (kLeaves | kChangesFrame)) != 0;
    const size_t hole_count = is_copied ? draft.holes.size() : 0;
    rows_ << '{' << code_.size() << ", " << holes_.size() << ", " << draft.code.size() << ", " << hole_count
          << ", " << step_numbers_.add(numbers) << ", " << slot_uses_.add(uses) << ", " << numbers.size()
          << ", " << uses.size() << ", " << (draft.parts ? "true" : "false") << ", HoleKind("
          << unsigned(facts.branch) << "), " << facts.traits << ", " << draft.writes << "u, "
          << parts.accs_read << "u, " << parts.accs_written << "u},  // " << op << '\n';
    ++(draft.parts ? apart_ : whole_);
    next_op_ = next_op_ + 1;
    if (!is_copied) return;
    code_.insert(code_.end(), draft.code.begin(), draft.code.end());
    holes_.insert(holes_.end(), draft.holes.begin(), draft.holes.end());
  }
  void put_nothing() override {
    rows_ << "{0, 0, 0, 0, 0, 0, 0, 0, false, HoleKind::none, " << unsigned{traits_of_number(next_op_)}
          << ", 0, 0, 0},\n";
    next_op_ = next_op_ + 1;
  }

  void write(std::ostream& out) const override {
    out << "#include \"jit/x86_64/stencil.h\"\nnamespace godwit::jit {\n"
        << "const Stencil kStencils[] = {\n"
        << rows_.str() << "};\n";
    write_bytes(out, "const uint8_t kStencilCode[]", code_);
    out << "const Hole kHoles[] = {\n";
    for (const Hole& hole : holes_)
      out << '{' << hole.at << ", HoleKind(" << unsigned(hole.kind) << "), HoleForm(" << unsigned(hole.form)
          << "), " << hole.addend << ", Operand(" << unsigned(hole.operand) << "), " << hole.reads << ", "
          << hole.writes << ", " << hole.is_wide << ", " << unsigned{hole.prefix_bytes} << ", "
          << unsigned{hole.rex_bytes} << "},\n";
    out << "{}};\n";
    write_steps(out, steps_.steps());
    out << "const uint16_t kStepNumbers[] = {\n";
    for (const uint16_t number : step_numbers_.all()) out << number << ",\n";
    out << "0};\nconst SlotUse kSlotUses[] = {\n";
    for (const SlotUse& use : slot_uses_.all())
      out << '{' << unsigned{use.field} << ", " << int{use.plus} << ", " << unsigned{use.fits} << ", "
          << use.reads << ", " << use.writes << ", " << use.is_wide << ", " << use.touches_two << ", Operand("
          << unsigned(use.operand) << "), " << use.is_between << "},\n";
    out << "{}};\n";
    write_bytes(out, "alignas(16) const uint8_t kConstants[]", constants_.bytes());
    out << "const size_t kConstantBytes = " << constants_.bytes().size()
        << ";\n}  // namespace godwit::jit\n";
  }

  std::string summary() const override {
    std::ostringstream text;
    text << apart_ << " taken apart (" << step_numbers_.all().size() << " numbers of "
         << steps_.steps().size() << " steps), " << whole_ << " whole; " << code_.size() << " bytes of code, "
         << holes_.size() << " holes, " << constants_.bytes().size() << " bytes of constants";
    return text.str();
  }

 private:
  std::map<std::string, Draft> drafts_;
  Constants constants_;
  std::vector<uint8_t> code_;
  std::vector<Hole> holes_;
  code::CellOp next_op_{};
  Lists<uint16_t> step_numbers_;
  Lists<SlotUse> slot_uses_;
  Steps steps_;
  size_t apart_ = 0, whole_ = 0;
  std::ostringstream rows_;
};

}  // namespace

std::unique_ptr<Tables> make_tables() { return std::make_unique<X86Tables>(); }

}  // namespace godwit::jit::tool
