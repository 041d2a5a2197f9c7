// What make_stencils does for aarch64: checks stencils, finds their holes, and writes the tables of stencil.h.
#include "jit/tool/tables.h"

#include <elf.h>

#include <algorithm>
#include <cctype>
#include <sstream>

#include "jit/aarch64/stencil.h"

namespace godwit::jit::tool {

namespace {

constexpr uint32_t kInstructionBytes = 4;

struct Draft {
  std::vector<uint8_t> code;
  std::vector<Hole> holes;
};

// The relocations that a stencil may have.
std::optional<HoleForm> hole_form(uint32_t relocation_type) {
  switch (relocation_type) {
    case R_AARCH64_LDST32_ABS_LO12_NC: return HoleForm::Scaled4;
    case R_AARCH64_LDST64_ABS_LO12_NC: return HoleForm::Scaled8;
    case R_AARCH64_MOVW_UABS_G0: return HoleForm::Move16;
    case R_AARCH64_MOVW_SABS_G0: return HoleForm::Signed16;
    case R_AARCH64_MOVW_UABS_G0_NC: return HoleForm::MoveLow;
    case R_AARCH64_MOVW_UABS_G1: return HoleForm::MoveHigh;
    case R_AARCH64_JUMP26: return HoleForm::Jump26;
    case R_AARCH64_LD_PREL_LO19: return HoleForm::Near19;
    case R_AARCH64_ADR_PREL_LO21: return HoleForm::Near21;
    default: return std::nullopt;
  }
}

// Whether the instruction has `word` as one of its words.
bool mentions(std::string_view instruction, std::string_view word) {
  auto is_part = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
  for (size_t at = instruction.find(word); at != std::string_view::npos;
       at = instruction.find(word, at + 1)) {
    const size_t end = at + word.size();
    if ((at == 0 || !is_part(instruction[at - 1])) &&
        (end == instruction.size() || !is_part(instruction[end])))
      return true;
  }
  return false;
}

// What no stencil may contain: calls, returns, what stops the process, the native stack, the platform's register; x29,
// which holds the store, is only read through.
std::string forbidden_instruction(const std::vector<Line>& lines) {
  for (const Line& line : lines) {
    const std::string_view text(line.text.c_str() +
                                std::min(line.text.find_first_not_of(" \t"), line.text.size()));
    const std::string_view mnemonic = text.substr(0, text.find('\t'));
    for (const std::string_view word : {"bl", "blr", "ret", "svc", "brk", "hlt", "udf"})
      if (mnemonic == word) return std::string(text);
    for (const std::string_view word : {"sp", "wsp", "x30", "w30", "x18", "w18", "w29"})
      if (mentions(text, word)) return std::string(text);
    if (mentions(text, "x29") && text.find("[x29") == std::string_view::npos) return std::string(text);
  }
  return {};
}

uint32_t instruction_at(const Draft& draft, size_t at) {
  uint32_t instruction;
  std::memcpy(&instruction, draft.code.data() + at, sizeof instruction);
  return instruction;
}

bool is_conditional(uint32_t instruction) {
  return (instruction & 0xFF00'0010) == 0x5400'0000 || (instruction & 0x7E00'0000) == 0x3400'0000;
}
bool is_test_branch(uint32_t instruction) { return (instruction & 0x7E00'0000) == 0x3600'0000; }

// Where a branch within the stencil leads, or nothing.
std::optional<int64_t> local_target(const Draft& draft, uint32_t at) {
  if (std::ranges::find(draft.holes, at, &Hole::at) != draft.holes.end()) return std::nullopt;
  const uint32_t instruction = instruction_at(draft, at);
  auto field = [&](unsigned low, unsigned bits) {
    return static_cast<int32_t>(instruction << (32 - low - bits)) >> (32 - bits);
  };
  int64_t distance;
  if (is_conditional(instruction)) distance = field(5, 19);
  else if (is_test_branch(instruction)) distance = field(5, 14);
  else if ((instruction & 0xFC00'0000) == 0x1400'0000) distance = field(0, 26);
  else return std::nullopt;
  return int64_t{at} + distance * kInstructionBytes;
}

Hole* jump_at(Draft& draft, size_t at) {
  auto found = std::ranges::find_if(
      draft.holes, [&](const Hole& hole) { return hole.at == at && hole.form == HoleForm::Jump26; });
  return found == draft.holes.end() ? nullptr : &*found;
}

// A jump at the end that leads to the next op's code is cut off, and a branch over a jump becomes one.
void trim_end(Draft& draft) {
  const size_t size = draft.code.size();
  if (size < kInstructionBytes) return;
  Hole* last = jump_at(draft, size - kInstructionBytes);
  if (last == nullptr) return;
  auto drop = [&](size_t bytes) {
    draft.code.resize(size - bytes);
    std::erase_if(draft.holes, [&](const Hole& hole) { return hole.at >= size - bytes; });
  };
  // b.cond +8; b x; b y: one of the two goes on with the next op
  Hole* first = size >= 3 * kInstructionBytes ? jump_at(draft, size - 2 * kInstructionBytes) : nullptr;
  const auto branch_at = static_cast<uint32_t>(size - 3 * kInstructionBytes);
  if (first != nullptr && is_conditional(instruction_at(draft, branch_at)) &&
      local_target(draft, branch_at) == static_cast<int64_t>(size - kInstructionBytes) &&
      (first->kind == HoleKind::next || last->kind == HoleKind::next)) {
    bool is_alone = true;
    for (uint32_t at = 0; at < branch_at; at += kInstructionBytes)
      if (const auto target = local_target(draft, at); target && *target > branch_at) is_alone = false;
    if (is_alone) {
      uint32_t branch = instruction_at(draft, branch_at);
      const bool is_inverted = last->kind == HoleKind::next;
      if (is_inverted) branch ^= (branch & 0xFF00'0000) == 0x5400'0000 ? 1u : 1u << 24;
      branch &= ~(0x7FFFFu << 5);
      std::memcpy(draft.code.data() + branch_at, &branch, sizeof branch);
      Hole hole = is_inverted ? *first : *last;
      hole.at = static_cast<uint16_t>(branch_at);
      hole.form = HoleForm::Branch19;
      drop(2 * kInstructionBytes);
      draft.holes.push_back(hole);
      return;
    }
  }
  if (last->kind == HoleKind::next) drop(kInstructionBytes);
}

class Aarch64Tables final : public Tables {
 public:
  std::string add(const std::string& op, const Section& section,
                  const std::map<std::string, Section>& sections, const std::vector<Line>& lines) override {
    Draft draft{section.bytes, {}};
    for (const Relocation& relocation : section.relocations) {
      const std::optional<HoleForm> form = hole_form(relocation.type);
      if (!form) return "relocation of type " + std::to_string(relocation.type);
      Hole hole{static_cast<uint16_t>(relocation.at), HoleKind::constant, *form,
                static_cast<int32_t>(relocation.addend)};
      if (const std::optional<HoleKind> kind = hole_kind(relocation.symbol)) {
        hole.kind = *kind;
      } else if (const size_t size = constant_size(relocation.section);
                 size != 0 && form == HoleForm::Near21) {
        const auto place = relocation.value + static_cast<uint64_t>(relocation.addend);
        if (place % size != 0) return "a part of a constant";
        hole.addend =
            static_cast<int32_t>(constants_.add(sections.at(relocation.section).bytes.data() + place, size));
      } else {
        return "refers to " + (relocation.symbol.empty() ? relocation.section : relocation.symbol);
      }
      draft.holes.push_back(hole);
    }
    if (draft.code.size() > UINT16_MAX) return "too large";
    if (std::string forbidden = forbidden_instruction(lines); !forbidden.empty()) return forbidden;
    for (uint32_t at = 0; at < draft.code.size(); at += kInstructionBytes)
      if (const auto target = local_target(draft, at);
          target && (*target < 0 || *target >= static_cast<int64_t>(draft.code.size())))
        return "a jump out of the stencil";
    trim_end(draft);
    drafts_.emplace(op, std::move(draft));
    return {};
  }

  void put(const std::string& op) override {
    const Draft& draft = drafts_.at(op);
    rows_ << '{' << code_.size() << ", " << draft.code.size() << ", " << draft.holes.size() << ", "
          << holes_.size() << ", true},  // " << op << '\n';
    code_.insert(code_.end(), draft.code.begin(), draft.code.end());
    holes_.insert(holes_.end(), draft.holes.begin(), draft.holes.end());
  }
  void put_nothing() override { rows_ << "{},\n"; }

  void write(std::ostream& out) const override {
    out << "#include \"jit/aarch64/stencil.h\"\nnamespace godwit::jit {\n"
        << "const Stencil kStencils[] = {\n"
        << rows_.str() << "};\n";
    write_bytes(out, "alignas(4) const uint8_t kStencilCode[]", code_);
    out << "const Hole kHoles[] = {\n";
    for (const Hole& hole : holes_)
      out << '{' << hole.at << ", HoleKind(" << unsigned(hole.kind) << "), HoleForm(" << unsigned(hole.form)
          << "), " << hole.addend << "},\n";
    out << "{}};\n";
    write_bytes(out, "alignas(16) const uint8_t kConstants[]", constants_.bytes());
    out << "const size_t kConstantBytes = " << constants_.bytes().size()
        << ";\n}  // namespace godwit::jit\n";
  }

  std::string summary() const override {
    std::ostringstream text;
    text << drafts_.size() << "; " << code_.size() << " bytes of code, " << holes_.size() << " holes, "
         << constants_.bytes().size() << " bytes of constants";
    return text.str();
  }

 private:
  std::map<std::string, Draft> drafts_;
  Constants constants_;
  std::vector<uint8_t> code_;
  std::vector<Hole> holes_;
  std::ostringstream rows_;
};

}  // namespace

std::unique_ptr<Tables> make_tables() { return std::make_unique<Aarch64Tables>(); }

}  // namespace godwit::jit::tool
