// Stencil: the machine code of one op, with holes; the tables that the build step makes of the stencils' objects.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "jit/hole_kind.h"
#include "jit/x86_64/instruction.h"

namespace godwit::jit {

inline constexpr uint8_t kHoleWidths[] = {
#define GODWIT_HOLE(name, width) width,
#include "jit/holes.def"
    4, 1, 4, 0};

// How a hole is filled.
enum class HoleForm : uint8_t {
  Unsigned32,      // value + addend, zero-extended by the instruction
  Signed32,        // value + addend, sign-extended by the instruction
  Whole64,         // value + addend
  Relative32,      // value + addend - the place's address
  Relative32Imm8,  // the same, one less: a byte follows before the instruction ends
};

// How an instruction that has a slot as its memory operand can have a register in its place: the bytes of the
// distance go, and the operand's byte before them names the register.
enum class Operand : uint8_t {
  Memory,      // it cannot
  Integer,     // a general register
  Vector,      // a vector register
  ScalarMove,  // a vector register, if the move becomes one of the whole register
  AnyMove,     // a register of either kind, if the move becomes one that suits both sides
};

struct Hole {
  uint16_t at;  // in the stencil's code, bytes
  HoleKind kind;
  HoleForm form;
  int16_t addend;
  // Of a hole that is a slot's distance:
  Operand operand : 3;
  bool reads : 1;
  bool writes : 1;
  bool is_wide : 1;          // 16 bytes, two slots
  uint8_t prefix_bytes : 4;  // from the instruction's first byte to the hole
  uint8_t rex_bytes : 4;     // from its REX byte to the hole
};
static_assert(sizeof(Hole) == 8);

// An instruction of a stencil whose instructions are all known, with holes for numbers: in their place stands what is added
// to the hole's value, or of a jump to a trap the reason.
struct Step : Instruction {
  enum class Way : uint8_t {
    Whole,    // it has no holes
    Numbers,  // it has some, but no slot
    Slot,     // its operand in memory is a slot
    Jump,     // to the target
  };
  RegisterSet live;              // the registers that the rest of the stencil reads, but not the fixed ones
  RegisterSet kept;              // the accumulators that it does not write
  RegisterSet operands;          // the registers that it reads or writes, the unnamed one of shifts, too
  HoleKind disp_hole, imm_hole;  // none: the number is whole
  Way way;
  bool is_plain;  // it cannot become another one unless an operand of it does
};
static_assert(sizeof(Step) == sizeof(Instruction) + 16);

// A slot that a stencil uses: what a hole says of it, without the hole's place.
struct SlotUse {
  uint8_t field;  // of the cell, which has the slot's number: of kSlotFields
  int8_t plus;    // so many slots further
  // Which pins' registers can stand for it, by Pin::kind: 0 to 3, a bit each.
  uint8_t fits : 4;
  bool reads : 1;
  bool writes : 1;
  bool is_wide : 1;      // 16 bytes, two slots
  bool touches_two : 1;  // in memory: perhaps the slot behind, too
  Operand operand : 3;
  bool is_between : 1;  // not where a slot begins
  bool operator==(const SlotUse&) const = default;
};
static_assert(sizeof(SlotUse) == 4);

// Of a pin: 1 for vector registers, and 2 for two slots.
constexpr unsigned pin_kind(bool is_vector, bool is_wide) {
  return (is_vector ? 1u : 0u) | (is_wide ? 2u : 0u);
}

// Where a cell's slot numbers are: bits of its last 8 bytes. In the order of the holes.
struct SlotField {
  uint8_t shift;
  uint32_t mask;
};
inline constexpr SlotField kSlotFields[] = {
    {0, 0xFFFF}, {16, 0xFFFF}, {32, 0xFFFF'FFFF}, {32, 0xFFFF}, {48, 0xFFFF}};
static_assert(static_cast<int>(HoleKind::slot_a) == 0 && static_cast<int>(HoleKind::slot_d) == 1 &&
              static_cast<int>(HoleKind::slot_b) == 2 && static_cast<int>(HoleKind::slot_b_low) == 3 &&
              static_cast<int>(HoleKind::slot_b_high) == 4);

// In Stencil::traits beside what the op's number says (OpTrait): the code may leave the function, for a callee or the op's
// handler; it finds slots by numbers in its cell; b is the offset of an address, less than 2^31.
inline constexpr uint16_t kLeaves = 256, kFindsSlots = 512, kHasOffset = 1024;

struct Stencil {
  uint32_t code;  // in kStencilCode, if it is copied; it goes on behind its end unless it jumped away
  uint32_t first_hole;
  uint16_t size;  // 0: the op has no stencil
  uint16_t hole_count;
  uint16_t first_step;  // in kStepNumbers
  uint16_t first_slot;  // in kSlotUses, in the order of the holes; none if it changes frames
  uint8_t step_count;
  uint8_t slot_count;
  bool has_steps;      // all instructions are known
  HoleKind branch;     // by which it branches to another cell, or none
  uint16_t traits;     // OpTrait, kLeaves …
  RegisterSet writes;  // of the registers that may be pins
  // Of the accumulators, if all instructions are known: what it reads before it writes it, and what it surely writes.
  RegisterSet accs_read, accs_written;
};

// The accumulators: of integers, f64, f32, v128.
inline constexpr Register kAccumulatorRegisters[] = {kRdi, vector_register(0), vector_register(1),
                                                     vector_register(2)};
inline constexpr RegisterSet kAccumulators =
    set_of(kRdi) | set_of(vector_register(0)) | set_of(vector_register(1)) | set_of(vector_register(2));

// No stencil has more.
inline constexpr uint16_t kMostHoles = 32;

// By CellOp.
extern const Stencil kStencils[];
extern const uint8_t kStencilCode[];
extern const Hole kHoles[];
// Each step once; and lists of their numbers, each list once.
extern const Step kSteps[];
extern const uint16_t kStepNumbers[];
// Lists of stencils, each once.
extern const SlotUse kSlotUses[];
// What stencils read relative to their own place: constants of at most 16 bytes, aligned to their size.
extern const uint8_t kConstants[];
extern const size_t kConstantBytes;

}  // namespace godwit::jit
