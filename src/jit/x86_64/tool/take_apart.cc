// Decoding instructions, as far as stencils have them.
// spec: https://www.intel.com/content/www/us/en/developer/articles/technical/intel-sdm.html (volume 2)
#include "jit/x86_64/tool/take_apart.h"

#include <algorithm>
#include <cstring>

namespace godwit::jit::tool {

namespace {

// What an opcode does with its operands.
struct Meaning {
  uint16_t traits = 0;  // of reg and rm: read, written; 0: not known
  bool reg_is_vector = false, rm_is_vector = false;
  bool has_digit = false;  // reg is part of the opcode
  uint8_t imm_bytes = 0;
  bool sets_flags = false;
};

constexpr uint16_t kReadReg = kReadsReg, kWriteReg = kWritesReg, kUpdateReg = kReadsReg | kWritesReg;
constexpr uint16_t kReadRm = kReadsRm, kWriteRm = kWritesRm, kUpdateRm = kReadsRm | kWritesRm;

bool is_one_of(uint8_t opcode, std::initializer_list<int> opcodes) {
  return std::ranges::find(opcodes, opcode) != opcodes.end();
}
bool is_between(uint8_t opcode, int first, int last) { return opcode >= first && opcode <= last; }

Meaning vector_op(int traits, uint8_t imm_bytes = 0) {
  return {static_cast<uint16_t>(traits), true, true, false, imm_bytes, false};
}

Meaning meaning_of_short(uint8_t prefix, uint8_t opcode, uint8_t digit) {
  if (prefix != 0) return {};
  if (opcode < 0x40 && (opcode & 7) < 4) {
    const uint8_t kind = opcode >> 3;
    if (kind == 2 || kind == 3) return {};  // with the carry
    const bool compares = kind == 7, to_reg = (opcode & 2) != 0;
    const bool commutes = kind == 0 || kind == 1 || kind == 4 || kind == 6;
    int traits =
        to_reg ? (compares ? kReadReg : kUpdateReg) | kReadRm : kReadReg | (compares ? kReadRm : kUpdateRm);
    if ((opcode & 1) == 0) traits |= kByteReg | kByteRm;
    else if (to_reg && commutes) traits |= kCommutes;
    return {static_cast<uint16_t>(traits), false, false, false, 0, true};
  }
  const int of_digit = digit == 7 ? kReadRm : kUpdateRm;
  switch (opcode) {
    case 0x63: return {kWriteReg | kReadRm};
    case 0x69: return {kWriteReg | kReadRm, false, false, false, 4, true};
    case 0x6B: return {kWriteReg | kReadRm, false, false, false, 1, true};
    case 0x80:
      if (digit == 2 || digit == 3) return {};
      return {static_cast<uint16_t>(of_digit | kByteRm), false, false, true, 1, true};
    case 0x81:
    case 0x83:
      if (digit == 2 || digit == 3) return {};
      return {static_cast<uint16_t>(of_digit),
              false,
              false,
              true,
              static_cast<uint8_t>(opcode == 0x81 ? 4 : 1),
              true};
    case 0x84: return {kReadReg | kReadRm | kByteReg | kByteRm, false, false, false, 0, true};
    case 0x85: return {kReadReg | kReadRm, false, false, false, 0, true};
    case 0x88: return {kReadReg | kWriteRm | kByteReg | kByteRm};
    case 0x89: return {kReadReg | kWriteRm | kMove};
    case 0x8B: return {kWriteReg | kReadRm | kMove};
    case 0x8D: return {kWriteReg};
    case 0xC1: return {kUpdateRm, false, false, true, 1, true};
    case 0xC6: return {kWriteRm | kByteRm, false, false, true, 1, false};
    case 0xC7: return {kWriteRm, false, false, true, 4, false};
    case 0xD1: return {kUpdateRm, false, false, true, 0, true};
    case 0xD3: return {kUpdateRm | kReadsCl, false, false, true, 0, true};
    case 0xF6:
      if (digit != 0) return {};
      return {kReadRm | kByteRm, false, false, true, 1, true};
    case 0xF7:
      if (digit == 0) return {kReadRm, false, false, true, 4, true};
      if (digit == 2 || digit == 3) return {kUpdateRm, false, false, true, 0, digit == 3};
      return {};
    default: return {};
  }
}

Meaning meaning_of_long(uint8_t prefix, uint8_t opcode) {
  const bool is_scalar = prefix == 0xF2 || prefix == 0xF3;
  const bool is_packed = prefix == 0 || prefix == 0x66;
  if (prefix == 0) {
    if (is_between(opcode, 0x40, 0x4F)) return {kUpdateReg | kReadRm | kReadsFlags};
    if (is_between(opcode, 0x90, 0x9F))
      return {kUpdateRm | kByteRm | kReadsFlags, false, false, true, 0, false};
    if (opcode == 0xAF) return {kUpdateReg | kReadRm | kCommutes, false, false, false, 0, true};
    if (opcode == 0xB6 || opcode == 0xBE) return {kWriteReg | kReadRm | kByteRm};
    if (opcode == 0xB7 || opcode == 0xBF) return {kWriteReg | kReadRm};
  }
  if (prefix == 0xF3 && opcode == 0xB8) return {kWriteReg | kReadRm, false, false, false, 0, true};
  switch (opcode) {
    case 0x10: return vector_op(kWriteReg | kReadRm | kMove);
    case 0x11: return vector_op(kReadReg | kWriteRm | kMove);
    case 0x28: return is_packed ? vector_op(kWriteReg | kReadRm | kMove) : Meaning{};
    case 0x29: return is_packed ? vector_op(kReadReg | kWriteRm | kMove) : Meaning{};
    case 0x6F: return prefix == 0x66 || prefix == 0xF3 ? vector_op(kWriteReg | kReadRm | kMove) : Meaning{};
    case 0x7F: return prefix == 0x66 || prefix == 0xF3 ? vector_op(kReadReg | kWriteRm | kMove) : Meaning{};
    case 0x14:
    case 0x15: return is_packed ? vector_op(kUpdateReg | kReadRm) : Meaning{};
    case 0x2A: return is_scalar ? Meaning{kWriteReg | kReadRm, true, false} : Meaning{};
    case 0x2C:
    case 0x2D: return is_scalar ? Meaning{kWriteReg | kReadRm, false, true} : Meaning{};
    case 0x2E:
    case 0x2F: return is_packed ? Meaning{kReadReg | kReadRm, true, true, false, 0, true} : Meaning{};
    case 0x50: return is_packed ? Meaning{kWriteReg | kReadRm, false, true} : Meaning{};
    case 0x51:
    case 0x5A: return vector_op(kWriteReg | kReadRm);
    case 0x5B: return vector_op(kWriteReg | kReadRm);
    case 0x54:
    case 0x56:
    case 0x57:
    case 0x58:
    case 0x59: return vector_op(kUpdateReg | kReadRm | kCommutes);
    case 0x55:
    case 0x5C:
    case 0x5D:
    case 0x5E:
    case 0x5F: return vector_op(kUpdateReg | kReadRm);
    case 0x6E: return prefix == 0x66 ? Meaning{kWriteReg | kReadRm, true, false} : Meaning{};
    case 0x7E:
      if (prefix == 0x66) return {kReadReg | kWriteRm, true, false};
      return prefix == 0xF3 ? vector_op(kWriteReg | kReadRm) : Meaning{};
    case 0x70: return prefix != 0 ? vector_op(kWriteReg | kReadRm, 1) : Meaning{};
    case 0x71:
    case 0x72:
    case 0x73: return prefix == 0x66 ? Meaning{kUpdateRm, false, true, true, 1, false} : Meaning{};
    case 0xC2: return vector_op(kUpdateReg | kReadRm, 1);
    case 0xC6: return is_packed ? vector_op(kUpdateReg | kReadRm, 1) : Meaning{};
    case 0xD6: return prefix == 0x66 ? vector_op(kReadReg | kWriteRm) : Meaning{};
    case 0xD7: return prefix == 0x66 ? Meaning{kWriteReg | kReadRm, false, true} : Meaning{};
    case 0xE6: return prefix != 0 ? vector_op(kWriteReg | kReadRm) : Meaning{};
    case 0xC4:
      return prefix == 0x66 ? Meaning{kUpdateReg | kReadRm, true, false, false, 1, false} : Meaning{};
    case 0xC5: return prefix == 0x66 ? Meaning{kWriteReg | kReadRm, false, true, false, 1, false} : Meaning{};
    default: break;
  }
  if (prefix != 0x66) return {};
  const bool is_update = is_between(opcode, 0x60, 0x6D) || is_between(opcode, 0x74, 0x76) ||
                         (is_between(opcode, 0xD1, 0xFE) && !is_one_of(opcode, {0xE7, 0xF0, 0xF7}));
  if (!is_update) return {};
  const bool commutes = is_one_of(opcode, {0xD4, 0xD5, 0xDB, 0xEB, 0xEF, 0xF4, 0xF5, 0xFC, 0xFD, 0xFE});
  return vector_op(kUpdateReg | kReadRm | (commutes ? kCommutes : 0));
}

Meaning meaning_of_38(uint8_t prefix, uint8_t opcode) {
  if (prefix != 0x66) return {};
  if (is_between(opcode, 0x1C, 0x1E) || is_between(opcode, 0x20, 0x25) || is_between(opcode, 0x30, 0x35))
    return vector_op(kWriteReg | kReadRm);
  if (is_between(opcode, 0x00, 0x0B) || is_between(opcode, 0x28, 0x29) || opcode == 0x2B ||
      is_between(opcode, 0x37, 0x40))
    return vector_op(kUpdateReg | kReadRm);
  if (opcode == 0x17) return {kReadReg | kReadRm, true, true, false, 0, true};
  return {};
}

Meaning meaning_of_3a(uint8_t prefix, uint8_t opcode) {
  if (prefix != 0x66) return {};
  if (is_between(opcode, 0x08, 0x0B)) return vector_op(kWriteReg | kReadRm, 1);
  if (is_between(opcode, 0x0C, 0x0F)) return vector_op(kUpdateReg | kReadRm, 1);
  if (is_between(opcode, 0x14, 0x17)) return {kReadReg | kWriteRm, true, false, false, 1, false};
  if (is_one_of(opcode, {0x20, 0x22})) return {kUpdateReg | kReadRm, true, false, false, 1, false};
  if (opcode == 0x21) return vector_op(kUpdateReg | kReadRm, 1);
  return {};
}

// `xor x, x` and its like: whatever x is.
bool is_idiom(const Step& step) {
  if (step.reg != step.rm) return false;
  if (step.map == 0)
    return step.opcode == 0x31 || step.opcode == 0x33 || step.opcode == 0x29 || step.opcode == 0x2B;
  if (step.map != 1 || !is_vector(step.reg)) return false;
  const bool is_packed = step.prefix == 0 || step.prefix == 0x66;
  return (is_packed && step.opcode == 0x57) ||
         (step.prefix == 0x66 && is_one_of(step.opcode, {0xEF, 0x74, 0x75, 0x76, 0xF8, 0xF9, 0xFA, 0xFB}));
}

// Steps are compared byte by byte.
void clear(Step& step) {
  std::memset(static_cast<void*>(&step), 0, sizeof step);
  step.rm = step.base = step.index = kNoRegister;
}

class Reader final {
 public:
  Reader(std::span<const uint8_t> code, std::vector<Hole>& holes) : code_(code), holes_(holes) {}

  // The instruction at [begin, end); false if it is not known.
  bool read(uint32_t begin, uint32_t end, Step& step) {
    clear(step);
    step.disp_hole = step.imm_hole = HoleKind::none;
    at_ = begin;
    end_ = end;
    hole_ = nullptr;
    while (has(1) && (code_[at_] == 0x66 || code_[at_] == 0xF2 || code_[at_] == 0xF3))
      step.prefix = code_[at_++];
    uint8_t rex = 0;
    if (has(1) && (code_[at_] & 0xF0) == 0x40) rex = code_[at_++];
    if (!has(1)) return false;
    if (code_[at_] == 0x0F) {
      ++at_;
      step.map = 1;
      if (has(1) && code_[at_] == 0x38) step.map = 2, ++at_;
      else if (has(1) && code_[at_] == 0x3A) step.map = 3, ++at_;
    }
    if (!has(1)) return false;
    step.opcode = code_[at_++];
    if ((rex & 8) != 0) step.traits |= kWide;
    if (step.map == 0 && step.opcode == 0x98 && step.prefix == 0) return extension(step) && at_ == end_;
    return (is_jump(step)       ? jump(step)
            : is_constant(step) ? constant(step, rex)
                                : operands(step, rex)) &&
           at_ == end_;
  }

 private:
  bool has(uint32_t bytes) const { return at_ + bytes <= end_; }
  Hole* hole_at(uint32_t at) {
    auto found = std::ranges::find(holes_, at, &Hole::at);
    return found == holes_.end() ? nullptr : &*found;
  }

  static bool is_jump(const Step& step) {
    return (step.map == 0 && step.opcode == 0xE9) || (step.map == 1 && (step.opcode & 0xF0) == 0x80);
  }
  bool jump(Step& step) {
    const Hole* hole = hole_at(at_);
    if (hole == nullptr || hole->addend != -4) return false;
    const bool is_known =
        hole->kind == HoleKind::branch || hole->kind == HoleKind::step_branch || hole->kind == HoleKind::next;
    if (!is_known) return false;
    step.traits = static_cast<uint16_t>(kJump | (step.map == 1 ? kReadsFlags : 0));
    step.imm_hole = hole->kind;
    step.imm_bytes = 4;
    step.imm = -1;
    at_ += 4;
    return true;
  }

  // cwde and cdqe are movsx and movsxd of one register.
  static bool extension(Step& step) {
    const bool is_wide = (step.traits & kWide) != 0;
    step.map = is_wide ? 0 : 1;
    step.opcode = is_wide ? 0x63 : 0xBF;
    step.reg = step.rm = kRax;
    step.traits |= kWritesReg | kReadsRm;
    return true;
  }

  static bool is_constant(const Step& step) { return step.map == 0 && (step.opcode & 0xF8) == 0xB8; }
  bool constant(Step& step, uint8_t rex) {
    step.reg = static_cast<Register>((step.opcode & 7) | ((rex & 1) != 0 ? 8 : 0));
    step.opcode = 0xB8;
    step.traits |= kWritesReg;
    step.imm_bytes = (step.traits & kWide) != 0 ? 8 : 4;
    return immediate(step);
  }

  bool operands(Step& step, uint8_t rex) {
    if (!has(1)) return false;
    const uint8_t modes = code_[at_++];
    const uint8_t digit = modes >> 3 & 7;
    Meaning meaning;
    switch (step.map) {
      case 0: meaning = meaning_of_short(step.prefix, step.opcode, digit); break;
      case 1: meaning = meaning_of_long(step.prefix, step.opcode); break;
      case 2: meaning = meaning_of_38(step.prefix, step.opcode); break;
      default: meaning = meaning_of_3a(step.prefix, step.opcode); break;
    }
    // 16 bits: only stores
    const bool is_short_store = step.map == 0 && step.prefix == 0x66 && step.opcode == 0x89;
    if (is_short_store) meaning = {kReadReg | kWriteRm};
    if (meaning.traits == 0) return false;
    step.traits |= meaning.traits;
    step.imm_bytes = meaning.imm_bytes;
    sets_flags_ = meaning.sets_flags;
    auto numbered = [](uint8_t number, bool is_vector) {
      return static_cast<Register>(number + (is_vector ? kFirstVector : 0));
    };
    step.reg = meaning.has_digit
                   ? digit
                   : numbered(static_cast<uint8_t>(digit | ((rex & 4) != 0 ? 8 : 0)), meaning.reg_is_vector);
    const uint8_t mode = modes >> 6;
    if (mode == 3) {
      step.rm = numbered(static_cast<uint8_t>((modes & 7) | ((rex & 1) != 0 ? 8 : 0)), meaning.rm_is_vector);
      // these leave a part of a register as it was
      if (is_short_store || (step.map == 0 && step.opcode == 0x88)) return false;
      const bool is_part_move = step.map == 1 && (step.opcode == 0x10 || step.opcode == 0x11) &&
                                (step.prefix == 0xF2 || step.prefix == 0xF3);
      if (is_part_move || (step.map == 0 && step.opcode == 0x8D)) return false;
    } else {
      step.rm = kMemory;
      if (!address(step, rex, modes & 7, mode)) return false;
    }
    if (is_idiom(step))
      step.traits = static_cast<uint16_t>((step.traits & ~(kReadsReg | kReadsRm | kCommutes)) | kIdiom);
    if (!immediate(step)) return false;
    return !is_slot_address_only(step);
  }

  bool address(Step& step, uint8_t rex, uint8_t rm, uint8_t mode) {
    if (rm == 4) {
      if (!has(1)) return false;
      const uint8_t sib = code_[at_++];
      step.scale = sib >> 6;
      const auto index = static_cast<Register>((sib >> 3 & 7) | ((rex & 2) != 0 ? 8 : 0));
      step.index = index == kRsp ? kNoRegister : index;
      rm = sib & 7;
    } else if (rm == 5 && mode == 0) {
      step.base = kHere;
    }
    if (step.base != kHere) {
      if (rm == 5 && mode == 0) return false;  // no base
      step.base = static_cast<Register>(rm | ((rex & 1) != 0 ? 8 : 0));
    }
    if (step.base == kRsp) return false;
    const uint32_t size = mode == 1 ? 1 : mode == 2 || step.base == kHere ? 4 : 0;
    if (!has(size)) return false;
    if (size == 1) {
      step.disp = static_cast<int8_t>(code_[at_]);
    } else if (size == 4) {
      if (Hole* hole = hole_at(at_)) {
        const bool is_right =
            step.base == kHere ? hole->kind == HoleKind::constant : hole->form == HoleForm::Signed32;
        if (!is_right) return false;
        step.disp_hole = hole->kind;
        step.disp = hole->addend;
        hole_ = hole;
      } else if (step.base == kHere) {
        return false;
      } else {
        std::memcpy(&step.disp, code_.data() + at_, 4);
      }
    }
    at_ += size;
    return true;
  }

  bool immediate(Step& step) {
    if (!has(step.imm_bytes)) return false;
    const Hole* hole = step.imm_bytes >= 4 ? hole_at(at_) : nullptr;
    if (hole != nullptr) {
      const bool is_number = hole->kind >= HoleKind::a && hole->kind <= HoleKind::next_cell;
      const bool is_signed = hole->form == HoleForm::Signed32 && step.opcode != 0xB8;
      const bool is_unsigned = hole->form == HoleForm::Unsigned32;
      const bool is_whole = hole->form == HoleForm::Whole64 && step.imm_bytes == 8;
      if (!is_number || (!is_signed && !is_unsigned && !is_whole)) return false;
      step.imm_hole = hole->kind;
      step.imm = hole->addend;
    } else if (step.imm_bytes == 1) {
      step.imm = static_cast<int8_t>(code_[at_]);
    } else if (step.imm_bytes == 4) {
      int32_t value;
      std::memcpy(&value, code_.data() + at_, 4);
      step.imm = value;
    } else if (step.imm_bytes == 8) {
      std::memcpy(&step.imm, code_.data() + at_, 8);
    }
    at_ += step.imm_bytes;
    return true;
  }

  // Whoever takes a slot's address does not say what it does there.
  static bool is_slot_address_only(const Step& step) {
    return step.map == 0 && step.opcode == 0x8D && step.disp_hole != HoleKind::none;
  }

  std::span<const uint8_t> code_;
  std::vector<Hole>& holes_;
  uint32_t at_ = 0, end_ = 0;

 public:
  bool sets_flags_ = false;
  Hole* hole_ = nullptr;  // of the address
};

constexpr RegisterSet kScratch =
    set_of(kRax) | set_of(kRcx) | set_of(kRdx) | set_of(kRbx) | set_of(kR10) | 0xFF00'0000u;
constexpr RegisterSet kFixed = set_of(kR13) | set_of(kR14) | set_of(kR15) | set_of(kRbp);

RegisterSet written_by(const Step& step) {
  RegisterSet set = 0;
  if ((step.traits & kWritesReg) != 0) set |= set_of(step.reg);
  if ((step.traits & kWritesRm) != 0 && is_register(step.rm)) set |= set_of(step.rm);
  return set;
}

RegisterSet read_by(const Step& step) {
  RegisterSet set = 0;
  if ((step.traits & kReadsReg) != 0) set |= set_of(step.reg);
  if ((step.traits & kReadsRm) != 0 && is_register(step.rm)) set |= set_of(step.rm);
  if (is_register(step.base)) set |= set_of(step.base);
  if (is_register(step.index)) set |= set_of(step.index);
  if ((step.traits & kReadsCl) != 0) set |= set_of(kRcx);
  return set;
}

Step::Way way_of(const Step& step) {
  if ((step.traits & kJump) != 0) return Step::Way::Jump;
  if (is_slot(step.disp_hole)) return Step::Way::Slot;
  const bool is_numbered = step.disp_hole != HoleKind::none && step.disp_hole != HoleKind::constant;
  return is_numbered || step.imm_hole != HoleKind::none ? Step::Way::Numbers : Step::Way::Whole;
}

// See Peephole::add(): what it looks at besides registers that lag behind.
bool is_plain(const Step& step) {
  const bool is_to_register = step.map == 0 && step.opcode < 0x40 && (step.opcode & 7) == 1;
  const bool has_short_form = step.is(0, 0x83) && step.imm == 0;
  const bool is_of_registers = is_register(step.rm);
  return !step.has(kJump) && !step.is(0, 0xB8) &&
         !(is_of_registers && (step.is(0, 0xC7) || is_to_register || has_short_form || step.has(kMove)));
}

// A way out behind the rest of the code: mov esi, reason; jmp trap. Jumps there lead to the trap, with the reason.
constexpr uint32_t kTrapBytes = 10;
std::optional<int32_t> trap_reason(std::span<const uint8_t> code, uint32_t at,
                                   const std::vector<Hole>& holes) {
  if (at + kTrapBytes > code.size() || code[at] != 0xBE || code[at + 5] != 0xE9) return std::nullopt;
  auto hole = std::ranges::find(holes, at + 6, &Hole::at);
  if (hole == holes.end() || hole->kind != HoleKind::trap) return std::nullopt;
  int32_t reason;
  std::memcpy(&reason, code.data() + at + 1, 4);
  return reason;
}

}  // namespace

std::optional<Parts> take_apart(std::span<const uint8_t> code, std::span<const uint32_t> begins,
                                std::vector<Hole>& holes) {
  std::vector<Step> steps;
  std::vector<bool> sets_flags;
  std::vector<Hole*> any_moves;
  Reader reader(code, holes);
  for (size_t i = 0; i < begins.size() && begins[i] < code.size(); ++i) {
    const uint32_t begin = begins[i];
    const auto end = i + 1 < begins.size()
                         ? std::min<uint32_t>(begins[i + 1], static_cast<uint32_t>(code.size()))
                         : static_cast<uint32_t>(code.size());
    if (trap_reason(code, begin, holes)) {
      // nothing falls in: the code before it ends with a jump
      if (steps.empty() || steps.back().traits != kJump) return std::nullopt;
      ++i;
      continue;
    }
    if (code[begin] == 0x90) continue;
    Step step;
    const uint8_t opcode = code[begin];
    const bool is_near = (opcode & 0xF0) == 0x70;
    const bool is_far = opcode == 0x0F && (code[begin + 1] & 0xF0) == 0x80;
    auto local = std::ranges::find(holes, begin + (is_near ? 1 : 2), &Hole::at);
    if ((is_near || is_far) && local != holes.end() &&
        (local->kind == HoleKind::local_near || local->kind == HoleKind::local_far)) {
      const auto reason = trap_reason(code, static_cast<uint32_t>(local->addend), holes);
      if (!reason) return std::nullopt;
      clear(step);
      step.map = 1;
      step.opcode = static_cast<uint8_t>(0x80 | (is_near ? opcode & 0x0F : code[begin + 1] & 0x0F));
      step.imm_bytes = 4;
      step.disp_hole = HoleKind::none;
      step.imm_hole = HoleKind::trap;
      step.traits = kJump | kReadsFlags;
      step.imm = *reason;
      steps.push_back(step);
      sets_flags.push_back(false);
      continue;
    }
    reader.sets_flags_ = false;
    if (!reader.read(begin, end, step)) return std::nullopt;
    const RegisterSet touched = step.mentioned();
    if ((touched & ~(kAccumulators | kScratch | kFixed)) != 0 || (written_by(step) & kFixed) != 0)
      return std::nullopt;
    if (is_slot(step.imm_hole)) return std::nullopt;
    if (is_slot(step.disp_hole)) {
      if (step.base != kR13 || step.index != kNoRegister) return std::nullopt;
      const bool is_integer_move = step.map == 0 && (step.traits & kMove) != 0;
      if (is_integer_move && ((step.opcode == 0x8B) || (step.traits & kWide) != 0))
        any_moves.push_back(reader.hole_);
    }
    steps.push_back(step);
    sets_flags.push_back(reader.sets_flags_);
  }
  if (!steps.empty() && steps.back().traits == kJump && steps.back().imm_hole == HoleKind::next) {
    steps.pop_back();
    sets_flags.pop_back();
  }
  // a jump over a jump becomes one
  if (steps.size() >= 2 && steps.back().traits == kJump) {
    Step& over = steps[steps.size() - 2];
    if (over.imm_hole == HoleKind::next && over.traits != kJump) {
      over.opcode ^= 1;
      over.imm_hole = steps.back().imm_hole;
      over.imm = steps.back().imm;
      steps.pop_back();
      sets_flags.pop_back();
    }
  }
  // only jumps may follow one that skips them
  bool skips = false;
  for (const Step& step : steps) {
    if (skips && (step.traits & kJump) == 0) return std::nullopt;
    skips = skips || step.imm_hole == HoleKind::next;
  }
  RegisterSet live = 0, kept = kAccumulators;
  bool wants_flags = false;
  for (size_t i = steps.size(); i-- > 0;) {
    Step& step = steps[i];
    step.live = live;
    step.kept = kept;
    live = ((live & ~written_by(step)) | read_by(step)) & ~kFixed;
    kept &= ~written_by(step);
    if (sets_flags[i]) {
      if (wants_flags) step.traits |= kFlagsUsed;
      wants_flags = false;
    }
    if ((step.traits & kReadsFlags) != 0) wants_flags = true;
    step.way = way_of(step);
    step.is_plain = is_plain(step);
    step.operands = step.mentioned() | (step.has(kReadsCl) ? set_of(kRcx) : 0);
    if (step.way == Step::Way::Jump) step.target = static_cast<uint8_t>(step.imm_hole);
    else if (step.disp_hole == HoleKind::constant) step.target = static_cast<uint8_t>(HoleKind::constant);
  }
  for (Hole* hole : any_moves) hole->operand = Operand::AnyMove;
  return Parts{std::move(steps), live & kAccumulators, kAccumulators & ~kept};
}

}  // namespace godwit::jit::tool
