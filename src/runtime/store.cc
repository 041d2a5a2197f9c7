// Store: the objects it owns and the stacks its guests run on.
#include "runtime/store.h"

#include <algorithm>

#include "runtime/gc_store.h"
#include "runtime/instance_pool.h"
#include "runtime/store_objects.h"
#include "runtime/thread_group.h"

namespace godwit::runtime {

namespace {

// Room that host functions find when guest code has used all that it may of the native stack.
constexpr size_t kHostRoomBytes = size_t{256} << 10;
// So much more is left to host functions that call guests again.
constexpr size_t kNestedRoomBytes = size_t{64} << 10;
constexpr size_t kLeastNativeStackBytes = 2 * kHostRoomBytes;

Error limit_error(const char* what, uint64_t limit) {
  return Error(ErrorKind::Exhausted,
               std::string("the store's limit of ") + std::to_string(limit) + " " + what + " is reached");
}

}  // namespace

Store::Store(TypeRegistry& types, Executor& executor, const Limits& limits, InstancePool* pool)
    : types_(types),
      executor_(executor),
      limits_(limits),
      pool_(pool),
      lends_stacks_(pool != nullptr && pool->options().is_compact),
      memory_budget_(std::make_shared<MemoryBudget>(limits.max_total_memory_bytes)),
      objects_(std::make_unique<Objects>()),
      gc_(std::make_unique<Gc>()) {
  vm_.store = this;
  vm_.libcalls = executor.libcalls();
  set_fuel(limits.fuel);
}

Store::~Store() {
  if (link_) link_->store.store(nullptr, std::memory_order_release);
  if (pool_) give_to_pool();
}

// Once nothing runs here any more, and before anything goes that instances point to.
void Store::give_to_pool() {
  threads_.reset();
  for (std::unique_ptr<Instance>& instance : objects_->instances)
    if (instance->blueprint() != nullptr) pool_->give(std::move(instance));
  std::erase(objects_->instances, nullptr);
  give_back_stacks();
}

void Store::give_back_stacks() {
  if (!native_stack_.bounds().low) return;
  pool_->give_stacks({std::move(frame_stack_), std::move(native_stack_)});
  direct_entry_ = nullptr;
  vm_.direct_entry = nullptr;
  vm_.native_entry = nullptr;
  vm_.stack_top = nullptr;
  vm_.stack_limit = nullptr;
  vm_.native_stack_limit = nullptr;
  vm_.native_call_limit = nullptr;
  vm_.entry_limit.store(0, std::memory_order_relaxed);  // renewed for the next ones
}

void Store::interrupt_with(Error error) {
  {
    const std::lock_guard lock(interruption_mutex_);
    if (!interruption_) interruption_ = std::move(error);
  }
  interrupt();
}

ThreadGroup& Store::own_threads(std::unique_ptr<ThreadGroup> threads) {
  threads_ = std::move(threads);
  group_ = threads_.get();
  return *threads_;
}

// A call from a host function is not the last word: the guest may go on.
void Store::end_threads() {
  if (innermost_stay() != nullptr) return;
  threads_->end();
  // A thread may have failed just when this one did by itself: that is over, too.
  const std::lock_guard lock(interruption_mutex_);
  interruption_.reset();
  clear_interrupt();
}

Result<> Store::make_stacks() {
  const auto frame_bytes = platform::round_up_to_page(
      static_cast<size_t>(std::max<uint64_t>(limits_.stack_bytes, platform::page_size())));
  const auto native_bytes = platform::round_up_to_page(
      static_cast<size_t>(std::max<uint64_t>(limits_.native_stack_bytes, kLeastNativeStackBytes)));
  platform::Reservation frames;
  platform::SwitchedStack native;
  if (pool_) {
    auto [pooled_frames, pooled_native] =
        pool_->take_stacks(frame_bytes + platform::page_size(), native_bytes);
    frames = std::move(pooled_frames);
    native = std::move(pooled_native);
  }
  if (!native.bounds().low) {
    // One page more than is committed: a write past the end faults instead of reaching somebody else's memory.
    ASSIGN_OR_RETURN(frames, platform::Reservation::reserve(frame_bytes + platform::page_size()));
    TRY(frames.commit(0, frame_bytes));
    ASSIGN_OR_RETURN(native, platform::SwitchedStack::create(native_bytes));
  }
  frame_stack_ = std::move(frames);
  native_stack_ = std::move(native);
  vm_.stack_top = reinterpret_cast<Slot*>(frame_stack_.base());
  vm_.stack_limit = reinterpret_cast<Slot*>(frame_stack_.base() + frame_bytes);
  vm_.native_stack_limit = native_stack_.bounds().low + kHostRoomBytes;
  vm_.native_call_limit = vm_.native_stack_limit + kNestedRoomBytes;
  vm_.entry_limit.store(0, std::memory_order_relaxed);
  renew_entry_limit();
  prepare_direct_calls();
  return {};
}

void Store::prepare_direct_calls() {
  const DirectCalls way = executor_.direct_calls();
  if (way.enter == nullptr || lends_stacks_) return;
  auto* const entry = new (native_stack_.keep_top(sizeof(DirectEntry))) DirectEntry{};
  constexpr uint64_t kGuestState = 0x1F80;  // as platform::enter_guest() has it
  entry->floating_point_state[0] = kGuestState;
  entry->leave = way.leave;
  entry->store = &vm_;
  entry->entry = {.fp = vm_.stack_top,
                  .header = entry->header,
                  .ctx = nullptr,
                  .outer = nullptr,
                  .outer_stack_top = nullptr};
  entry->activation.landing_sp = entry;
  entry->activation.owner = &vm_;
  entry->threshold[0] = reinterpret_cast<uintptr_t>(way.tail_frame);
  entry->threshold[2] = reinterpret_cast<uintptr_t>(way.return_handler);
  direct_entry_ = entry;
  vm_.direct_entry = entry;
  vm_.native_entry = &entry->entry;
}

// What the guest was in the middle of lies on the stacks, and means nothing any more.
Result<> Store::end_direct_call(std::span<Slot> results) {
  vm_.stack_top = reinterpret_cast<Slot*>(frame_stack_.base());
  vm_.native_entry = &direct_entry_->entry;
  vm_.native_threshold = nullptr;
  vm_.host_call_ctx = nullptr;
  auto result = executor_.end_direct_call(*this, results);
  if (!result && threads_) end_threads();
  return result;
}

FuncRecord* Store::new_host_func(const wasm::FuncType& type, HostFunction function, void* env,
                                 std::string_view module, std::string_view field, const void* native) {
  HostRecord& record = objects_->host_funcs.emplace();
  record.function = function;
  record.env = env;
  record.direct = {&vm_, env};
  record.func.native_self = &record.direct;
  record.func.native.store(native, std::memory_order_relaxed);
  for (const wasm::ValType param : type.params) record.param_slots += param.slots();
  for (const wasm::ValType result : type.results) record.result_slots += result.slots();
  record.result_is_float = !type.results.empty() && (type.results[0].kind() == wasm::ValKind::F32 ||
                                                     type.results[0].kind() == wasm::ValKind::F64);
  record.module = module;
  record.field = field;
  record.func.type = types_.intern(type);
  record.func.entry.store(executor_.make_host_entry(record.cell), std::memory_order_relaxed);
  return &record.func;
}

Result<Memory*> Store::new_memory(const wasm::MemType& type) {
  TRY(count_objects(1, 0));
  ASSIGN_OR_RETURN(auto memory, Memory::create(type, limits_.max_memory_bytes, memory_budget_));
  return objects_->memories.emplace_back(std::move(memory)).get();
}

Result<Memory*> Store::add_memory(std::shared_ptr<Memory> memory) {
  for (const auto& known : objects_->memories)
    if (known == memory) return known.get();
  if (!memory->type().is_shared)
    return fail(ErrorKind::Usage, "only a shared memory can belong to several stores");
  TRY(count_objects(1, 0));
  return objects_->memories.emplace_back(std::move(memory)).get();
}

Result<Table*> Store::new_table(const wasm::TableType& type, Ref init) {
  TRY(count_objects(0, 1));
  ASSIGN_OR_RETURN(auto table, Table::create(type, limits_.max_table_elements, init, memory_budget_));
  return objects_->tables.emplace_back(std::move(table)).get();
}

Global* Store::new_global(const wasm::GlobalType& type, const Slot (&value)[2]) {
  return new_global(type, &objects_->global_values.emplace(VmGlobal{{value[0], value[1]}}));
}

Global* Store::new_global(const wasm::GlobalType& type, VmGlobal* value) {
  return &objects_->globals.emplace(type, value);
}

Tag* Store::new_tag(uint32_t type_id) {
  uint32_t slots = 0;
  for (const wasm::ValType param : types_.func_type(type_id).params) slots += param.slots();
  Tag& tag = objects_->tags.emplace(type_id, slots, static_cast<uint32_t>(tags_.size()));
  tags_.push_back(&tag);
  return &tag;
}

Error Store::exception_error(Ref exception, Instance* thrower) {
  if (!link_) link_ = std::make_shared<StoreLink>(this);
  auto caught = std::make_shared<CaughtException>(link_, new_handle(exception));
  std::string text = describe(*caught, thrower);
  return Error(ErrorKind::Exception, static_cast<uint32_t>(Trap::UncaughtException), std::move(text))
      .with_cargo(std::move(caught));
}

Result<> Store::count_objects(size_t memories, size_t tables) {
  if (memory_count_ + memories > limits_.max_memories)
    return fail(limit_error("memories", limits_.max_memories));
  if (table_count_ + tables > limits_.max_tables) return fail(limit_error("tables", limits_.max_tables));
  memory_count_ += memories;
  table_count_ += tables;
  return {};
}

Result<Instance*> Store::adopt(std::unique_ptr<Instance> instance) {
  if (objects_->instances.size() >= limits_.max_instances)
    return fail(limit_error("instances", limits_.max_instances));
  return objects_->instances.emplace_back(std::move(instance)).get();
}

}  // namespace godwit::runtime
