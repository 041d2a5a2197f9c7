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
    store.set_innermost_stay(&stay_);
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
  vm.trap = static_cast<uint64_t>(Trap::MemoryOutOfBounds);
  vm.trap_ip = reinterpret_cast<const Cell*>(activation.fault.ip) + position_of_access(activation.fault.pc);
  // machine code keeps no ip
  if (const Cell* cell = native_ ? native_->cell_at(activation.fault.pc) : nullptr) vm.trap_ip = cell;
  vm.trap_fp = reinterpret_cast<Slot*>(activation.fault.fp);
  vm.trap_ctx = reinterpret_cast<VmContext*>(activation.fault.ctx);
  store.set_fault_address(activation.fault.address);
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

void Interpreter::know_compiled_code(const runtime::VmLibcalls* libcalls, LocateCompiled locate) {
  libcalls_ = libcalls;
  locate_compiled_ = std::move(locate);
}

Result<> Interpreter::invoke(Store& store, FuncRecord& func, std::span<Slot> slots) {
  if (func.vmctx == nullptr) return call_host_directly(store, func, slots);
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
    const Cell* entry = func.entry.load(std::memory_order_acquire);
    platform::GuestRegisters registers;
    registers.handler = handler_of(entry);
    registers.ip = entry;
    registers.fp = arguments;
    registers.ctx = func.vmctx;
    registers.memory = func.vmctx->memory0_base;
    registers.acc = reinterpret_cast<uint64_t>(&threshold->leave);
    registers.aux = reinterpret_cast<uint64_t>(func.vmctx);
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
