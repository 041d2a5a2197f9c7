// Stencil: the machine code of one op, with holes; the tables that the build step makes of the stencils' objects.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "code/cell_op.h"
#include "jit/hole_kind.h"

namespace godwit::jit {

// How a hole is filled: which field of an instruction it is, and what that holds.
enum class HoleForm : uint8_t {
  Scaled4,   // an offset of an address, a quarter of the value, below 4096
  Scaled8,   // an eighth
  Move16,    // of movz: the value, below 2^16
  Signed16,  // of movz, which becomes movn for a negative one
  MoveLow,   // of movk: the low 16 bits
  MoveHigh,  // of movz: the 16 bits above them; the value is below 2^32
  Jump26,    // a distance in instructions
  Branch19,  // the same, of a conditional branch
  Near19,    // the same, of a load
  Near21,    // a distance in bytes
};

struct Hole {
  uint16_t at;  // in the stencil's code, bytes
  HoleKind kind;
  HoleForm form;
  int32_t addend;
};
static_assert(sizeof(Hole) == 8);

struct Stencil {
  uint32_t code;  // in kStencilCode; the code goes on behind its end unless it jumped away
  uint16_t size;
  uint16_t hole_count;
  uint32_t first_hole;
  bool exists;  // else the op has no stencil
};

// By CellOp.
extern const Stencil kStencils[];
extern const uint8_t kStencilCode[];
extern const Hole kHoles[];
// What stencils read relative to their own place: constants of at most 16 bytes, aligned to their size.
extern const uint8_t kConstants[];
extern const size_t kConstantBytes;

inline const Stencil& stencil_of(code::CellOp op) { return kStencils[static_cast<size_t>(op)]; }
inline std::span<const Hole> holes_of(code::CellOp op) {
  const Stencil& stencil = stencil_of(op);
  return {kHoles + stencil.first_hole, stencil.hole_count};
}

}  // namespace godwit::jit
