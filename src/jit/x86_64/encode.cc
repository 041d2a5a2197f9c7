// Instructions as bytes.
// spec: https://www.intel.com/content/www/us/en/developer/articles/technical/intel-sdm.html (volume 2, chapter 2)
#include "base/bytes.h"
#include "jit/x86_64/instruction.h"

namespace godwit::jit {

namespace {

constexpr unsigned kRex = 0x40, kRexW = 8, kRexRLog2 = 2, kRexXLog2 = 1;
// By map: the bytes before the opcode.
constexpr uint8_t kEscapeBytes[] = {0, 1, 2, 2};
constexpr uint16_t kEscapes[] = {0, 0x0F, 0x380F, 0x3A0F};

uint8_t low(Register reg) { return reg & 7; }
// Without a REX byte the numbers 4 to 7 mean the second bytes of other registers.
bool needs_rex_for_byte(Register reg) { return (reg & ~3) == 4; }

// An operand in memory, behind the opcode.
uint8_t* put_memory(const Instruction& in, unsigned reg, uint8_t* at) {
  const Register base = in.base, index = in.index;
  const int32_t disp = in.disp;
  if (index == kNoRegister && low(base) != 4 && base != kNoRegister) [[likely]] {
    // of r13 and rbp without a distance there is no form
    const bool has_none = disp == 0 && low(base) != 5;
    const bool is_near = disp == static_cast<int8_t>(disp);
    const unsigned mod = has_none ? 0x00 : is_near ? 0x40 : 0x80;
    *at = static_cast<uint8_t>(mod | reg | low(base));
    store_unaligned(at + 1, disp);
    return at + (has_none ? 1 : is_near ? 2 : 5);
  }
  const bool has_base = base != kNoRegister;
  const bool is_near = has_base && disp == static_cast<int8_t>(disp);
  const bool has_none = has_base && disp == 0 && low(base) != 5;
  const unsigned mod = !has_base || has_none ? 0x00 : is_near ? 0x40 : 0x80;
  const unsigned scaled = in.scale << 6 | (index != kNoRegister ? low(index) : 4) << 3;
  at[0] = static_cast<uint8_t>(mod | reg | 4);
  at[1] = static_cast<uint8_t>(scaled | (has_base ? low(base) : 5));
  store_unaligned(at + 2, disp);
  return at + (has_none ? 2 : is_near ? 3 : 6);
}

}  // namespace

// Room behind the instruction is written, too: up to kMostInstructionBytes.
Encoded encode(const Instruction& in, uint8_t* into) {
  Encoded encoded;
  uint8_t* at = into;
  const Register reg = in.reg, rm = in.rm;
  const uint16_t traits = in.traits;
  // what may be missing is written in any case, and then written over
  const uint8_t prefix = in.prefix, map = in.map, opcode = in.opcode, imm_bytes = in.imm_bytes;
  *at = prefix;
  at += prefix != 0 ? 1 : 0;
  // the register is part of the opcode
  const bool is_short = rm == kNoRegister && (traits & (kReadsReg | kWritesReg | kIdiom)) != 0;
  // no operand has an upper bit for what it lacks
  const unsigned upper = upper_bit(reg);
  const unsigned operands = is_short ? upper : upper << kRexRLog2 | upper_bit(rm) | upper_bit(in.base);
  const unsigned wide = (traits & kWide) != 0 ? kRexW : 0;
  const unsigned rex = wide | operands | static_cast<unsigned>(upper_bit(in.index) << kRexXLog2);
  bool needs_rex = rex != 0;
  if ((traits & (kByteReg | kByteRm)) != 0)
    needs_rex = needs_rex || ((traits & kByteReg) != 0 && needs_rex_for_byte(reg)) ||
                ((traits & kByteRm) != 0 && needs_rex_for_byte(rm));
  *at = static_cast<uint8_t>(kRex | rex);
  at += needs_rex ? 1 : 0;
  store_unaligned(at, kEscapes[map]);
  at += kEscapeBytes[map];
  const unsigned digit = low(reg);
  *at++ = static_cast<uint8_t>(is_short ? opcode | digit : opcode);
  if (is_register(rm)) {
    *at++ = static_cast<uint8_t>(0xC0 | digit << 3 | low(rm));
  } else if (rm == kMemory) {
    if (in.base == kHere) {
      *at++ = static_cast<uint8_t>(digit << 3 | 5);
      encoded.disp_at = static_cast<uint8_t>(at - into);
      at += 4;
    } else {
      at = put_memory(in, digit << 3, at);
    }
  }
  encoded.imm_at = static_cast<uint8_t>(at - into);
  if (imm_bytes != 0) {
    if (imm_bytes == 8) store_unaligned(at, in.imm);
    else store_unaligned(at, static_cast<int32_t>(in.imm));
    at += imm_bytes;
  }
  encoded.size = static_cast<uint8_t>(at - into);
  return encoded;
}

}  // namespace godwit::jit
