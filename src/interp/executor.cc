// Entering guest code and making an Error of how it was left.
#include "interp/executor.h"

#include <algorithm>

#include "interp/access_table.h"
#include "interp/calls.h"
#include "interp/handlers.h"
#include "platform/guest_entry.h"

// The bounds of the handlers' section, made by the linker.
extern "C" const char __start_godwit_guest_text[], __stop_godwit_guest_text[];  // NOLINT: the linker's names

namespace godwit::interp {

namespace {

using runtime::FuncRecord;
using runtime::GuestStay;
using runtime::Store;
using runtime::VmStore;

// What lies on the frame stack below the arguments of the outermost frame of a stay: its call and its return cell.
struct Threshold {
  Cell call;  // `a` is 0
  Cell leave;
};
static_assert(sizeof(Threshold) == 32);

const void* handler_address(Handler* handler) { return reinterpret_cast<const void*>(handler); }

// Cells are published by an atomic store of another thread, but loaded by handlers, which ThreadSanitizer does not see:
// it must not see this read either.
[[gnu::no_sanitize("thread")]] const void* handler_of(const Cell* cell) { return cell->handler; }

// What is put back when the guest is left.
class Stay final {
 public:
  explicit Stay(Store& store)
      : store_(store),
        stack_top_(store.vm().stack_top),
        stay_{store.vm().host_call_ip, store.vm().host_call_fp,     store.vm().host_call_ctx,
              store.vm().native_entry, store.vm().native_threshold, store.innermost_stay()} {
    // a direct call, which is over, may have left something there
    if (stay_.outer == nullptr) stay_.host_call_ctx = nullptr;
    store.set_innermost_stay(&stay_);
    store.vm().host_call_ip = nullptr;
    store.vm().native_entry = nullptr;
    store.vm().native_threshold = nullptr;
  }
  ~Stay() {
    store_.set_innermost_stay(stay_.outer);
    VmStore& vm = store_.vm();
    vm.host_call_ip = stay_.host_call_ip;
    vm.host_call_fp = stay_.host_call_fp;
    vm.host_call_ctx = stay_.host_call_ctx;
    vm.native_entry = stay_.native_entry;
    vm.native_threshold = stay_.native_threshold;
    vm.stack_top = stack_top_;
  }
  Stay(const Stay&) = delete;
  Stay& operator=(const Stay&) = delete;

  bool is_outermost() const { return stay_.outer == nullptr; }

 private:
  Store& store_;
  Slot* stack_top_;
  GuestStay stay_;
};

}  // namespace

// What the store is told of a fault in register code.
void Interpreter::note_fault(Store& store, const platform::Fault& fault) const {
  VmStore& vm = store.vm();
  vm.trap = static_cast<uint64_t>(Trap::MemoryOutOfBounds);
  vm.trap_ip = reinterpret_cast<const Cell*>(fault.ip) + position_of_access(fault.pc);
  // machine code keeps no ip
  if (const Cell* cell = native_ ? native_->cell_at(fault.pc) : nullptr) vm.trap_ip = cell;
  vm.trap_fp = reinterpret_cast<Slot*>(fault.fp);
  vm.trap_ctx = reinterpret_cast<VmContext*>(fault.ctx);
  store.set_fault_address(fault.address);
}

void Interpreter::run(Store& store, const platform::GuestRegisters& registers) const {
  VmStore& vm = store.vm();
  if (platform::current_stack_address() < vm.native_stack_limit) {
    vm.trap = static_cast<uint64_t>(Trap::StackExhausted);
    vm.trap_ctx = nullptr;
    return;
  }
  platform::Activation activation;
  activation.owner = &vm;
  if (platform::enter_guest(registers, activation) == platform::GuestExit::Returned) return;
  note_fault(store, activation.fault);
}

namespace {

Result<> call_host_directly(Store& store, FuncRecord& func, std::span<Slot> slots) {
  auto& record = reinterpret_cast<runtime::HostRecord&>(func);  // of which it is the first member
  runtime::VmContext nobody{};  // no instance, no memory: only the way to the store
  nobody.store = &store.vm();
  if (record.function(record.env, &nobody, slots.data())) return {};
  return fail(store.take_pending_error().value_or(Error(ErrorKind::Trap, "host error")));
}

}  // namespace

Interpreter::Interpreter(const code::NativeTier* native)
    : native_(native), handlers_(__start_godwit_guest_text, __stop_godwit_guest_text) {}

void Interpreter::know_compiled_code(const runtime::VmLibcalls* libcalls, const runtime::DirectCalls& direct,
                                     LocateCompiled locate) {
  libcalls_ = libcalls;
  direct_ = direct;
  locate_compiled_ = std::move(locate);
}

namespace {

// Stays a loop: most calls have one or two slots.
void copy_few(const Slot* from, Slot* to, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    to[i] = from[i];
    asm volatile("" : : : "memory");
  }
}

// Code that the optimising compiler has made meanwhile: the next typed call enters that.
void find_compiled_code(FuncRecord& func) {
  if (func.vmctx->natives == nullptr) return;
  const uint32_t defined = func.index - func.vmctx->module->declarations.imported_funcs;
  if (const void* code = func.vmctx->natives[defined].load(std::memory_order_acquire))
    func.native.store(code, std::memory_order_release);
}

}  // namespace

Result<> Interpreter::invoke(Store& store, FuncRecord& func, std::span<Slot> slots) {
  if (func.vmctx == nullptr) return call_host_directly(store, func, slots);
  const Cell* entry = func.entry.load(std::memory_order_acquire);
  VmStore& vm = store.vm();
  if (runtime::DirectEntry* const way = vm.direct_entry) [[likely]] {
    Slot* const arguments = way->entry.fp;
    if (slots.size() <= static_cast<size_t>(vm.stack_limit - arguments)) [[likely]] {
      if (func.native.load(std::memory_order_relaxed) == nullptr) find_compiled_code(func);
      copy_few(slots.data(), arguments, slots.size());
      direct_.enter_cells(entry, arguments, func.vmctx, way);
      vm.stack_top = arguments;  // as it was: host functions have moved it
      if (vm.direct_outcome == 0) [[likely]] {
        copy_few(arguments, slots.data(), slots.size());
        return {};
      }
      if (auto ended = end_directly(store, *way)) return std::move(*ended);
    }
  }
  return enter(store, func.vmctx, entry, slots);
}

// Nothing if the guest was not entered.
std::optional<Result<>> Interpreter::end_directly(Store& store, const runtime::DirectEntry& way) const {
  const auto outcome = static_cast<runtime::DirectOutcome>(std::exchange(store.vm().direct_outcome, 0));
  if (outcome == runtime::DirectOutcome::NotEntered) return std::nullopt;
  if (outcome == runtime::DirectOutcome::Faulted) note_fault(store, way.activation.fault);
  return store.end_direct_call({});
}

// Runs cells of the context's from `entry` on.
Result<> Interpreter::enter(Store& store, runtime::VmContext* ctx, const Cell* entry, std::span<Slot> slots) {
  TRY(store.ensure_stacks());
  TRY(platform::prepare_thread_for_guests());

  VmStore& vm = store.vm();
  store.renew_entry_limit();
  bool is_on_own_stack = store.native_stack().is_current();
  if (store.innermost_stay() != nullptr && !is_on_own_stack)
    return fail(
        ErrorKind::Usage,
        "a store was entered while its guest waits for a host function that runs in another store's guest");
  Stay stay(store);
  vm.trap = static_cast<uint64_t>(Trap::None);
  auto base = (reinterpret_cast<uintptr_t>(vm.stack_top) + 15) & ~uintptr_t{15};
  auto* threshold = reinterpret_cast<Threshold*>(base);
  auto* arguments = reinterpret_cast<Slot*>(threshold + 1);
  uint64_t needed = sizeof(Threshold) + slots.size() * sizeof(Slot);
  uint64_t limit = reinterpret_cast<uintptr_t>(vm.stack_limit);
  if (base > limit || needed > limit - base) {
    vm.trap = static_cast<uint64_t>(Trap::StackExhausted);
    vm.trap_ctx = nullptr;
  } else {
    threshold->call = {handler_address(&handlers::tail_frame), 0, 0, 0};
    threshold->leave = {handler_address(&handlers::leave), 0, 0, 0};
    std::ranges::copy(slots, arguments);
    platform::GuestRegisters registers;
    registers.handler = handler_of(entry);
    registers.ip = entry;
    registers.fp = arguments;
    registers.ctx = ctx;
    registers.memory = ctx->memory0_base;
    registers.acc = reinterpret_cast<uint64_t>(&threshold->leave);
    registers.aux = reinterpret_cast<uint64_t>(ctx);
    registers.store = &vm;
    if (is_on_own_stack) run(store, registers);
    else platform::run_on(store.native_stack(), [&] { run(store, registers); });
  }

  if (vm.trap == static_cast<uint64_t>(Trap::None)) [[likely]] {
    std::copy_n(arguments, slots.size(), slots.begin());
    return {};
  }
  // An interruption ends all there is of the guest, then it is over.
  if (vm.trap == static_cast<uint64_t>(Trap::Interrupted) && stay.is_outermost()) store.clear_interrupt();
  return fail(store.take_trap());
}

Result<> Interpreter::end_direct_call(Store& store, std::span<Slot> results) {
  VmStore& vm = store.vm();
  if (vm.trap != static_cast<uint64_t>(Trap::None)) {
    // of itself: what throws in register code leaves a trap, too
  } else if (vm.pending_exception == runtime::kTailCallRequested) {
    vm.pending_exception = 0;
    const Store::TailCall call = store.tail_call();
    std::vector<Slot> slots(std::max<size_t>(call.param_slots, results.size()));
    std::copy_n(Store::arguments_on(vm.stack_top), call.param_slots, slots.begin());
    Result<> called;
    if (call.record != nullptr) {
      called = invoke(store, *call.record, slots);
    } else {
      const Cell* entry = call.ctx->entries[call.defined].load(std::memory_order_acquire);
      if (entry == nullptr) entry = prepare_own(call.ctx, call.defined);
      if (entry != nullptr) called = enter(store, call.ctx, entry, slots);
    }
    if (vm.trap == static_cast<uint64_t>(Trap::None)) {
      std::copy_n(slots.begin(), results.size(), results.begin());
      return called;
    }
    vm.trap_ctx = nullptr;  // no code to be had: nothing was running
  } else if (vm.pending_exception != 0) {
    // an Error of the host's stays as it is until somebody catches what it carries
    const bool is_hosts = store.pending_error().has_value();
    vm.trap = static_cast<uint64_t>(is_hosts ? Trap::HostError : Trap::UncaughtException);
    if (is_hosts) vm.pending_exception = 0;
    static constexpr Cell kNowhere[2] = {};
    vm.trap_ip = kNowhere;
    vm.trap_fp = vm.stack_top;
    vm.trap_ctx = vm.native_entry->ctx;
    runtime::NativeEntry* const entry = std::exchange(vm.native_entry, nullptr);
    store.keep_backtrace();
    vm.native_entry = entry;
  }
  if (vm.trap == static_cast<uint64_t>(Trap::Interrupted)) store.clear_interrupt();
  return fail(store.take_trap());
}

const Cell* Interpreter::make_record_entry(void* into, uint32_t defined_index) {
  auto* cell = static_cast<Cell*>(into);
  *cell = {handler_address(&handlers::record_entry), 0, 0, defined_index};
  return cell;
}

const Cell* Interpreter::make_host_entry(void* into) {
  auto* cell = static_cast<Cell*>(into);
  *cell = {handler_address(&handlers::host_entry), 0, 0, 0};
  return cell;
}

}  // namespace godwit::interp
