// The ways out of compiled code that do not return.
#include "peak/leave.h"

#include "platform/guest_entry.h"

namespace godwit::peak {

using runtime::VmStore;

void pass_on(VmStore& vm) {
  vm.store->keep_backtrace();  // while all frames are there
  platform::leave_guest();
}

void leave(runtime::VmContext* ctx, runtime::Trap why, const runtime::FrameRecord* frame) {
  VmStore& vm = *ctx->store;
  vm.trap = static_cast<uint64_t>(why);
  vm.trap_ip = nullptr;
  vm.trap_fp = reinterpret_cast<runtime::Slot*>(const_cast<runtime::FrameRecord*>(frame));
  vm.trap_ctx = ctx;
  pass_on(vm);
}

}  // namespace godwit::peak
