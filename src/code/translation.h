// Translation: a function as register code, before it has handlers and an address.
#pragma once

#include <cstdint>
#include <vector>

#include "code/catches.h"
#include "code/cell_op.h"

namespace godwit::code {

// A cell to be. If `is_far`, b is the index of its literal; branches and br_entry hold distances (branch_distance); a `count` holds
// how many cells its loop has, 0 if it stands where the function begins.
struct DraftCell {
  CellOp op;
  uint16_t a;
  uint16_t d;
  uint32_t b;
  uint32_t offset;  // of the wasm instruction, in bytes from the module's start
  bool is_far;
};

struct Translation {
  std::vector<DraftCell> cells;
  std::vector<uint64_t> literals;
  uint32_t header_slot = 0;
  uint32_t frame_slots = 0;
  uint64_t steps = 0;  // of work that it took
  DraftCatches catches;
};

// How often a function is called before it is asked for a faster tier.
inline constexpr uint32_t kCallsUntilHot = 4000;
// How often a loop goes round before that. Making machine code of a cell costs as much as interpreting it some 200
// times: a loop is hot when it has run a few times as much for each cell of its function.
inline constexpr uint32_t kRunsUntilHot = 1024;
constexpr uint32_t rounds_until_hot(uint64_t function_cells, uint64_t loop_cells) {
  const uint64_t rounds = kRunsUntilHot * function_cells / (loop_cells == 0 ? 1 : loop_cells);
  return rounds < UINT32_MAX ? static_cast<uint32_t>(rounds) : UINT32_MAX;
}

// How much more often until the optimising compiler is asked, which takes that much longer.
inline constexpr uint32_t kCallsUntilVeryHot = 32 * kCallsUntilHot;
inline constexpr uint32_t kRoundsUntilVeryHot = 128;  // times rounds_until_hot()

// How many slots of a frame a cell can name.
inline constexpr uint32_t kMaxFrameSlots = 65'535;

// How many cells, and how many literals, a function may become. A branch of two bytes can move 1,000 values, so the
// size of the body limits nothing; and distances in bytes must fit the 32 bits of a cell.
inline constexpr uint32_t kMaxCells = uint32_t{1} << 22;

// How many steps a body's translation may take: instructions, and operands that are looked at, moved, made or dropped.
// Compilers' output takes a few steps per byte; an instruction of two bytes can name a thousand operands.
inline constexpr uint64_t kFreeSteps = uint64_t{1} << 16;
inline constexpr uint64_t kStepsPerByte = 64;

}  // namespace godwit::code
