// What compiled code calls. Each takes the calling instance's context; those that trap leave the guest from here: their
// callers' frames are the guest's, and they themselves have nothing to destroy.
#include "peak/libcalls.h"

#include <algorithm>

#include "code/helpers.h"
#include "code/helpers_gc.h"
#include "interp/calls.h"
#include "interp/executor.h"
#include "interp/handlers.h"
#include "peak/leave.h"
#include "platform/guest_entry.h"
#include "platform/stack.h"
#include "runtime/exception.h"
#include "runtime/gc_heap.h"

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

// The exception that the host function's Error carries, if that is one that guests of this store can catch; else null.
runtime::Ref exception_of_host(runtime::Store& store) {
  if (!store.pending_error()) return 0;
  const auto caught = runtime::caught_in(*store.pending_error());
  return caught && caught->store() == &store ? caught->ref() : 0;
}

// After register code was left as `vm` says: compiled code finds exceptions pending. An Error of the host's stays as it
// is until somebody catches what it carries.
void throw_or_leave(VmStore& vm) {
  if (vm.trap == static_cast<uint64_t>(Trap::HostError)) {
    vm.pending_exception = exception_of_host(*vm.store);
    if (vm.pending_exception == 0) pass_on(vm);
  } else if (vm.trap != static_cast<uint64_t>(Trap::UncaughtException)) {
    pass_on(vm);
  }
  vm.trap = static_cast<uint64_t>(Trap::None);
}

[[gnu::noinline]] GODWIT_NEEDS_CALLER void note_throw(VmStore& vm, const FrameRecord* frame) {
  vm.store->note_throw(frame);
}

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
    return throw_or_leave(vm);
  std::copy_n(arguments, results, slots);
}

// After a host function has raised an Error, or if the guest is interrupted.
GODWIT_NEEDS_CALLER void end_host_call_at(VmContext* ctx, bool is_interrupted, const FrameRecord* frame) {
  VmStore& vm = *ctx->store;
  if (!is_interrupted) vm.pending_exception = exception_of_host(*vm.store);
  if (vm.pending_exception == 0) leave(ctx, is_interrupted ? Trap::Interrupted : Trap::HostError, frame);
  vm.store->note_throw(frame);
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
  if (succeeded && !is_interrupted) [[likely]]
    return;
  end_host_call_at(ctx, is_interrupted, frame);
}

// The frame is of the embedder's code, to which compiled code has jumped: it has nothing to destroy any more.
void end_host_call(VmContext* ctx, uint32_t has_failed) {
  const VmStore& vm = *ctx->store;
  const bool is_interrupted = vm.interrupt.load(std::memory_order_relaxed) != 0;
  if (has_failed != 0 || is_interrupted)
    end_host_call_at(ctx, is_interrupted, reinterpret_cast<const FrameRecord*>(vm.host_call_fp));
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

void throw_tag(VmContext* ctx, uint32_t tag, Slot* slots) {
  VmStore& vm = *ctx->store;
  const runtime::GcAllocation made = runtime::make_exception(*vm.store, *ctx->tags[tag], slots, vm.stack_top);
  if (made.trap != Trap::None) leave(ctx, made.trap, GODWIT_FRAME());
  vm.pending_exception = made.object;
  note_throw(vm, GODWIT_FRAME());
}
void throw_ref(VmContext* ctx, uint64_t exception) {
  if (exception == 0) leave(ctx, Trap::NullExceptionReference, GODWIT_FRAME());
  ctx->store->pending_exception = exception;
  note_throw(*ctx->store, GODWIT_FRAME());
}
uint64_t catch_exception(VmContext* ctx, uint32_t tag, Slot* slots) {
  constexpr uint32_t kAnyTag = ~uint32_t{0};
  VmStore& vm = *ctx->store;
  const runtime::Ref exception = vm.pending_exception;
  if (tag != kAnyTag) {
    if (runtime::tag_of(*vm.store, exception) != ctx->tags[tag]) return 0;
    runtime::read_payload(*vm.store, exception, slots);
  }
  vm.pending_exception = 0;
  vm.store->take_pending_error();
  vm.store->forget_backtrace();
  return exception;
}

GODWIT_NEEDS_CALLER void request(VmContext* ctx, const runtime::Store::TailCall& call, const Slot* slots,
                                 const FrameRecord* frame) {
  VmStore& vm = *ctx->store;
  Slot* const arguments = runtime::Store::arguments_on(vm.stack_top);
  if (arguments + call.param_slots > vm.stack_limit) leave(ctx, Trap::StackExhausted, frame);
  std::copy_n(slots, call.param_slots, arguments);
  vm.store->tail_call() = call;
  vm.pending_exception = runtime::kTailCallRequested;
}
void request_record(VmContext* ctx, FuncRecord* record, const Slot* slots, uint32_t params) {
  request(ctx, {.record = record, .ctx = ctx, .param_slots = params}, slots, GODWIT_FRAME());
}
void request_own(VmContext* ctx, uint32_t defined, const Slot* slots, uint32_t params) {
  request(ctx, {.record = nullptr, .ctx = ctx, .defined = defined, .param_slots = params}, slots,
          GODWIT_FRAME());
}

// One after the other, until one returns, or throws.
void finish_request(VmContext* ctx, Slot* slots, uint32_t results) {
  VmStore& vm = *ctx->store;
  if (vm.pending_exception != runtime::kTailCallRequested) return;
  Slot* const stack_top = vm.stack_top;
  Slot* const arguments = runtime::Store::arguments_on(stack_top);
  while (vm.pending_exception == runtime::kTailCallRequested) {
    const runtime::Store::TailCall call = vm.store->tail_call();
    vm.pending_exception = 0;
    if (vm.interrupt.load(std::memory_order_relaxed) != 0) leave(ctx, Trap::Interrupted, GODWIT_FRAME());
    const uint32_t width = std::max(call.param_slots, results);
    if (arguments + width > vm.stack_limit) leave(ctx, Trap::StackExhausted, GODWIT_FRAME());
    if (call.record != nullptr && call.record->vmctx == nullptr) {
      vm.stack_top = arguments + width;
      call_host(call.ctx, call.record, arguments, GODWIT_FRAME());
      vm.stack_top = stack_top;
      continue;
    }
    VmContext* const callee = call.record != nullptr ? call.record->vmctx : call.ctx;
    const uint32_t defined = call.record != nullptr
                                 ? call.record->index - callee->module->declarations.imported_funcs
                                 : call.defined;
    if (const auto code = callee->module->code->compiled_call(defined); code.function != nullptr) {
      using Thunk = void(const void* function, VmContext*, Slot*);
      reinterpret_cast<Thunk*>(reinterpret_cast<uintptr_t>(code.thunk))(code.function, callee, arguments);
      continue;
    }
    if (call.record != nullptr) {
      const Cell* entry = call.record->entry.load(std::memory_order_acquire);
      call_cells(call.ctx, entry, callee, arguments, call.param_slots, results, GODWIT_FRAME());
    } else {
      call_own(call.ctx, defined, arguments, call.param_slots, results);
    }
  }
  std::copy_n(arguments, results, slots);
}

GODWIT_NEEDS_CALLER uint32_t wait_outcome(VmContext* ctx, helpers::AtomicOutcome outcome,
                                          const FrameRecord* frame) {
  if (outcome.trap != Trap::None) leave(ctx, outcome.trap, frame);
  return outcome.value;
}
uint32_t atomic_wait32(VmContext* ctx, uint32_t memory, const uint32_t* place, uint32_t expected,
                       uint64_t timeout_ns) {
  const auto timeout = static_cast<int64_t>(timeout_ns);
  return wait_outcome(ctx, helpers::atomic_wait(ctx, memory, place, expected, timeout), GODWIT_FRAME());
}
uint32_t atomic_wait64(VmContext* ctx, uint32_t memory, const uint64_t* place, uint64_t expected,
                       uint64_t timeout_ns) {
  const auto timeout = static_cast<int64_t>(timeout_ns);
  return wait_outcome(ctx, helpers::atomic_wait(ctx, memory, place, expected, timeout), GODWIT_FRAME());
}
uint32_t atomic_notify(VmContext* ctx, uint32_t memory, const void* place, uint32_t count) {
  return helpers::atomic_notify(ctx, memory, place, count);
}

uint64_t gc_allocate(VmContext* ctx, uint32_t header, uint64_t size_bytes) {
  const runtime::GcAllocation made = helpers::gc_allocate(ctx, ctx->store->stack_top, header, size_bytes);
  if (made.trap != Trap::None) leave(ctx, made.trap, GODWIT_FRAME());
  return made.object;
}
uint32_t gc_func_word(VmContext* ctx, uint64_t func) { return helpers::gc_func_word(ctx, func); }
uint32_t gc_is_func_of(VmContext* ctx, uint64_t func, uint32_t wanted) {
  return static_cast<uint32_t>(helpers::gc_is_func_of(ctx, func, wanted));
}

// The helpers want their operands on the frame stack.
using ArrayHelper = Trap(VmContext*, Slot*, uint64_t, uint64_t);
GODWIT_NEEDS_CALLER void on_frame_stack(VmContext* ctx, ArrayHelper* helper, Slot* slots, uint32_t count,
                                        uint64_t type, uint64_t more, const FrameRecord* frame) {
  VmStore& vm = *ctx->store;
  Slot* const at = vm.stack_top;
  if (at + count > vm.stack_limit) leave(ctx, Trap::StackExhausted, frame);
  std::copy_n(slots, count, at);
  if (const Trap why = helper(ctx, at, type, more); why != Trap::None) leave(ctx, why, frame);
  slots[0] = at[0];
}
#define GODWIT_ARRAY_LIBCALL(name)                                                       \
  void name(VmContext* ctx, Slot* slots, uint32_t count, uint64_t type, uint64_t more) { \
    on_frame_stack(ctx, helpers::name, slots, count, type, more, GODWIT_FRAME());        \
  }
GODWIT_ARRAY_LIBCALL(array_new)
GODWIT_ARRAY_LIBCALL(array_new_default)
GODWIT_ARRAY_LIBCALL(array_new_fixed)
GODWIT_ARRAY_LIBCALL(array_new_data)
GODWIT_ARRAY_LIBCALL(array_new_elem)
GODWIT_ARRAY_LIBCALL(array_fill)
GODWIT_ARRAY_LIBCALL(array_copy)
GODWIT_ARRAY_LIBCALL(array_init_data)
GODWIT_ARRAY_LIBCALL(array_init_elem)

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
