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

// An instruction of a stencil whose instructions are all known: what Instruction says, with holes for numbers.
struct Step {
  uint8_t prefix, map, opcode;
  Register reg, rm, base, index;
  uint8_t scale;
  uint8_t imm_bytes;
  HoleKind disp_hole, imm_hole;  // none: the number is whole
  uint16_t traits;
  int32_t disp, imm;  // or what is added to the hole's value; of a jump to a trap, the reason
  RegisterSet live;   // the registers that the rest of the stencil reads, but not the fixed ones
  RegisterSet kept;   // the accumulators that it does not write
};

struct Stencil {
  uint32_t code;  // in kStencilCode; the code goes on behind its end unless it jumped away
  uint16_t size;  // 0: the op has no stencil
  uint16_t hole_count;
  uint32_t first_hole;
  uint32_t first_step;  // in kStepNumbers
  uint16_t step_count;
  bool has_steps;      // all instructions are known
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
// Each step once, and by stencil their numbers.
extern const Step kSteps[];
extern const uint16_t kStepNumbers[];
// What stencils read relative to their own place: constants of at most 16 bytes, aligned to their size.
extern const uint8_t kConstants[];
extern const size_t kConstantBytes;

}  // namespace godwit::jit
