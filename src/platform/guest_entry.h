// The way into guest code and out of it again, whether it returns or faults.
#pragma once

#include <cstddef>
#include <cstdint>

#include "platform/trap_handler.h"

namespace godwit::platform {

// What the first handler receives, in the argument registers of the `preserve_none` calling convention:
//
//   offset  member   x86-64  aarch64
//        0  handler  (called)
//        8  ip       r12     x20
//       16  fp       r13     x21
//       24  ctx      r14     x22
//       32  memory   r15     x23
//       40  acc      rdi     x24
//       48  facc     xmm0    d0
//       56  aux      rsi     x25
//       64  store    rbp     x29
//
// so a handler is declared [[clang::preserve_none]] void(const Cell* ip, Slot* fp, VmContext* ctx, uint8_t* memory,
// uint64_t acc, double facc, uint64_t aux). Handlers pass rbp and x29 on as they are: for machine code that knows of them.
struct GuestRegisters {
  const void* handler = nullptr;
  const void* ip = nullptr;
  void* fp = nullptr;
  void* ctx = nullptr;
  void* memory = nullptr;
  uint64_t acc = 0;
  double facc = 0;
  uint64_t aux = 0;
  void* store = nullptr;
};

enum class GuestExit : uint8_t {
  Returned,  // the last handler returned
  Faulted,   // activation.fault says what happened; handlers' native frames are gone
};

// Two ends of handlers, in assembly, with a handler's arguments; acc is the activation's landing_sp. What guest code has
// left on the native stack is dropped: godwit_leave_guest then returns to whoever entered the guest, and
// godwit_continue_guest goes on at the address that ip points to.

// Calls registers.handler with floating-point state as the guest expects it (round to nearest, no flush to zero,
// exceptions masked) and returns when a handler returns or faults. `activation` is current meanwhile; entries nest.
// The thread must have been prepared (prepare_thread_for_guests). Guest code must hold nothing on the native stack
// that needs destruction at a point where it can fault.
GuestExit enter_guest(const GuestRegisters& registers, Activation& activation);

// For functions that compiled guest code calls, which have nothing to destroy. What lies on the native stack above the
// current activation goes without a word: frames of guest code, and the caller's.
// Lets enter_guest() return GuestExit::Returned.
[[noreturn]] void leave_guest();
// Calls registers.handler in the place of the handler that enter_guest() has called.
[[noreturn]] void resume_guest(const GuestRegisters& registers);

}  // namespace godwit::platform
