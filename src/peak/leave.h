// The ways out of compiled code that do not return.
#pragma once

#include "runtime/native_frame.h"
#include "runtime/store.h"

namespace godwit::peak {

// Leaves the guest with the trap `why`.
// @param frame of the function that compiled code has called.
[[noreturn, clang::not_tail_called]] void leave(runtime::VmContext* ctx, runtime::Trap why,
                                                const runtime::FrameRecord* frame);

// The same with the trap that register code, which compiled code has called, has left in the store's vm().
[[noreturn]] void pass_on(runtime::VmStore& vm);

}  // namespace godwit::peak
