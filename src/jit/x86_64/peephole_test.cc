// What becomes of moves, constants and results, instruction by instruction.
#include "jit/x86_64/peephole.h"

#include <gtest/gtest.h>

namespace godwit::jit {
namespace {

constexpr RegisterSet kPins =
    set_of(kR8) | set_of(kR9) | set_of(kR11) | set_of(vector_register(3)) | set_of(vector_register(4));
constexpr RegisterSet kNone = 0;
constexpr RegisterSet kAcc = set_of(kRdi);

Instruction move_of(Register to, Register from, unsigned more = 0) {
  Instruction in;
  in.opcode = 0x8B;
  in.reg = to;
  in.rm = from;
  in.traits = static_cast<uint16_t>(kWritesReg | kReadsRm | kMove | more);
  return in;
}
// add, sub, cmp …: 0, 5, 7 …
Instruction arithmetic(unsigned kind, Register to, Register from, unsigned more = 0) {
  Instruction in;
  in.opcode = static_cast<uint8_t>(kind << 3 | 3);
  in.reg = to;
  in.rm = from;
  const unsigned commutes = kind == 0 ? kCommutes : 0;
  in.traits = static_cast<uint16_t>(kReadsReg | (kind == 7 ? 0 : kWritesReg) | kReadsRm | commutes | more);
  return in;
}
Instruction constant(Register to, int64_t value) {
  Instruction in;
  in.opcode = 0xB8;
  in.reg = to;
  in.imm = value;
  in.imm_bytes = 4;
  in.traits = kWritesReg;
  return in;
}
Instruction load(Register to, Register index) {
  Instruction in;
  in.opcode = 0x8B;
  in.reg = to;
  in.rm = kMemory;
  in.base = kR15;
  in.index = index;
  in.traits = kWritesReg | kReadsRm | kMove;
  return in;
}
Instruction shift_by_cl(Register reg) {
  Instruction in;
  in.opcode = 0xD3;
  in.reg = 4;
  in.rm = reg;
  in.traits = kReadsRm | kWritesRm | kReadsCl;
  return in;
}
Instruction branch() {
  Instruction in;
  in.map = 1;
  in.opcode = 0x84;
  in.target = static_cast<uint8_t>(HoleKind::branch);
  in.imm_bytes = 4;
  in.traits = kJump | kReadsFlags;
  return in;
}

std::string bytes_of(const Instruction& in) {
  uint8_t bytes[kMostInstructionBytes];
  const Encoded encoded = encode(in, bytes);
  std::string text;
  for (unsigned i = 0; i < encoded.size; ++i) {
    constexpr char kDigits[] = "0123456789abcdef";
    text += kDigits[bytes[i] >> 4];
    text += kDigits[bytes[i] & 15];
  }
  return text;
}

std::string code_of(const Peephole& peephole) {
  std::string text;
  for (const Instruction& in : peephole.instructions()) text += (text.empty() ? "" : " ") + bytes_of(in);
  return text;
}

// mov edi, r8d; add edi, r9d; mov r11, rdi
TEST(Peephole, ResultsAreMadeWhereTheyAreWanted) {
  Peephole peephole;
  peephole.begin(kPins, kNone);
  peephole.add(move_of(kRdi, kR8), kAcc);
  peephole.add(arithmetic(0, kRdi, kR9), kAcc);
  peephole.move(kR11, kRdi, Peephole::Bits::Whole, kNone);
  EXPECT_EQ(code_of(peephole), "478d1c08");  // lea r11d, [r8 + r9]
}

TEST(Peephole, ALiveAccumulatorIsReadFromWhereItsValueWent) {
  Peephole peephole;
  peephole.begin(kPins, kNone);
  peephole.add(load(kRdi, kR9), kAcc);
  peephole.move(kR11, kRdi, Peephole::Bits::Whole, kAcc);
  peephole.add(arithmetic(7, kRdi, kR8), kNone);
  EXPECT_EQ(code_of(peephole), "478b1c0f 453bd8");  // mov r11d, [r15 + r9]; cmp r11d, r8d
}

TEST(Peephole, WhatALoadBeganIsNotWhereItReads) {
  // mov edi, [r15 + rdi]: the index is an older value of the register
  Peephole peephole;
  peephole.begin(kPins, kNone);
  peephole.add(load(kRdi, kRdi), kAcc);
  peephole.move(kR11, kRdi, Peephole::Bits::Whole, kNone);
  EXPECT_EQ(code_of(peephole), "458b1c3f");  // mov r11d, [r15 + rdi]
}

TEST(Peephole, ACopyIsMadeBeforeItsSourceChanges) {
  Peephole peephole;
  peephole.begin(kPins, kNone);
  peephole.add(move_of(kRdi, kR8, kWide), kAcc);
  peephole.add(load(kR8, kR9), kAcc);
  peephole.settle(kAcc);
  EXPECT_EQ(code_of(peephole), "498bf8 478b040f");  // mov rdi, r8; mov r8d, [r15 + r9]
}

TEST(Peephole, ACopyThatNobodyWantsIsNotMade) {
  Peephole peephole;
  peephole.begin(kPins, kNone);
  peephole.add(move_of(kRax, kR8, kWide), kNone);
  peephole.add(load(kR8, kR9), kNone);
  EXPECT_EQ(code_of(peephole), "478b040f");
}

TEST(Peephole, ASumWithItsTargetIsTurnedRound) {
  // mov edi, [r15 + r9]; add edi, r8d; mov r8, rdi
  Peephole peephole;
  peephole.begin(kPins, kNone);
  peephole.add(load(kRdi, kR9), kAcc);
  peephole.add(arithmetic(0, kRdi, kR8), kAcc);
  peephole.move(kR8, kRdi, Peephole::Bits::Whole, kNone);
  EXPECT_EQ(code_of(peephole), "438b3c0f 4403c7");  // mov edi, [r15 + r9]; add r8d, edi
}

TEST(Peephole, ADifferenceWithItsTargetIsNot) {
  Peephole peephole;
  peephole.begin(kPins, kNone);
  peephole.add(load(kRdi, kR9), kAcc);
  peephole.add(arithmetic(5, kRdi, kR8), kAcc);
  peephole.move(kR8, kRdi, Peephole::Bits::Whole, kNone);
  EXPECT_EQ(code_of(peephole), "438b3c0f 412bf8 4c8bc7");
}

TEST(Peephole, PinsDoNotChangeBeforeABranch) {
  Peephole peephole;
  peephole.begin(kPins, kNone);
  peephole.add(load(kRdi, kR9), kAcc);
  peephole.add(branch(), kAcc);
  peephole.move(kR8, kRdi, Peephole::Bits::Whole, kNone);
  EXPECT_EQ(code_of(peephole), "438b3c0f 0f8400000000 4c8bc7");
}

TEST(Peephole, PinsDoNotChangeWhileTheirOldValueIsWanted) {
  Peephole peephole;
  peephole.begin(kPins, kNone);
  peephole.add(load(kRdi, kR9), kAcc);
  peephole.add(arithmetic(7, kR8, kR9), kAcc);
  peephole.move(kR8, kRdi, Peephole::Bits::Whole, kNone);
  EXPECT_EQ(code_of(peephole), "438b3c0f 453bc1 4c8bc7");
}

TEST(Peephole, ConstantsBecomePartsOfInstructions) {
  Peephole peephole;
  peephole.begin(kPins, kNone);
  peephole.add(constant(kRcx, 5), set_of(kRcx) | kAcc);
  peephole.add(shift_by_cl(kRdi), kAcc);
  peephole.add(constant(kRax, 1000), set_of(kRax) | kAcc);
  peephole.add(arithmetic(7, kRdi, kRax), kNone);
  EXPECT_EQ(code_of(peephole), "c1e705 81ffe8030000");  // shl edi, 5; cmp edi, 1000
}

TEST(Peephole, AnAddressNeedsTheUpperHalfToBeZero) {
  for (const bool is_narrow : {false, true}) {
    Peephole peephole;
    peephole.begin(kPins, is_narrow ? set_of(kR8) : kNone);
    peephole.add(move_of(kRax, kR8), set_of(kRax));
    peephole.add(load(kRdi, kRax), kAcc);
    EXPECT_EQ(code_of(peephole), is_narrow ? "438b3c07" : "418bc0 418b3c07");
  }
}

TEST(Peephole, NarrowPinsStayNarrow) {
  Peephole peephole;
  peephole.begin(kPins, set_of(kR8));
  peephole.add(move_of(kRax, kR9, kWide), set_of(kRax));
  peephole.move(kR8, kRax, Peephole::Bits::Whole, kNone);
  EXPECT_EQ(code_of(peephole), "458bc1");  // mov r8d, r9d
}

TEST(Peephole, NothingIsKnownAfterForget) {
  Peephole peephole;
  peephole.begin(kPins, kNone);
  peephole.add(move_of(kRdi, kR8, kWide), kAcc);
  peephole.forget();
  peephole.add(arithmetic(7, kRdi, kR9), kNone);
  EXPECT_EQ(code_of(peephole), "413bf9");
}

TEST(Peephole, WhatABranchHandsOnIsNotMadeElsewhere) {
  Peephole peephole;
  peephole.begin(kPins, kNone);
  peephole.add(load(kRax, kR8), set_of(kRax));
  peephole.move(kRdi, kRax, Peephole::Bits::Whole, kAcc);
  peephole.settle(kAcc);  // the branch's target reads it
  peephole.add(branch(), kAcc);
  // what follows does not: but it stays where it is
  peephole.move(kRax, kRdi, Peephole::Bits::Whole, set_of(kRax));
  peephole.move(kR9, kRax, Peephole::Bits::Whole, kNone);
  EXPECT_EQ(code_of(peephole), "438b3c07 0f8400000000 4c8bcf");  // mov edi, …; je …; mov r9, rdi
}

TEST(Peephole, ValuesMoveBetweenKindsOfRegisters) {
  Peephole peephole;
  peephole.begin(kPins, kNone);
  // a slot is copied through a general register
  peephole.move(kRax, vector_register(3), Peephole::Bits::Whole, set_of(kRax));
  peephole.move(vector_register(4), kRax, Peephole::Bits::Whole, kNone);
  peephole.move(kRax, vector_register(3), Peephole::Bits::Whole, set_of(kRax));
  peephole.move(kR8, kRax, Peephole::Bits::Whole, kNone);
  EXPECT_EQ(code_of(peephole), "0f28e3 66490f7ed8");  // movaps xmm4, xmm3; movq r8, xmm3
}

TEST(Peephole, OfVectorRegistersTooTheUpperHalfIsCleared) {
  Peephole peephole;
  peephole.begin(kPins, kNone);
  peephole.move(kRax, vector_register(3), Peephole::Bits::Low32, set_of(kRax));
  peephole.move(vector_register(3), kRax, Peephole::Bits::Whole, kNone);
  peephole.move(kRax, vector_register(3), Peephole::Bits::Low32, set_of(kRax));
  peephole.move(vector_register(4), kRax, Peephole::Bits::Whole, kNone);
  EXPECT_EQ(code_of(peephole), "660f3a21db0e 660f3a21e30e");  // insertps
}

// Instructions of vectors; 66 is the prefix.
Instruction of_vectors(uint8_t opcode, Register reg, Register rm, unsigned traits, uint8_t prefix = 0x66) {
  Instruction in;
  in.prefix = prefix;
  in.map = 1;
  in.opcode = opcode;
  in.reg = reg;
  in.rm = rm;
  in.traits = static_cast<uint16_t>(traits);
  return in;
}
// movq to, from (a general register)
Instruction to_vector(Register to, Register from) {
  return of_vectors(0x6E, to, from, kWritesReg | kReadsRm | kWide);
}
Instruction joined(Register low, Register high) {  // punpcklqdq
  return of_vectors(0x6C, low, high, kReadsReg | kWritesReg | kReadsRm);
}
constexpr Register kXmm3 = vector_register(3), kXmm8 = vector_register(8), kXmm9 = vector_register(9);
constexpr RegisterSet kVectors = set_of(kXmm8) | set_of(kXmm9);

void make_vector(Peephole& peephole, int64_t low, int64_t high) {
  peephole.add(constant(kRcx, high), set_of(kRcx));
  peephole.add(to_vector(kXmm9, kRcx), set_of(kXmm9));
  peephole.add(constant(kRax, low), set_of(kXmm9) | set_of(kRax));
  peephole.add(to_vector(kXmm8, kRax), kVectors);
  peephole.add(joined(kXmm8, kXmm9), set_of(kXmm8));
}

TEST(Peephole, VectorConstantsAreReadFromThePool) {
  Peephole peephole;
  peephole.begin(kPins, kNone);
  make_vector(peephole, 1, 2);
  peephole.add(of_vectors(0xFE, kXmm3, kXmm8, kReadsReg | kWritesReg | kReadsRm), kNone);  // paddd xmm3, xmm8
  ASSERT_EQ(peephole.size(), 1U);
  const Instruction& sum = peephole.instructions()[0];
  EXPECT_EQ(sum.base, kHere);
  EXPECT_EQ(static_cast<uint32_t>(sum.disp), Peephole::pool_at());
  ASSERT_EQ(peephole.pool().size(), 1U);
  EXPECT_EQ(peephole.pool()[0], (Peephole::VectorConstant{1, 2}));
  // the same constant lies there once
  make_vector(peephole, 1, 2);
  peephole.add(of_vectors(0xFE, kXmm3, kXmm8, kReadsReg | kWritesReg | kReadsRm), kNone);
  EXPECT_EQ(peephole.pool().size(), 1U);
}

TEST(Peephole, VectorConstantsAreLoadedWhereMemoryMeansSomethingElse) {
  Peephole peephole;
  peephole.begin(kPins, kNone);
  make_vector(peephole, 1, 2);
  // movhlps: with an operand in memory it is movlps
  peephole.add(of_vectors(0x12, kXmm3, kXmm8, kReadsReg | kWritesReg | kReadsRm, 0), kNone);
  ASSERT_EQ(peephole.size(), 2U);
  EXPECT_EQ(peephole.instructions()[0].base, kHere);  // movaps xmm8, …
  EXPECT_EQ(peephole.instructions()[1].rm, kXmm8);
}

TEST(Peephole, ZeroAndAllOnesNeedNoMemory) {
  Peephole peephole;
  peephole.begin(kPins, kNone);
  make_vector(peephole, 0, 0);
  peephole.move(kXmm3, kXmm8, Peephole::Bits::Whole, kNone);
  EXPECT_EQ(code_of(peephole), "0f57db");  // xorps xmm3, xmm3
  EXPECT_TRUE(peephole.pool().empty());
}

TEST(Peephole, ShiftsByConstantsOfLanes) {
  Peephole peephole;
  peephole.begin(kPins, kNone);
  auto shift = [&](int64_t count) {
    peephole.add(constant(kRax, count), set_of(kRax));
    peephole.add(to_vector(kXmm8, kRax), set_of(kXmm8));
    peephole.add(of_vectors(0xD3, kXmm3, kXmm8, kReadsReg | kWritesReg | kReadsRm), kNone);  // psrlq
  };
  shift(30);
  shift(1000);  // all bits are shifted out
  EXPECT_EQ(code_of(peephole), "660f73d31e 660f73d37f");
}

TEST(Encode, AddressesOfAllForms) {
  auto address = [](Register base, Register index, int32_t disp) {
    Instruction in = load(kRax, index);
    in.base = base;
    in.disp = disp;
    return bytes_of(in);
  };
  EXPECT_EQ(address(kR13, kNoRegister, 0), "418b4500");
  EXPECT_EQ(address(kR13, kNoRegister, 127), "418b457f");
  EXPECT_EQ(address(kR13, kNoRegister, 128), "418b8580000000");
  EXPECT_EQ(address(kR12, kNoRegister, 0), "418b0424");
  EXPECT_EQ(address(kRbp, kNoRegister, 0), "8b4500");
  EXPECT_EQ(address(kRax, kR12, -1), "428b4420ff");
  EXPECT_EQ(address(kNoRegister, kRcx, 1), "8b040d01000000");
}

TEST(Encode, BytesOfUpperRegisters) {
  Instruction in;
  in.opcode = 0x88;
  in.reg = kRsi;
  in.rm = kMemory;
  in.base = kR15;
  in.traits = kReadsReg | kWritesRm | kByteReg;
  EXPECT_EQ(bytes_of(in), "418837");
  in.base = kRax;
  EXPECT_EQ(bytes_of(in), "408830");
  in.reg = kRcx;
  EXPECT_EQ(bytes_of(in), "8808");
}

}  // namespace
}  // namespace godwit::jit
