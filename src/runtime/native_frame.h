// Frames of compiled code on the native stack, and the places where register code and compiled code call each other, as
// backtraces and unwinding see them.
#pragma once

#include <cstdint>

#include "runtime/vm.h"

namespace godwit::runtime {

// What a function that keeps a frame pointer puts on the stack: where its caller's record lies, and where in its caller it
// returns to. __builtin_frame_address(0) is the address of the current function's.
struct FrameRecord {
  const FrameRecord* outer;
  uintptr_t return_address;
};

// A place where compiled code was entered from register code; lies on the native stack, further out than all frames of
// that code. What compiled code needs of the frame stack begins at VmStore::stack_top.
//
//   frame stack:  … caller's frame | arguments, results | return cell, caller's context | stack_top
//                                  fp                   header
struct NativeEntry {
  Slot* fp;
  Slot* header;
  VmContext* ctx;  // what was entered with
  NativeEntry* outer;
  Slot* outer_stack_top;
};

// A place where register code was entered from compiled code; lies on the frame stack below the arguments.
struct NativeThreshold {
  static constexpr size_t kCellBytes = 16;
  alignas(kCellBytes) uint8_t call[kCellBytes];
  uint8_t leave[kCellBytes];  // where the outermost frame returns to
  const FrameRecord* caller;  // of what compiled code has called
  NativeThreshold* outer;
};
static_assert(sizeof(NativeThreshold) == 48);

}  // namespace godwit::runtime
