// The ways out of compiled code that do not return.
#include "peak/leave.h"

#include "code/cell.h"
#include "interp/unwind.h"
#include "platform/guest_entry.h"

namespace godwit::peak {

using runtime::VmStore;

namespace {

// Goes on at a cell that catches, in the frame that the unwinder left in the store.
[[noreturn]] void resume_at(VmStore& vm, const code::Cell* target) {
  vm.store->forget_backtrace();
  const runtime::NativeEntry& entry = *vm.native_entry;
  vm.stack_top = entry.outer_stack_top;
  vm.native_entry = entry.outer;
  platform::GuestRegisters registers;
  registers.handler = target->handler;
  registers.ip = target;
  registers.fp = vm.trap_fp;
  registers.ctx = vm.trap_ctx;
  registers.memory = vm.trap_ctx->memory0_base;
  registers.store = &vm;
  platform::resume_guest(registers);
}

}  // namespace

void pass_on(VmStore& vm) {
  // while all frames are there
  vm.store->keep_backtrace();
  if (const code::Cell* target = interp::unwind_past_compiled(vm)) resume_at(vm, target);
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
