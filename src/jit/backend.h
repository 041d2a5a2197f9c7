// What the compiler asks of a processor's part of it: src/jit/<processor>/, of which CMake takes one.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "code/cell_op.h"
#include "jit/shape.h"
#include "platform/cpu.h"

namespace godwit::jit {

// The machine code of one function, which may lie anywhere once its absolutes are filled in.
struct MachineCode {
  // A cell that control reaches from elsewhere, and where in the code it leads.
  struct WayIn {
    uint32_t cell;
    uint32_t place;
  };
  // A place of 8 bytes that holds the address of a place in the code.
  struct Absolute {
    uint32_t at;
    uint32_t place;
  };
  std::span<uint8_t> bytes;  // none: the function is too large for jumps to reach
  // Where each cell's code begins, and in the end where that of the last one ends.
  std::span<const uint32_t> places;
  std::span<const WayIn> ways_in;
  std::span<const Absolute> absolutes;
  // Places of 4 bytes that hold the distance from their end to the time that the code looks at (code::Look::near).
  std::span<const uint32_t> time_reads = {};
  // What may take the place of the first 8 bytes while others run them: then calls that the code makes of itself go where the
  // first cell leads. 0: there are none.
  uint64_t moved_beginning = 0;
};

// Whether code looks where Shape says so.
extern const bool kHasLooks;

// Makes the code of one function after another, in memory that it keeps.
class CodeMaker {
 public:
  virtual ~CodeMaker() = default;
  // What it returns lasts until the next.
  virtual MachineCode make(const Shape& shape) = 0;
};

// @param stop  where code goes to leave the guest with a trap.
std::unique_ptr<CodeMaker> make_code_maker(code::HandlerTable handlers, const void* stop);

// The op can be machine code, with these numbers in the cell.
bool has_code(code::CellOp op, const code::Cell& cell);
// The hole of the op's branches, or HoleKind::none: no op has two kinds of them.
HoleKind branch_of(code::CellOp op);

// Why code as it is made here does not run on a processor, or an empty string.
std::string obstacle_of(const platform::CpuFeatures& features);

}  // namespace godwit::jit
