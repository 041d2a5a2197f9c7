// The build step that makes the tables of stencil.h: reads the stencils' object files and their disassembly, checks that
// each stencil is code that may be copied, and writes a C++ file.
// usage: make_stencils <output.cc> {<object> <its disassembly>}…
//
// A stencil is refused, with the op's name, if it has a relocation that is not of the short list below, calls
// something, or touches the native stack. Ops that cells.def calls far have none, nor have some that change frames.
#include <elf.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>

#include "code/cell_op.h"
#include "jit/stencil.h"
#include "jit/tool/object_file.h"
#include "jit/tool/take_apart.h"

namespace godwit::jit::tool {

namespace {

constexpr std::string_view kPrefix = "godwit_stencil_";

constexpr const char* kCellNames[] = {
#define GODWIT_CELL(name, ...) #name,
#define GODWIT_CONTROL_CELL(name) #name,
#include "code/cells.def"
};

constexpr bool kIsFar[] = {
#define GODWIT_FAR_CELL(name, ...) true,
#define GODWIT_FAR_SIMD_CELL(name, ...) true,
#define GODWIT_CELL(name, ...) false,
#define GODWIT_CONTROL_CELL(name) false,
#include "code/cells.def"
};

constexpr std::string_view kHoleNames[] = {
#define GODWIT_HOLE(name, width) #name,
#include "jit/holes.def"
};

struct Draft {
  std::vector<uint8_t> code;
  std::vector<Hole> holes;
  std::optional<Parts> parts;
  RegisterSet writes = 0;
  std::string refusal;  // why it may not be copied; empty: it may
};

// Constants of all stencils, each once.
class Constants final {
 public:
  uint32_t add(const uint8_t* bytes, size_t size) {
    for (size_t at = 0; at + size <= bytes_.size(); at += size)
      if (std::memcmp(bytes_.data() + at, bytes, size) == 0) return static_cast<uint32_t>(at);
    bytes_.resize((bytes_.size() + size - 1) / size * size);
    bytes_.insert(bytes_.end(), bytes, bytes + size);
    return static_cast<uint32_t>(bytes_.size() - size);
  }
  const std::vector<uint8_t>& bytes() const { return bytes_; }

 private:
  std::vector<uint8_t> bytes_;
};

std::optional<HoleKind> hole_kind(std::string_view symbol) {
  constexpr std::string_view kHolePrefix = "godwit_hole_";
  if (!symbol.starts_with(kHolePrefix)) return std::nullopt;
  symbol.remove_prefix(kHolePrefix.size());
  const auto* found = std::ranges::find(kHoleNames, symbol);
  if (found == std::end(kHoleNames)) return std::nullopt;
  return static_cast<HoleKind>(found - std::begin(kHoleNames));
}

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

// The bytes of a constant section's element: .rodata.cst4, .rodata.cst8, .rodata.cst16.
size_t constant_size(const std::string& section) {
  constexpr std::string_view kConstantPrefix = ".rodata.cst";
  if (!section.starts_with(kConstantPrefix)) return 0;
  return std::strtoul(section.c_str() + kConstantPrefix.size(), nullptr, 10);
}

// Instructions that no stencil may contain, by the disassembly of one.
std::string forbidden_instruction(std::string_view line) {
  const size_t begin = line.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  const std::string text(line.substr(begin));
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
const Shared kShared[] = {
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

// By stencil, from `llvm-objdump -d --no-show-raw-insn`.
std::map<std::string, Disassembly> read_disassembly(const char* path) {
  std::map<std::string, Disassembly> found;
  std::ifstream file(path);
  Disassembly* current = nullptr;
  for (std::string line; std::getline(file, line);) {
    if (const size_t name = line.find('<'); line.ends_with(">:") && line.starts_with("0")) {
      current = &found[line.substr(name + 1, line.size() - name - 3)];
      continue;
    }
    const size_t colon = line.find(':');
    char* end = nullptr;
    const auto at = static_cast<uint32_t>(std::strtoul(line.c_str(), &end, 16));
    if (current == nullptr || colon == std::string::npos || end != line.c_str() + colon) continue;
    current->instructions.push_back(at);
    for (const Shared& shared : kShared)
      for (std::string_view word : shared.words)
        if (line.find(word) != std::string::npos) current->shared |= set_of(shared.reg);
    if (current->forbidden.empty())
      current->forbidden = forbidden_instruction(std::string_view(line).substr(colon + 1));
  }
  return found;
}

bool is_slot(HoleKind kind) {
  return kind == HoleKind::slot_a || kind == HoleKind::slot_d || kind == HoleKind::slot_b ||
         kind == HoleKind::slot_b_low || kind == HoleKind::slot_b_high;
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
  if (draft.code.size() > INT16_MAX) draft.refusal = "too large";
  draft.writes = disassembly.shared;
  draft.parts = take_apart(draft.code, disassembly.instructions, draft.holes);
  if (draft.code.empty()) draft.code = {0x90};  // size 0 means something else
  return draft;
}

// The control ops without stencils: frames that are replaced, entries, data, and one of which nothing is done.
constexpr std::string_view kByHandler[] = {"count",
                                           "call",
                                           "throw_tag",
                                           "throw_reference",
                                           "tail_frame",
                                           "record_entry",
                                           "host_entry",
                                           "native_entry",
                                           "leave",
                                           "return_call",
                                           "return_call_imported",
                                           "return_call_indirect_s",
                                           "return_call_indirect_a",
                                           "return_call_ref_s",
                                           "return_call_ref_a"};

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

void write_steps(std::ostream& out, const std::vector<Step>& steps) {
  out << "const Step kSteps[] = {\n";
  for (const Step& step : steps)
    out << '{' << unsigned{step.prefix} << ", " << unsigned{step.map} << ", " << unsigned{step.opcode} << ", "
        << unsigned{step.reg} << ", " << unsigned{step.rm} << ", " << unsigned{step.base} << ", "
        << unsigned{step.index} << ", " << unsigned{step.scale} << ", " << unsigned{step.imm_bytes}
        << ", HoleKind(" << unsigned(step.disp_hole) << "), HoleKind(" << unsigned(step.imm_hole) << "), "
        << step.traits << ", " << step.disp << ", " << int64_t{step.imm} << ", " << step.live << "u, "
        << step.kept << "u},\n";
  out << "};\n";
}

template <class T>
void write_bytes(std::ostream& out, const char* declaration, const T& bytes) {
  out << declaration << " = {";
  size_t column = 0;
  for (uint8_t byte : bytes) out << (column++ % 32 == 0 ? "\n" : "") << unsigned{byte} << ',';
  if (bytes.empty()) out << '0';
  out << "};\n";
}

int run(int argc, char** argv) {
  if (argc < 4 || argc % 2 != 0) {
    std::fprintf(stderr, "usage: make_stencils <output.cc> {<object> <its disassembly>}...\n");
    return 2;
  }
  std::map<std::string, Draft> drafts;
  Constants constants;
  for (int i = 2; i + 1 < argc; i += 2) {
    const auto sections = read_object_file(argv[i]);
    const auto disassemblies = read_disassembly(argv[i + 1]);
    for (const auto& [name, section] : sections) {
      const std::string text_prefix = ".text." + std::string(kPrefix);
      if (!name.starts_with(text_prefix)) continue;
      const auto disassembly = disassemblies.find(name.substr(std::strlen(".text.")));
      if (disassembly == disassemblies.end()) {
        std::fprintf(stderr, "error: no disassembly of %s in %s\n", name.c_str(), argv[i + 1]);
        return 1;
      }
      Draft draft = make_draft(section, sections, disassembly->second, constants);
      if (draft.refusal.empty()) draft.refusal = disassembly->second.forbidden;
      drafts.emplace(name.substr(text_prefix.size()), std::move(draft));
    }
  }

  bool is_right = true;
  std::vector<uint8_t> code;
  std::vector<Hole> holes;
  std::vector<uint16_t> step_numbers;
  Steps steps;
  size_t apart = 0, whole = 0;
  std::ostringstream rows;
  for (size_t op = 0; op < code::kCellOpCount; ++op) {
    const char* name = kCellNames[op];
    auto found = drafts.find(name);
    if (found == drafts.end() || !found->second.refusal.empty()) {
      const bool is_expected = kIsFar[op] || std::ranges::find(kByHandler, name) != std::end(kByHandler);
      if (!is_expected) {
        std::fprintf(stderr, "error: op %s cannot be a stencil: %s\n", name,
                     found == drafts.end() ? "there is none" : found->second.refusal.c_str());
        is_right = false;
      }
      rows << "{},\n";
      continue;
    }
    const Draft& draft = found->second;
    rows << '{' << code.size() << ", " << draft.code.size() << ", " << draft.holes.size() << ", "
         << holes.size() << ", ";
    const Parts parts = draft.parts.value_or(Parts{});
    rows << step_numbers.size() << ", " << parts.steps.size() << ", " << (draft.parts ? "true" : "false")
         << ", " << draft.writes << "u, " << parts.accs_read << "u, " << parts.accs_written << "u},  // "
         << name << '\n';
    ++(draft.parts ? apart : whole);
    for (const Step& step : parts.steps) step_numbers.push_back(steps.add(step));
    code.insert(code.end(), draft.code.begin(), draft.code.end());
    holes.insert(holes.end(), draft.holes.begin(), draft.holes.end());
  }
  if (!is_right) return 1;

  std::ofstream out(argv[1]);
  out << "// Made by make_stencils.\n#include \"jit/stencil.h\"\nnamespace godwit::jit {\n"
      << "const Stencil kStencils[] = {\n"
      << rows.str() << "};\n";
  write_bytes(out, "const uint8_t kStencilCode[]", code);
  out << "const Hole kHoles[] = {\n";
  for (const Hole& hole : holes)
    out << '{' << hole.at << ", HoleKind(" << unsigned(hole.kind) << "), HoleForm(" << unsigned(hole.form)
        << "), " << hole.addend << ", Operand(" << unsigned(hole.operand) << "), " << hole.reads << ", "
        << hole.writes << ", " << hole.is_wide << ", " << unsigned{hole.prefix_bytes} << ", "
        << unsigned{hole.rex_bytes} << "},\n";
  out << "{}};\n";
  write_steps(out, steps.steps());
  out << "const uint16_t kStepNumbers[] = {\n";
  for (const uint16_t number : step_numbers) out << number << ",\n";
  out << "0};\n";
  write_bytes(out, "alignas(16) const uint8_t kConstants[]", constants.bytes());
  out << "const size_t kConstantBytes = " << constants.bytes().size() << ";\n}  // namespace godwit::jit\n";
  std::fprintf(
      stderr,
      "stencils: %zu taken apart (%zu steps, %zu different), %zu whole; %zu bytes of code, %zu holes, "
      "%zu bytes of constants\n",
      apart, step_numbers.size(), steps.steps().size(), whole, code.size(), holes.size(),
      constants.bytes().size());
  return out.flush() ? 0 : 1;
}

}  // namespace

}  // namespace godwit::jit::tool

int main(int argc, char** argv) { return godwit::jit::tool::run(argc, argv); }
