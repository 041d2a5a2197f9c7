// HoleKind: what is filled into a hole of a stencil.
#pragma once

#include <cstdint>

namespace godwit::jit {

enum class HoleKind : uint8_t {
#define GODWIT_HOLE(name, width) name,
#include "jit/holes.def"
  constant,    // a distance to the constant at `addend` in kConstants
  local_near,  // a distance of one byte to the place `addend` in this stencil
  local_far,   // the same, of 4 bytes
  none,
};

constexpr bool is_slot(HoleKind kind) { return kind >= HoleKind::slot_a && kind <= HoleKind::slot_b_high; }
constexpr bool is_branch(HoleKind kind) { return kind == HoleKind::branch || kind == HoleKind::step_branch; }

}  // namespace godwit::jit
