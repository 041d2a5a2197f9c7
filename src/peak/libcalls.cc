// What compiled code calls. Each takes the calling instance's context; those that trap leave the guest from here: their
// callers' frames are the guest's, and they themselves have nothing to destroy.
#include "peak/libcalls.h"

#include <algorithm>

#include "code/helpers.h"
#include "interp/calls.h"
#include "interp/executor.h"
#include "interp/handlers.h"
#include "peak/leave.h"
#include "platform/guest_entry.h"
#include "platform/stack.h"

namespace godwit::peak {

namespace {

namespace helpers = code::helpers;
using code::Cell;
using runtime::FrameRecord;
using runtime::FuncRecord;
using runtime::NativeThreshold;
using runtime::Slot;
using runtime::Trap;
using runtime::VmContext;
using runtime::VmStore;

// The record of the function in which this stands.
#define GODWIT_FRAME() (static_cast<const FrameRecord*>(__builtin_frame_address(0)))

#define GODWIT_TRAP_IF_ANY(...)                                         \
  do {                                                                  \
    if (const Trap why = (__VA_ARGS__); why != Trap::None) [[unlikely]] \
      leave(ctx, why, GODWIT_FRAME());                                  \
  } while (false)

[[noreturn]] void trap(VmContext* ctx, uint32_t why) { leave(ctx, static_cast<Trap>(why), GODWIT_FRAME()); }

[[noreturn]] void refuse_entry(VmContext* ctx) {
  const bool is_interrupted = ctx->store->interrupt.load(std::memory_order_relaxed) != 0;
  leave(ctx, is_interrupted ? Trap::Interrupted : Trap::StackExhausted, GODWIT_FRAME());
}

const void* handler_of(interp::Handler* handler) { return reinterpret_cast<const void*>(handler); }

// No function that gives away its own frame's record may be gone when that is looked at.
#define GODWIT_NEEDS_CALLER [[clang::not_tail_called]]

// Runs register code from `entry` on, with the arguments in slots, which then hold the results.
GODWIT_NEEDS_CALLER void call_cells(VmContext* ctx, const Cell* entry, VmContext* callee, Slot* slots,
                                    uint32_t params, uint32_t results, const FrameRecord* frame) {
  VmStore& vm = *ctx->store;
  const auto base = (reinterpret_cast<uintptr_t>(vm.stack_top) + 15) & ~uintptr_t{15};
  auto* threshold = reinterpret_cast<NativeThreshold*>(base);
  auto* arguments = reinterpret_cast<Slot*>(threshold + 1);
  const uint64_t needed = sizeof(NativeThreshold) + 8 * uint64_t{std::max(params, results)};
  const auto limit = reinterpret_cast<uintptr_t>(vm.stack_limit);
  if (base > limit || needed > limit - base || platform::current_stack_address() < vm.native_stack_limit)
    leave(ctx, Trap::StackExhausted, frame);
  store_unaligned(threshold->call, Cell{handler_of(&interp::handlers::tail_frame), 0, 0, 0});
  store_unaligned(threshold->leave, Cell{handler_of(&interp::handlers::leave), 0, 0, 0});
  threshold->caller = frame;
  threshold->outer = vm.native_threshold;
  std::copy_n(slots, params, arguments);
  platform::GuestRegisters registers;
  registers.handler = entry->handler;
  registers.ip = entry;
  registers.fp = arguments;
  registers.ctx = callee;
  registers.memory = callee->memory0_base;
  registers.acc = reinterpret_cast<uint64_t>(threshold->leave);
  registers.aux = reinterpret_cast<uint64_t>(ctx);
  registers.store = &vm;
  Slot* const stack_top = vm.stack_top;
  runtime::NativeEntry* const native_entry = vm.native_entry;
  vm.native_threshold = threshold;
  static_cast<const interp::Interpreter&>(vm.store->executor()).run(*vm.store, registers);
  if (vm.trap != static_cast<uint64_t>(Trap::None)) [[unlikely]]
    vm.store->keep_backtrace();
  vm.stack_top = stack_top;
  vm.native_entry = native_entry;
  vm.native_threshold = threshold->outer;
  if (vm.trap != static_cast<uint64_t>(Trap::None)) [[unlikely]]
    pass_on(vm);
  std::copy_n(arguments, results, slots);
}

GODWIT_NEEDS_CALLER void call_host(VmContext* ctx, FuncRecord* record, Slot* slots,
                                   const FrameRecord* frame) {
  VmStore& vm = *ctx->store;
  const auto& host =
      reinterpret_cast<const runtime::HostRecord&>(*record);  // of which it is the first member
  vm.host_call_ip = nullptr;
  vm.host_call_fp = reinterpret_cast<Slot*>(const_cast<FrameRecord*>(frame));
  vm.host_call_ctx = ctx;
  Slot* const stack_top = vm.stack_top;
  // All that the guest holds lies on the stacks now. If the collection is interrupted, so is the guest after this call.
  if (vm.gc_is_due != 0) [[unlikely]]
    (void)vm.store->collect_garbage();
  const bool succeeded = host.function(host.env, ctx, slots);
  vm.stack_top = stack_top;
  // polled here, too: code without loops may call for minutes
  const bool is_interrupted = vm.interrupt.load(std::memory_order_relaxed) != 0;
  if (!succeeded || is_interrupted) [[unlikely]]
    leave(ctx, is_interrupted ? Trap::Interrupted : Trap::HostError, frame);
}

void call_record(VmContext* ctx, FuncRecord* record, Slot* slots, uint32_t params, uint32_t results) {
  if (record->vmctx == nullptr) return call_host(ctx, record, slots, GODWIT_FRAME());
  // there may be code by now: the next call is direct
  const runtime::Module& callee = *record->vmctx->module;
  const uint32_t defined = record->index - callee.declarations.imported_funcs;
  if (const void* code = callee.code->compiled_code(defined))
    record->native.store(code, std::memory_order_release);
  const Cell* entry = record->entry.load(std::memory_order_acquire);
  call_cells(ctx, entry, record->vmctx, slots, params, results, GODWIT_FRAME());
}

void call_own(VmContext* ctx, uint32_t defined, Slot* slots, uint32_t params, uint32_t results) {
  const Cell* entry = ctx->entries[defined].load(std::memory_order_acquire);
  if (entry == nullptr) {
    entry = interp::prepare_own(ctx, defined);
    if (entry == nullptr) leave(ctx, static_cast<Trap>(ctx->store->trap), GODWIT_FRAME());
  }
  call_cells(ctx, entry, ctx, slots, params, results, GODWIT_FRAME());
}

void check_callable(VmContext* ctx, uint32_t found, uint32_t wanted) {
  if (!interp::is_callable_as(ctx, found, wanted)) leave(ctx, Trap::IndirectCallTypeMismatch, GODWIT_FRAME());
}

uint64_t memory_grow(VmContext* ctx, uint32_t memory, uint64_t delta) {
  return helpers::memory_grow(ctx, memory, delta);
}
void memory_fill(VmContext* ctx, uint32_t memory, uint64_t to, uint32_t value, uint64_t size) {
  GODWIT_TRAP_IF_ANY(helpers::memory_fill(ctx, memory, to, static_cast<uint8_t>(value), size));
}
void memory_copy(VmContext* ctx, uint32_t to_memory, uint32_t from_memory, uint64_t to, uint64_t from,
                 uint64_t size) {
  GODWIT_TRAP_IF_ANY(helpers::memory_copy(ctx, to_memory, from_memory, to, from, size));
}
void memory_init(VmContext* ctx, uint32_t data, uint32_t memory, uint64_t to, uint64_t from, uint64_t size) {
  GODWIT_TRAP_IF_ANY(helpers::memory_init(ctx, data, memory, to, from, size));
}
void data_drop(VmContext* ctx, uint32_t data) { helpers::data_drop(ctx, data); }
uint64_t table_grow(VmContext* ctx, uint32_t table, uint64_t delta, uint64_t init) {
  return helpers::table_grow(ctx, table, delta, init);
}
void table_fill(VmContext* ctx, uint32_t table, uint64_t to, uint64_t value, uint64_t size) {
  GODWIT_TRAP_IF_ANY(helpers::table_fill(ctx, table, to, value, size));
}
void table_copy(VmContext* ctx, uint32_t to_table, uint32_t from_table, uint64_t to, uint64_t from,
                uint64_t size) {
  GODWIT_TRAP_IF_ANY(helpers::table_copy(ctx, to_table, from_table, to, from, size));
}
void table_init(VmContext* ctx, uint32_t elem, uint32_t table, uint64_t to, uint64_t from, uint64_t size) {
  GODWIT_TRAP_IF_ANY(helpers::table_init(ctx, elem, table, to, from, size));
}
void elem_drop(VmContext* ctx, uint32_t elem) { helpers::elem_drop(ctx, elem); }
uint64_t ref_func(VmContext* ctx, uint32_t func) { return helpers::ref_func(ctx, func); }

// The instruction that faulted counts as a call of this.
[[noreturn]] void land(platform::Activation& activation) {
  const platform::Fault& fault = activation.fault;
  // one byte on, for that is where a call would return to
  const FrameRecord frame{reinterpret_cast<const FrameRecord*>(fault.frame), fault.pc + 1};
  VmStore& vm = *static_cast<VmStore*>(activation.owner);
  vm.store->set_fault_address(fault.address);
  leave(vm.native_entry->ctx, Trap::MemoryOutOfBounds, &frame);
}

}  // namespace

const runtime::VmLibcalls kLibcalls = {
#define GODWIT_LIBCALL(name, signature) .name = reinterpret_cast<const void*>(&name),
#include "runtime/libcalls.def"
};

void install_fault_landing() { platform::on_compiled_fault(land); }

}  // namespace godwit::peak
