// Instruction: one instruction of x86-64, taken apart so that its operands can be replaced.
#pragma once

#include <cstdint>

namespace godwit::jit {

// General registers by the processor's numbers, vector registers from kFirstVector on.
using Register = uint8_t;
inline constexpr Register kFirstVector = 16;
inline constexpr unsigned kRegisterCount = 32;
// In place of a register: the operand lies in memory; there is none; an address relative to the instruction. None has the
// bit that tells the upper eight registers of a kind.
inline constexpr Register kMemory = 0xF6, kNoRegister = 0xF7, kHere = 0xF5;

inline constexpr Register kRax = 0, kRcx = 1, kRdx = 2, kRbx = 3, kRsp = 4, kRbp = 5, kRsi = 6, kRdi = 7,
                          kR8 = 8, kR9 = 9, kR10 = 10, kR11 = 11, kR12 = 12, kR13 = 13, kR14 = 14, kR15 = 15;
constexpr Register vector_register(unsigned number) { return static_cast<Register>(kFirstVector + number); }
constexpr bool is_vector(Register reg) { return (reg & 0xF0) == kFirstVector; }
constexpr bool is_register(Register reg) { return reg < kRegisterCount; }
constexpr uint8_t upper_bit(Register reg) { return reg >> 3 & 1; }

using RegisterSet = uint32_t;  // a bit each
constexpr RegisterSet set_of(Register reg) { return RegisterSet{1} << reg; }

// What the compiler of register code must know of an instruction.
enum Trait : uint16_t {
  kReadsReg = 1,
  kWritesReg = 2,
  kReadsRm = 4,
  kWritesRm = 8,
  kWide = 16,       // operands of 64 bits
  kByteReg = 32,    // the lowest byte of a general register
  kByteRm = 64,     // the same
  kMove = 128,      // copies one operand to the other, whole (at least the 32 bits of an integer)
  kCommutes = 256,  // reg = reg op rm, in either order
  kReadsCl = 512,
  kIdiom = 1024,      // both operands are one register, whose value does not matter
  kFlagsUsed = 2048,  // an instruction further on wants the flags that this one leaves
  kReadsFlags = 4096,
  kJump = 8192,
};

struct Instruction {
  uint8_t prefix = 0;  // 0x66, 0xF2, 0xF3 or none
  uint8_t map = 0;     // of opcodes: 0, of one byte; 1, behind 0F; 2, 0F 38; 3, 0F 3A
  uint8_t opcode = 0;
  Register reg = 0;  // or the digit that belongs to the opcode
  Register rm = kNoRegister;
  Register base = kNoRegister, index = kNoRegister;  // of an operand in memory
  uint8_t scale = 0;
  uint8_t imm_bytes = 0;
  uint8_t target = 0;  // of jumps and of addresses relative to the instruction: a HoleKind
  uint16_t traits = 0;
  int32_t disp = 0;
  int64_t imm = 0;

  bool has(uint16_t trait) const { return (traits & trait) != 0; }
  bool is(uint8_t of_map, uint8_t of_opcode) const { return map == of_map && opcode == of_opcode; }
  // reg is a register, not a digit.
  bool has_reg() const { return has(kReadsReg | kWritesReg | kIdiom); }
  // The registers that it mentions, whatever for; not the fixed ones of shifts and the like.
  RegisterSet mentioned() const {
    RegisterSet set = 0;
    if (has_reg()) set |= set_of(reg);
    if (is_register(rm)) set |= set_of(rm);
    if (is_register(base)) set |= set_of(base);
    if (is_register(index)) set |= set_of(index);
    return set;
  }
};

// What encode() may write, in bytes; the longest instruction has 15.
inline constexpr unsigned kMostInstructionBytes = 24;

// Where the places of 4 bytes are that encode() leaves open, from the instruction's beginning; 0: none.
struct Encoded {
  uint8_t size = 0;
  uint8_t disp_at = 0;  // of an address relative to the instruction
  uint8_t imm_at = 0;
};

Encoded encode(const Instruction& in, uint8_t* into);

}  // namespace godwit::jit
