// The handlers that change frames: entering, returning, calling.
//
// A call hands over: fp = the first argument, acc = the return cell, aux = the caller's context, ctx and mem = the
// callee's (a host function sees the calling instance's). The callee's `enter` writes the frame's header from acc and
// aux. A return restores fp, ctx and mem from the header and the call cell; the first result is in its slot and in the
// accumulator of its type.
#include "code/native.h"
#include "interp/calls.h"
#include "interp/entering.h"
#include "interp/handlers.h"
#include "interp/unwind.h"
#include "platform/trap_handler.h"
#include "runtime/native_frame.h"

namespace godwit::interp {

// The ends of handlers in platform/guest_entry.h.
[[clang::preserve_none]] void leave_guest(GODWIT_HANDLER_PARAMS) __asm__("godwit_leave_guest");
[[clang::preserve_none]] void continue_guest(GODWIT_HANDLER_PARAMS) __asm__("godwit_continue_guest");

uint64_t landing() { return reinterpret_cast<uint64_t>(platform::current_activation()->landing_sp); }

GODWIT_HANDLER void stop(GODWIT_HANDLER_PARAMS) {
  runtime::VmStore& vm = *ctx->store;
  vm.trap = aux;
  vm.trap_ip = ip;
  vm.trap_fp = fp;
  vm.trap_ctx = ctx;
  acc = landing();
  [[clang::musttail]] return leave_guest(ip, fp, ctx, mem, acc, f64_acc, aux, f32_acc, v128_acc);
}

namespace handlers {

using runtime::FuncRecord;

namespace {

[[gnu::always_inline]] inline Slot bits_of(uint32_t value) { return value; }
[[gnu::always_inline]] inline Slot bits_of(uint64_t value) { return value; }
[[gnu::always_inline]] inline Slot bits_of(float value) { return std::bit_cast<uint32_t>(value); }
[[gnu::always_inline]] inline Slot bits_of(double value) { return std::bit_cast<uint64_t>(value); }

// Moves the arguments of a tail call down to the frame's beginning. Ascending: they come from above.
[[gnu::always_inline]] inline void move_arguments(Slot* fp, const Slot* from, uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) {
    fp[i] = from[i];
    asm volatile(""
                 :
                 :
                 : "memory");  // stays a loop: a call of memmove would cost every tail call its registers
  }
}

}  // namespace

// --- Entering -------------------------------------------------------------------------------------------------------

GODWIT_HANDLER void enter(GODWIT_HANDLER_PARAMS) {
  GODWIT_ENTER();
  GODWIT_GO_ON(ip + 1);
}

GODWIT_HANDLER void enter_zeroing(GODWIT_HANDLER_PARAMS) {
  GODWIT_ENTER_ZEROING();
  GODWIT_GO_ON(ip + 1);
}

// A function or loop that is hot: its code may change under it, from this cell on.
GODWIT_HANDLER void ask_for_faster_code(GODWIT_HANDLER_PARAMS) {
  find_faster_code(ctx, ip);
  acc = 0;  // the accumulators hold nothing where functions and loops begin
  f64_acc = 0;
  f32_acc = 0;
  v128_acc = runtime::V128{};
  if (ip->handler == reinterpret_cast<const void*>(&count)) GODWIT_GO_ON(ip + 1);
  GODWIT_GO_ON(ip);
}

GODWIT_HANDLER void count(GODWIT_HANDLER_PARAMS) {
  // threads may share the counter: it need not be exact
  auto& left = const_cast<Cell*>(ip)->b;
  if (--left == 0) [[unlikely]] {
    [[clang::musttail]] return ask_for_faster_code(ip, fp, ctx, mem, acc, f64_acc, aux, f32_acc, v128_acc);
  }
  GODWIT_GO_ON(ip + 1);
}

// --- Returning ------------------------------------------------------------------------------------------------------

#define GODWIT_RETURN()                                                 \
  do {                                                                  \
    const auto* return_cell = reinterpret_cast<const Cell*>(header[0]); \
    ctx = reinterpret_cast<VmContext*>(header[1]);                      \
    fp -= return_cell[-1].a;                                            \
    mem = ctx->memory0_base;                                            \
    GODWIT_GO_ON(return_cell);                                          \
  } while (false)

GODWIT_HANDLER void return_none(GODWIT_HANDLER_PARAMS) {
  const Slot* header = fp + ip->a;
  GODWIT_RETURN();
}

// The result goes to fp[0], which is no part of the header, and to its accumulator.
#define GODWIT_RETURN_HANDLER(name, T, source)                     \
  GODWIT_HANDLER void name(GODWIT_HANDLER_PARAMS) {                \
    Machine m{ip, fp, ctx, mem, acc, f64_acc, f32_acc};            \
    const Slot* header = fp + ip->a;                               \
    T result = code::ops::read<T, code::Source::source>(m, ip->d); \
    m.set_acc(result);                                             \
    fp[0] = bits_of(result);                                       \
    acc = m.int_acc;                                               \
    f64_acc = m.f64_acc;                                           \
    f32_acc = m.f32_acc;                                           \
    GODWIT_RETURN();                                               \
  }
GODWIT_RETURN_HANDLER(return_i32_s, uint32_t, S)
GODWIT_RETURN_HANDLER(return_i32_a, uint32_t, A)
GODWIT_RETURN_HANDLER(return_i32_k, uint32_t, K)
GODWIT_RETURN_HANDLER(return_i64_s, uint64_t, S)
GODWIT_RETURN_HANDLER(return_i64_a, uint64_t, A)
GODWIT_RETURN_HANDLER(return_i64_k, uint64_t, K)
GODWIT_RETURN_HANDLER(return_f32_s, float, S)
GODWIT_RETURN_HANDLER(return_f32_a, float, A)
GODWIT_RETURN_HANDLER(return_f32_k, float, K)
GODWIT_RETURN_HANDLER(return_f64_s, double, S)
GODWIT_RETURN_HANDLER(return_f64_a, double, A)
GODWIT_RETURN_HANDLER(return_f64_k, double, K)

// --- Calling: each finds the entry and the callee's context, then hands over -------------------------------------------

// A call of own function b that has no entry yet: makes the entry and runs the call once more.
GODWIT_HANDLER void prepare_and_retry(GODWIT_HANDLER_PARAMS) {
  if (prepare_own(ctx, ip->b) == nullptr) GODWIT_STOP(ctx->store->trap);
  GODWIT_GO_ON(ip);
}

// Own function b: entry.
#define GODWIT_FIND_OWN()                                                                                 \
  const Cell* entry = ctx->entries[ip->b].load(std::memory_order_acquire);                                \
  if (entry == nullptr) [[unlikely]] {                                                                    \
    [[clang::musttail]] return prepare_and_retry(ip, fp, ctx, mem, acc, f64_acc, aux, f32_acc, v128_acc); \
  }                                                                                                       \
  VmContext* callee_ctx = ctx

// The function of `record`: entry, callee_ctx.
#define GODWIT_FIND_RECORD()                                         \
  const Cell* entry = record->entry.load(std::memory_order_acquire); \
  VmContext* callee_ctx = record->vmctx != nullptr ? record->vmctx : ctx

// The element `index` of table `table_index`, of canonical type b or a subtype: record.
#define GODWIT_FIND_ELEMENT(index, table_index)                                  \
  const runtime::VmTable& table = *ctx->tables[table_index];                     \
  uint32_t element = (index);                                                    \
  if (element >= table.size) [[unlikely]]                                        \
    GODWIT_STOP(Trap::UndefinedElement);                                         \
  const auto* record = reinterpret_cast<const FuncRecord*>(table.base[element]); \
  if (record == nullptr) [[unlikely]]                                            \
    GODWIT_STOP(Trap::UninitializedElement);                                     \
  if (record->type != ip->b) [[unlikely]] {                                      \
    bool is_callable = is_callable_as(ctx, record->type, ip->b);                 \
    acc = 0; /* what calls destroy anyway is not to be saved here */             \
    f64_acc = 0;                                                                 \
    f32_acc = 0;                                                                 \
    v128_acc = runtime::V128{};                                                  \
    if (!is_callable) GODWIT_STOP(Trap::IndirectCallTypeMismatch);               \
  }

#define GODWIT_FIND_REFERENCE(bits)                               \
  const auto* record = reinterpret_cast<const FuncRecord*>(bits); \
  if (record == nullptr) [[unlikely]]                             \
  GODWIT_STOP(Trap::NullFunctionReference)

// The accumulators hold nothing that a callee reads.
#define GODWIT_CALL()                         \
  do {                                        \
    acc = reinterpret_cast<uint64_t>(ip + 1); \
    aux = reinterpret_cast<uint64_t>(ctx);    \
    fp += ip->a;                              \
    ctx = callee_ctx;                         \
    mem = ctx->memory0_base;                  \
    GODWIT_GO_ON(entry);                      \
  } while (false)

// The callee takes this frame's place: it will return where this function would have.
#define GODWIT_TAIL_CALL()                             \
  do {                                                 \
    const Cell& tail_frame_cell = ip[1];               \
    acc = fp[tail_frame_cell.a];                       \
    aux = fp[tail_frame_cell.a + 1];                   \
    move_arguments(fp, fp + ip->a, tail_frame_cell.b); \
    ctx = callee_ctx;                                  \
    mem = ctx->memory0_base;                           \
    GODWIT_GO_ON(entry);                               \
  } while (false)

GODWIT_HANDLER void call(GODWIT_HANDLER_PARAMS) {
  GODWIT_FIND_OWN();
  acc = reinterpret_cast<uint64_t>(ip + 1);
  aux = reinterpret_cast<uint64_t>(callee_ctx);
  fp += ip->a;
  GODWIT_GO_ON(entry);
}
GODWIT_HANDLER void return_call(GODWIT_HANDLER_PARAMS) {
  GODWIT_FIND_OWN();
  GODWIT_TAIL_CALL();
}
GODWIT_HANDLER void call_imported(GODWIT_HANDLER_PARAMS) {
  const FuncRecord* record = ctx->imported_funcs[ip->b];
  GODWIT_FIND_RECORD();
  GODWIT_CALL();
}
GODWIT_HANDLER void return_call_imported(GODWIT_HANDLER_PARAMS) {
  const FuncRecord* record = ctx->imported_funcs[ip->b];
  GODWIT_FIND_RECORD();
  GODWIT_TAIL_CALL();
}
GODWIT_HANDLER void call_indirect_s(GODWIT_HANDLER_PARAMS) {
  GODWIT_FIND_ELEMENT(static_cast<uint32_t>(fp[ip->d]), 0)
  GODWIT_FIND_RECORD();
  GODWIT_CALL();
}
GODWIT_HANDLER void call_indirect_a(GODWIT_HANDLER_PARAMS) {
  GODWIT_FIND_ELEMENT(static_cast<uint32_t>(acc), ip->d)
  GODWIT_FIND_RECORD();
  GODWIT_CALL();
}
GODWIT_HANDLER void return_call_indirect_s(GODWIT_HANDLER_PARAMS) {
  GODWIT_FIND_ELEMENT(static_cast<uint32_t>(fp[ip->d]), 0)
  GODWIT_FIND_RECORD();
  GODWIT_TAIL_CALL();
}
GODWIT_HANDLER void return_call_indirect_a(GODWIT_HANDLER_PARAMS) {
  GODWIT_FIND_ELEMENT(static_cast<uint32_t>(acc), ip->d)
  GODWIT_FIND_RECORD();
  GODWIT_TAIL_CALL();
}
GODWIT_HANDLER void call_ref_s(GODWIT_HANDLER_PARAMS) {
  GODWIT_FIND_REFERENCE(fp[ip->d]);
  GODWIT_FIND_RECORD();
  GODWIT_CALL();
}
GODWIT_HANDLER void call_ref_a(GODWIT_HANDLER_PARAMS) {
  GODWIT_FIND_REFERENCE(acc);
  GODWIT_FIND_RECORD();
  GODWIT_CALL();
}
GODWIT_HANDLER void return_call_ref_s(GODWIT_HANDLER_PARAMS) {
  GODWIT_FIND_REFERENCE(fp[ip->d]);
  GODWIT_FIND_RECORD();
  GODWIT_TAIL_CALL();
}
GODWIT_HANDLER void return_call_ref_a(GODWIT_HANDLER_PARAMS) {
  GODWIT_FIND_REFERENCE(acc);
  GODWIT_FIND_RECORD();
  GODWIT_TAIL_CALL();
}
// Data of the cell before it; nothing goes on here.
GODWIT_HANDLER void tail_frame(GODWIT_HANDLER_PARAMS) { GODWIT_STOP(Trap::Unreachable); }

// --- Landing after a throw --------------------------------------------------------------------------------------------

// What C++ functions destroy is not to be saved across them.
#define GODWIT_FORGET_ACCS()    \
  do {                          \
    acc = 0;                    \
    f64_acc = 0;                \
    f32_acc = 0;                \
    v128_acc = runtime::V128{}; \
  } while (false)

// Goes on in the frame that the unwinder left in the store. Callees of that frame may have been called by machine code:
// their return addresses go.
#define GODWIT_LAND(target)                                                                            \
  do {                                                                                                 \
    const runtime::VmStore& vm = *ctx->store;                                                          \
    ip = (target);                                                                                     \
    fp = vm.trap_fp;                                                                                   \
    ctx = vm.trap_ctx;                                                                                 \
    mem = ctx->memory0_base;                                                                           \
    acc = landing();                                                                                   \
    [[clang::musttail]] return continue_guest(ip, fp, ctx, mem, acc, f64_acc, aux, f32_acc, v128_acc); \
  } while (false)

// --- Entries of records -----------------------------------------------------------------------------------------------

// b = the function among the module's own. From the second call on the record leads straight to the function.
GODWIT_HANDLER void record_entry(GODWIT_HANDLER_PARAMS) {
  const Cell* entry = ctx->entries[ip->b].load(std::memory_order_acquire);
  if (entry == nullptr) {
    entry = prepare_own(ctx, ip->b);
    if (entry == nullptr) {
      GODWIT_BACK_TO_CALL();
      GODWIT_STOP(ctx->store->trap);
    }
  }
  wasm_record_of(ip)->func.entry.store(entry, std::memory_order_release);
  GODWIT_GO_ON(entry);
}

GODWIT_HANDLER void host_entry(GODWIT_HANDLER_PARAMS) {
  const auto* return_cell = reinterpret_cast<const Cell*>(acc);
  auto* return_ctx = reinterpret_cast<VmContext*>(aux);
  bool succeeded = call_host(ip, fp, ctx, return_cell, return_ctx);
  acc = fp[0];
  f64_acc = load_unaligned<double>(fp);
  f32_acc = load_unaligned<float>(fp);
  v128_acc = runtime::V128{};
  fp -= return_cell[-1].a;
  ctx = return_ctx;
  // polled here, too: code without loops may call for minutes
  bool is_interrupted = ctx->store->interrupt.load(std::memory_order_relaxed) != 0;
  if (!succeeded || is_interrupted) [[unlikely]] {
    ip = return_cell - 1;
    if (!succeeded && !is_interrupted) {
      // an exception may be caught here
      const Cell* target = unwind_host_error(ip, fp, ctx);
      GODWIT_FORGET_ACCS();
      if (target != nullptr) GODWIT_LAND(target);
    }
    GODWIT_STOP(succeeded ? Trap::Interrupted : Trap::HostError);
  }
  mem = ctx->memory0_base;
  GODWIT_GO_ON(return_cell);
}

// What is left to do where compiled code has returned with something pending. acc: the header of its frame.
GODWIT_HANDLER void native_left(GODWIT_HANDLER_PARAMS) {
  runtime::VmStore& left_store = *ctx->store;
  const Slot* header = reinterpret_cast<const Slot*>(acc);
  const Slot return_cell = header[0], return_ctx = header[1];  // a tail call's arguments take their place
  const Left left = leave_compiled(left_store, fp, header);
  GODWIT_FORGET_ACCS();
  if (left.target == nullptr) {
    ip = left_store.trap_ip;
    fp = left_store.trap_fp;
    ctx = left_store.trap_ctx;
    GODWIT_STOP(left_store.trap);
  }
  if (!left.is_tail_call) GODWIT_LAND(left.target);
  acc = return_cell;
  aux = return_ctx;
  ctx = left_store.trap_ctx;
  mem = ctx->memory0_base;
  GODWIT_GO_ON(left.target);
}

#define GODWIT_RETURN_FROM_NATIVE()                                                                   \
  do {                                                                                                \
    vm.native_entry = entry.outer;                                                                    \
    vm.stack_top = entry.outer_stack_top;                                                             \
    if (vm.pending_exception != 0) [[unlikely]] {                                                     \
      acc = reinterpret_cast<uint64_t>(header);                                                       \
      [[clang::musttail]] return native_left(ip, fp, ctx, mem, acc, f64_acc, aux, f32_acc, v128_acc); \
    }                                                                                                 \
    acc = fp[0];                                                                                      \
    f64_acc = load_unaligned<double>(fp);                                                             \
    f32_acc = load_unaligned<float>(fp);                                                              \
    v128_acc = runtime::V128{};                                                                       \
    GODWIT_RETURN();                                                                                  \
  } while (false)

// A compiled function: the thunk takes its arguments out of the frame and leaves its results there.
GODWIT_HANDLER void native_entry(GODWIT_HANDLER_PARAMS) {
  runtime::VmStore& vm = *ctx->store;
  Slot* header = fp + ip->a;
  if (header + runtime::kFrameHeaderSlots > vm.stack_limit) [[unlikely]] {
    GODWIT_BACK_TO_CALL();
    GODWIT_STOP(Trap::StackExhausted);
  }
  header[0] = acc;
  header[1] = aux;
  runtime::NativeEntry entry{fp, header, ctx, vm.native_entry, vm.stack_top};
  vm.native_entry = &entry;
  vm.stack_top = header + runtime::kFrameHeaderSlots;
  const code::CompiledFunctions::Code& code = reinterpret_cast<const code::CompiledEntry*>(ip)->code;
  using Thunk = void(const void* function, VmContext*, Slot*);
  reinterpret_cast<Thunk*>(reinterpret_cast<uintptr_t>(code.thunk))(code.function, ctx, fp);
  GODWIT_RETURN_FROM_NATIVE();
}

// What the word before the cell leads to has taken the place of the function that began here.
GODWIT_HANDLER void moved_entry(GODWIT_HANDLER_PARAMS) {
  GODWIT_GO_ON(*reinterpret_cast<const Cell* const*>(ip - 1));
}

// Compiled code takes over this frame, up to the function's end.
GODWIT_HANDLER void native_loop(GODWIT_HANDLER_PARAMS) {
  runtime::VmStore& vm = *ctx->store;
  const runtime::CodeSource::LoopCode loop = loop_code(ctx, ip);
  Slot* header = fp + loop.header_slot;
  runtime::NativeEntry entry{fp, header, ctx, vm.native_entry, vm.stack_top};
  vm.native_entry = &entry;
  vm.stack_top = header + runtime::kFrameHeaderSlots;
  using Loop = void(VmContext*, Slot*);
  reinterpret_cast<Loop*>(reinterpret_cast<uintptr_t>(loop.code))(ctx, fp);
  GODWIT_RETURN_FROM_NATIVE();
}

// --- Throwing ---------------------------------------------------------------------------------------------------------

GODWIT_HANDLER void throw_tag(GODWIT_HANDLER_PARAMS) {
  const Cell* target = unwind_tag(ip, fp, ctx);
  GODWIT_FORGET_ACCS();
  if (target == nullptr) [[unlikely]]
    GODWIT_STOP(ctx->store->trap);
  GODWIT_LAND(target);
}

GODWIT_HANDLER void throw_reference(GODWIT_HANDLER_PARAMS) {
  const Cell* target = unwind_reference(ip, fp, ctx);
  GODWIT_FORGET_ACCS();
  if (target == nullptr) [[unlikely]]
    GODWIT_STOP(ctx->store->trap);
  GODWIT_LAND(target);
}

// Returns to whoever entered the guest.
GODWIT_HANDLER void leave(GODWIT_HANDLER_PARAMS) {
  acc = landing();
  [[clang::musttail]] return leave_guest(ip, fp, ctx, mem, acc, f64_acc, aux, f32_acc, v128_acc);
}

}  // namespace handlers
}  // namespace godwit::interp
