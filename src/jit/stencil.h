// Stencil: the machine code of one op, with holes; the tables that the build step makes of the stencils' objects.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace godwit::jit {

enum class HoleKind : uint8_t {
#define GODWIT_HOLE(name, width) name,
#include "jit/holes.def"
  constant,    // a distance to the constant at `addend` in kConstants
  local_near,  // a distance of one byte to the place `addend` in this stencil
  local_far,   // the same, of 4 bytes
};

inline constexpr uint8_t kHoleWidths[] = {
#define GODWIT_HOLE(name, width) width,
#include "jit/holes.def"
    4, 1, 4};

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
  Memory,     // it cannot
  Integer,    // a general register
  Vector,     // a vector register
  ScalarMove  // a vector register, if the move becomes one of the whole register
};

struct Hole {
  uint16_t at;  // in the stencil's code, bytes
  HoleKind kind;
  HoleForm form;
  int16_t addend;
  // Of a hole that is a slot's distance:
  Operand operand : 2;
  bool reads : 1;
  bool writes : 1;
  bool is_wide : 1;          // 16 bytes, two slots
  uint8_t prefix_bytes : 4;  // from the instruction's first byte to the hole
  uint8_t rex_bytes : 4;     // from its REX byte to the hole
};
static_assert(sizeof(Hole) == 8);

struct Stencil {
  uint32_t code;  // in kStencilCode; the code goes on behind its end unless it jumped away
  uint16_t size;  // 0: the op has no stencil
  uint16_t hole_count;
  uint32_t first_hole;
};

// No stencil has more.
inline constexpr uint16_t kMostHoles = 32;

// By CellOp.
extern const Stencil kStencils[];
extern const uint8_t kStencilCode[];
extern const Hole kHoles[];
// What stencils read relative to their own place: constants of at most 16 bytes, aligned to their size.
extern const uint8_t kConstants[];
extern const size_t kConstantBytes;

}  // namespace godwit::jit
