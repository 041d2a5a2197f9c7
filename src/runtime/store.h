// Store: owns every run-time object of a group of instances. Unique, used by one thread at a time.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "platform/stack.h"
#include "runtime/direct_entry.h"
#include "runtime/exception.h"
#include "runtime/gc_handle.h"
#include "runtime/limits.h"
#include "runtime/memory_budget.h"
#include "runtime/module.h"
#include "runtime/throw_site.h"
#include "runtime/trap.h"
#include "runtime/type_registry.h"
#include "runtime/unwind.h"
#include "runtime/vm.h"

namespace godwit::runtime {

class GcHeap;
class InstancePool;
class Memory;
class Table;
class Global;
class Tag;
class ThreadGroup;

// Runs functions: a tier, or the policy that chooses among them. Given to the store by the engine.
class Executor {
 public:
  virtual ~Executor() = default;

  // Calls `func` with `slots` holding the arguments; on success they hold the results. `slots` has room for the
  // larger of both. Reentrant: host functions may call back.
  virtual Result<> invoke(Store& store, FuncRecord& func, std::span<Slot> slots) = 0;

  // The entry cell for records of own functions: jumps to the module's code, preparing it at the first call.
  // `into` is the record's own cell storage (kRecordCellBytes, 16-aligned).
  virtual const Cell* make_record_entry(void* into, uint32_t defined_index) = 0;
  // The entry cell of a host function record.
  virtual const Cell* make_host_entry(void* into) = 0;

  // How calls enter compiled code directly.
  virtual DirectCalls direct_calls() const { return {}; }
  // Brings a direct call to its end that has Ended (runtime/direct_entry.h): a tail call that is still to be made, whose
  // results come to `results`, or an error, as by invoke(). The store is as it was before the call, but for how it ended.
  virtual Result<> end_direct_call(Store& /*store*/, std::span<Slot> /*results*/) { return {}; }

  // What compiled code calls; null where there is none.
  virtual const VmLibcalls* libcalls() const { return nullptr; }
  // The instruction that compiled code at `pc` belongs to.
  struct CompiledPlace {
    const Module* module;
    uint32_t function_index;
    uint64_t offset;  // in the module, or kNoOffset
  };
  virtual std::optional<CompiledPlace> locate_compiled(uintptr_t /*pc*/,
                                                       Lookup /*lookup*/ = Lookup::Whole) const {
    return std::nullopt;
  }
  // The cell that machine code of register code at `pc` belongs to; null if there is none, or if the look-up would have to
  // wait and must not.
  virtual const Cell* cell_at(uintptr_t /*pc*/, Lookup /*lookup*/) const { return nullptr; }
};
inline constexpr size_t kRecordCellBytes = 16;

// The record of a module's own function; exists only for functions that escape (exports, ref.func, elements).
struct WasmRecord {
  FuncRecord func;
  alignas(16) uint8_t cell[kRecordCellBytes];  // entry points here at first
};

// The record of a host function; the handler of its cell finds it from the cell's address.
struct HostRecord {
  FuncRecord func;  // vmctx is null
  alignas(16) uint8_t cell[kRecordCellBytes];
  HostFunction function;
  void* env;  // outlives the store
  DirectHost direct;
  uint32_t param_slots, result_slots;
  bool result_is_float;            // the first result is f32 or f64
  std::string_view module, field;  // for backtraces; outlive the store
};

// An import or export: exactly one pointer is meant, as `kind` says. Lives as long as the store.
struct Extern {
  wasm::ExternKind kind = wasm::ExternKind::Func;
  union {
    FuncRecord* func = nullptr;
    Table* table;
    Memory* memory;
    Global* global;
    Tag* tag;
  };
};

// One stay of the executor in guest code, kept on its native stack while it lasts: where the guest stood that had
// called the host function from which this stay was entered (null context: none). The outermost frame of a stay has
// a null caller's context in its header.
struct GuestStay {
  const Cell* host_call_ip = nullptr;
  Slot* host_call_fp = nullptr;
  VmContext* host_call_ctx = nullptr;
  NativeEntry* native_entry = nullptr;  // as the fields of VmStore said then
  NativeThreshold* native_threshold = nullptr;
  GuestStay* outer = nullptr;
};

class Store final {
 public:
  // @param pool where instances and stacks come from and go to; null: nowhere. Outlives the store.
  Store(TypeRegistry& types, Executor& executor, const Limits& limits = {}, InstancePool* pool = nullptr);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  VmStore& vm() { return vm_; }
  TypeRegistry& types() { return types_; }
  Executor& executor() { return executor_; }
  const Limits& limits() const { return limits_; }
  // What stands for this store at the embedder's; null for the stores of a guest's threads.
  void* embedder() const { return embedder_; }
  void set_embedder(void* embedder) { embedder_ = embedder; }
  const std::shared_ptr<MemoryBudget>& memory_budget() const { return memory_budget_; }
  InstancePool* pool() const { return pool_; }

  // Objects made for the embedder; each lives as long as the store.
  // @param native the same function as compiled code calls it (DirectHost), or null
  FuncRecord* new_host_func(const wasm::FuncType& type, HostFunction function, void* env,
                            std::string_view module = {}, std::string_view field = {},
                            const void* native = nullptr);
  // Types carry canonical ids in place of type indices.
  // @errors Exhausted: a limit of the store's, or the system has no room.
  Result<Memory*> new_memory(const wasm::MemType& type);
  // Makes a shared memory (Memory::create, or shared_from_this() of another store's) this store's as well.
  // @errors Usage: it is not shared. Exhausted: as above.
  Result<Memory*> add_memory(std::shared_ptr<Memory> memory);
  Result<Table*> new_table(const wasm::TableType& type, Ref init);
  Global* new_global(const wasm::GlobalType& type, const Slot (&value)[2]);
  // A global whose value lies elsewhere, as long as the store lives.
  Global* new_global(const wasm::GlobalType& type, VmGlobal* value);
  Tag* new_tag(uint32_t type_id);
  // The tag of that number; one of this store's whatever the number is.
  Tag* tag(uint32_t number) const { return tags_[number < tags_.size() ? number : 0]; }

  // The garbage-collected heap, made at first use: by modules that have types for it, and by new_extern().
  // @errors Exhausted: no address space.
  Result<GcHeap*> ensure_gc_heap() { return gc_heap_ ? gc_heap_ : make_gc_heap(); }
  // The heap, or null.
  GcHeap* gc_heap() const { return gc_heap_; }
  // A new externref that carries a value of the embedder's.
  // Collections happen while the guest allocates, before it calls a host function, and in collect_garbage(). Through
  // these, the host must hold references by handles; a host function's locals may hold them bare.
  // @errors Exhausted: Limits::max_gc_heap_bytes.
  Result<Ref> new_extern(uint64_t value);
  // The value that an externref carries; nothing if the guest made it of something of its own.
  static std::optional<uint64_t> extern_value(Ref ref);
  // True if `ref`, which is not null, is of the type `type`, whose type index is a canonical id.
  bool is_of(Ref ref, wasm::ValType type) const;
  // Keeps what `ref` refers to.
  GcHandle new_handle(Ref ref);
  // Frees what no reference leads to. @errors Exhausted: the store was interrupted.
  Result<> collect_garbage();
  // What stands for the function in the heap.
  uint32_t func_handle(FuncRecord& func);

  // Calls a function; see Executor::invoke. An Error of kind Trap or Exhausted carries the wasm backtrace. Where the
  // guest has started threads, an error ends them too, before this returns.
  Result<> call(FuncRecord& func, std::span<Slot> slots) {
    auto result = executor_.invoke(*this, func, slots);
    if (!result && threads_) [[unlikely]]
      end_threads();
    if (lends_stacks_ && innermost_stay() == nullptr) [[unlikely]]
      give_back_stacks();
    return result;
  }
  // After a direct call that has Ended; see Executor::end_direct_call.
  Result<> end_direct_call(std::span<Slot> results);

  // The stacks guests run on, made by the first ensure_stacks(): the frame stack (vm().stack_top is its first free
  // slot, vm().stack_limit its end) and the native one (vm().native_stack_limit leaves room for host functions).
  // @errors Exhausted: no address space.
  Result<> ensure_stacks() { return native_stack_.bounds().low ? Result<>() : make_stacks(); }
  platform::SwitchedStack& native_stack() { return native_stack_; }
  bool is_on_frame_stack(const Slot* slot) const {
    return reinterpret_cast<uintptr_t>(slot) - reinterpret_cast<uintptr_t>(frame_stack_.base()) <
           reinterpret_cast<uintptr_t>(vm_.stack_limit) - reinterpret_cast<uintptr_t>(frame_stack_.base());
  }

  // The innermost stay in guest code, or null. Set and restored by the executor.
  GuestStay* innermost_stay() const {
    const bool is_direct =
        direct_entry_ != nullptr && vm_.direct_entry == nullptr && innermost_stay_ == nullptr;
    return is_direct ? &direct_stay_ : innermost_stay_;
  }
  void set_innermost_stay(GuestStay* stay) {
    innermost_stay_ = stay == &direct_stay_ ? nullptr : stay;
    if (stay != nullptr) vm_.direct_entry = nullptr;
    else vm_.direct_entry = direct_entry_;
  }

  // Makes running guests of this store leave with Trap::Interrupted soon. @threads any; async-signal-safe.
  // What is left of the fuel; 0 once a guest has run out of it.
  uint64_t fuel() const { return static_cast<uint64_t>(std::max<int64_t>(vm_.fuel, 0)); }
  void set_fuel(uint64_t fuel) { vm_.fuel = static_cast<int64_t>(std::min<uint64_t>(fuel, INT64_MAX)); }
  void interrupt() {
    vm_.interrupt.store(1, std::memory_order_relaxed);
    vm_.entry_limit.store(0, std::memory_order_release);
    vm_.seen_time.store(0, std::memory_order_release);
  }
  // The same, and what the guest ends with is `error`, unless there is one already. @threads any.
  void interrupt_with(Error error);
  // Lets guests run again after interrupt().
  void clear_interrupt() {
    vm_.entry_limit.store(reinterpret_cast<uintptr_t>(vm_.stack_limit), std::memory_order_relaxed);
    vm_.interrupt.store(0, std::memory_order_release);
  }
  // Where a guest is entered: an interruption that was asked for and taken back at once may have left its mark.
  void renew_entry_limit() {
    if (vm_.entry_limit.load(std::memory_order_relaxed) != 0) [[likely]]
      return;
    vm_.entry_limit.store(reinterpret_cast<uintptr_t>(vm_.stack_limit));
    if (vm_.interrupt.load() != 0) vm_.entry_limit.store(0);
  }

  // Called by a host function before it returns false.
  void raise(Error error) { pending_error_ = std::move(error); }
  std::optional<Error> take_pending_error() { return std::exchange(pending_error_, std::nullopt); }
  const std::optional<Error>& pending_error() const { return pending_error_; }

  // An Error of kind Exception that carries `exception`, to be returned or raised. `thrower`: whose names its message
  // uses; may be null.
  Error exception_error(Ref exception, Instance* thrower);
  // For unwinders.
  UnwindCache& unwind_cache() {
    if (!unwind_cache_) unwind_cache_ = std::make_unique<UnwindCache>();
    return *unwind_cache_;
  }

  // The address of the fault behind a Trap::MemoryOutOfBounds, for the message; the executor calls it before
  // take_trap().
  void set_fault_address(uintptr_t address) { fault_address_ = address; }

  // The error for a trap that stopped the guest as vm() says (trap, trap_ip, trap_fp, trap_ctx), backtrace included;
  // takes the pending error if the trap is HostError. The stay that trapped is still the innermost.
  Error take_trap();
  // Takes note of the backtrace for take_trap(), while the frames of compiled code are there.
  void keep_backtrace();
  // Takes note of where compiled code throws, for keep_backtrace(): its frames will have returned by then.
  // @param record of the function that the throwing one has called
  // @cost a few nanoseconds per frame
  void note_throw(const FrameRecord* record);
  // What was thrown is caught.
  void forget_backtrace() {
    kept_backtrace_.reset();
    if (throw_site_) throw_site_->clear();
  }

  // The tail call that compiled code has asked its caller to make (VmStore::pending_exception says when there is one).
  // Its arguments lie on the frame stack, at arguments_on(stack_top).
  struct TailCall {
    FuncRecord* record = nullptr;  // null: own function `defined` of ctx
    VmContext* ctx = nullptr;      // the instance that asks
    uint32_t defined = 0;
    uint32_t param_slots = 0;
  };
  TailCall& tail_call() { return tail_call_; }
  // Where register code that compiled code calls has its arguments, `stack_top` being the end of the frame stack there.
  static Slot* arguments_on(Slot* stack_top);
  // Frames from the given place outwards, across host functions that called back; at most `max_frames` (a frame
  // without an offset stands for the middle of a longer stack). With a null `ctx`, from the innermost guest frame
  // that waits for a host function.
  std::vector<Frame> backtrace(const Cell* ip, Slot* fp, VmContext* ctx, size_t max_frames = 100);

  // The threads of the guest whose store this is, or in whose group it is; null: it has not started any.
  ThreadGroup* threads() const { return group_; }
  // Makes this the main store of a group: its threads end before anything of the store's goes.
  ThreadGroup& own_threads(std::unique_ptr<ThreadGroup> threads);
  // Makes this the store of a thread of `main`'s guest: what both hold counts together.
  void belong_to(ThreadGroup& group, const Store& main) {
    group_ = &group;
    memory_budget_ = main.memory_budget_;
  }

  // Keeps the instance as long as the store lives. @errors Exhausted: Limits::max_instances.
  Result<Instance*> adopt(std::unique_ptr<Instance> instance);
  // Counts objects that an instance brings along. @errors Exhausted: Limits::max_memories, max_tables.
  Result<> count_objects(size_t memories, size_t tables);

 private:
  friend class StoreRoots;
  void give_to_pool();
  void give_back_stacks();
  Result<> make_stacks();
  void prepare_direct_calls();
  Result<GcHeap*> make_gc_heap();
  void drop_unused_handles();
  void end_threads();

  VmStore vm_;
  platform::Reservation frame_stack_;
  platform::SwitchedStack native_stack_;
  GuestStay* innermost_stay_ = nullptr;
  mutable GuestStay direct_stay_;        // what stands for a direct call
  DirectEntry* direct_entry_ = nullptr;  // null: there are no stacks, or none that stay, or no way
  uintptr_t fault_address_ = 0;          // 0: none
  TypeRegistry& types_;
  Executor& executor_;
  Limits limits_;
  InstancePool* const pool_;
  const bool lends_stacks_;  // swarms of stores that mostly wait have stacks only while they run
  size_t memory_count_ = 0;  // of all instances'
  size_t table_count_ = 0;
  void* embedder_ = nullptr;
  std::shared_ptr<MemoryBudget> memory_budget_;
  std::optional<Error> pending_error_;
  std::optional<std::vector<Frame>> kept_backtrace_;
  std::unique_ptr<ThrowSite> throw_site_;  // made with the first
  TailCall tail_call_;
  std::mutex interruption_mutex_;
  std::optional<Error> interruption_;  // what interrupt_with() was given; guarded by interruption_mutex_
  std::vector<Tag*> tags_;             // by number
  std::shared_ptr<StoreLink> link_;    // made with the first exception that leaves a guest
  std::unique_ptr<UnwindCache> unwind_cache_;
  struct Objects;
  std::unique_ptr<Objects> objects_;
  struct Gc;
  std::unique_ptr<Gc> gc_;
  GcHeap* gc_heap_ = nullptr;  // in gc_
  ThreadGroup* group_ = nullptr;
  std::unique_ptr<ThreadGroup> threads_;  // goes first
};

}  // namespace godwit::runtime
