// Instructions as bytes.
// spec: https://www.intel.com/content/www/us/en/developer/articles/technical/intel-sdm.html (volume 2, chapter 2)
#include "base/bytes.h"
#include "jit/x86_64/instruction.h"

namespace godwit::jit {

namespace {

constexpr uint8_t kRex = 0x40, kRexW = 8, kRexR = 4, kRexX = 2, kRexB = 1;

uint8_t low(Register reg) { return reg & 7; }
bool is_upper(Register reg) { return is_register(reg) && (reg & 8) != 0; }
// Without a REX byte the numbers 4 to 7 mean the second bytes of other registers.
bool needs_rex_for_byte(Register reg) { return reg >= 4 && reg < 8; }

uint8_t* put_operand(const Instruction& in, uint8_t* at, Encoded& encoded, const uint8_t* begin) {
  const auto reg = static_cast<uint8_t>(low(in.reg) << 3);
  if (is_register(in.rm)) {
    *at++ = static_cast<uint8_t>(0xC0 | reg | low(in.rm));
    return at;
  }
  if (in.base == kHere) {
    *at++ = static_cast<uint8_t>(reg | 5);
    encoded.disp_at = static_cast<uint8_t>(at - begin);
    return at + 4;
  }
  const bool has_index = in.index != kNoRegister;
  const bool has_base = in.base != kNoRegister;
  const bool is_near = has_base && in.disp == static_cast<int8_t>(in.disp);
  // of r13 and rbp without a distance there is no form
  const bool has_none = has_base && in.disp == 0 && low(in.base) != 5;
  const auto mod = static_cast<uint8_t>(!has_base || has_none ? 0x00 : is_near ? 0x40 : 0x80);
  if (has_index || !has_base || low(in.base) == 4) {
    *at++ = static_cast<uint8_t>(mod | reg | 4);
    *at++ = static_cast<uint8_t>(in.scale << 6 | (has_index ? low(in.index) : 4) << 3 |
                                 (has_base ? low(in.base) : 5));
  } else {
    *at++ = static_cast<uint8_t>(mod | reg | low(in.base));
  }
  if (has_none) return at;
  if (is_near) {
    *at++ = static_cast<uint8_t>(in.disp);
    return at;
  }
  store_unaligned(at, in.disp);
  return at + 4;
}

}  // namespace

Encoded encode(const Instruction& in, uint8_t* into) {
  Encoded encoded;
  uint8_t* at = into;
  if (in.prefix != 0) *at++ = in.prefix;
  uint8_t rex = 0;
  if (in.has(kWide)) rex |= kRex | kRexW;
  const bool is_short = in.rm == kNoRegister && in.has_reg();  // the register is part of the opcode
  if (in.has_reg() && is_upper(in.reg)) rex |= kRex | (is_short ? kRexB : kRexR);
  if (is_upper(in.rm) || is_upper(in.base)) rex |= kRex | kRexB;
  if (is_upper(in.index)) rex |= kRex | kRexX;
  if ((in.has(kByteReg) && needs_rex_for_byte(in.reg)) || (in.has(kByteRm) && needs_rex_for_byte(in.rm)))
    rex |= kRex;
  if (rex != 0) *at++ = rex;
  if (in.map != 0) *at++ = 0x0F;
  if (in.map == 2) *at++ = 0x38;
  if (in.map == 3) *at++ = 0x3A;
  *at++ = is_short ? static_cast<uint8_t>(in.opcode | low(in.reg)) : in.opcode;
  if (in.rm != kNoRegister) at = put_operand(in, at, encoded, into);
  encoded.imm_at = static_cast<uint8_t>(at - into);
  if (in.imm_bytes == 1) *at++ = static_cast<uint8_t>(in.imm);
  if (in.imm_bytes == 4) store_unaligned(at, static_cast<int32_t>(in.imm)), at += 4;
  if (in.imm_bytes == 8) store_unaligned(at, in.imm), at += 8;
  encoded.size = static_cast<uint8_t>(at - into);
  return encoded;
}

}  // namespace godwit::jit
