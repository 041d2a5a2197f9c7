// The ways out of compiled code that do not return.
#pragma once

#include "runtime/native_frame.h"
#include "runtime/store.h"

namespace godwit::peak {

// Leaves the guest with the trap `why`, or goes on in register code further out that catches it, if it is an exception.
// @param frame of the function that compiled code has called.
[[noreturn, clang::not_tail_called]] void leave(runtime::VmContext* ctx, runtime::Trap why,
                                                const runtime::FrameRecord* frame);

// The same after register code that compiled code has called was left as the store's vm() says.
[[noreturn]] void pass_on(runtime::VmStore& vm);

}  // namespace godwit::peak
