// Memory, Table, Global, Tag: the objects behind the contexts' pointers.
// spec: https://webassembly.github.io/spec/core/exec/runtime.html
#pragma once

#include <algorithm>
#include <mutex>
#include <optional>

#include "platform/memory_map.h"
#include "platform/trap_handler.h"
#include "runtime/memory_arena.h"
#include "runtime/memory_budget.h"
#include "runtime/memory_reset.h"
#include "runtime/store.h"
#include "runtime/wait_queue.h"

namespace godwit::runtime {

// Where a memory lies and what it begins with, if that is anything but the usual.
struct MemorySetup {
  MemoryOrigin origin;
  uint64_t pages = 0;                 // at first; at least the type's minimum
  bool is_checked = false;            // code checks every access: no large reservation is needed
  MemoryArena* arena = nullptr;       // of checked memories, where there is room; outlives the memory
  const ResetCosts* costs = nullptr;  // not null: it may be used again; outlive the memory
  uint64_t max_kept_bytes = 0;
};

// A linear memory. 32-bit memories with 64 KiB pages reserve 8 GiB and one page of address space, so that a 32-bit
// index plus a 32-bit offset cannot leave it; the others are checked explicitly.
//
//   base                  size_bytes                              reserved end
//   | readable, writable | inaccessible ……………………………………………………………|
//
// A shared memory may belong to several stores; it goes with the last of them (Store::add_memory).
// @threads grow(), pages(), size_bytes() and waiters(): any.
class Memory final : public std::enable_shared_from_this<Memory> {
 public:
  // @errors Exhausted: the minimum is beyond `max_bytes` or what is left of `budget`, or the system has no room.
  static Result<std::unique_ptr<Memory>> create(const wasm::MemType& type, uint64_t max_bytes,
                                                std::shared_ptr<MemoryBudget> budget = {},
                                                const MemorySetup& setup = {});
  ~Memory();

  // Brings back what it began with, in two steps, and leaves its budget. False if the system refuses: it must go.
  bool park();
  bool discard();
  // After both: for another store. @errors as create().
  Result<> unpark(uint64_t max_bytes, const std::shared_ptr<MemoryBudget>& budget);
  // True if it lies where it can grow as far as that limit allows.
  bool suits(uint64_t max_bytes) const;
  uint64_t kept_bytes() const { return reset_ ? reset_->kept_bytes() : 0; }

  VmMemory& vm() { return vm_; }
  const wasm::MemType& type() const { return type_; }  // limits as declared
  uint64_t size_bytes() const { return vm_.size_bytes.load(std::memory_order_acquire); }
  uint64_t pages() const { return size_bytes() >> type_.page_size_log2; }
  // The bytes as they are now; growing leaves them where they are.
  MutableBytes bytes() { return {vm_.base, static_cast<size_t>(size_bytes())}; }
  // True if every access must be checked against the size.
  bool needs_checks() const { return needs_checks_; }
  // Says that about so many bytes from the beginning are going to be written at once.
  void expect_data(uint64_t size_bytes);
  // Grows by `delta` pages; the old size in pages, or -1 (as u64) if a limit or the system refuses.
  uint64_t grow(uint64_t delta);
  // Who waits in a shared memory; null if it is not shared.
  WaitQueue* waiters() { return waiters_.get(); }

 private:
  Memory() = default;
  Result<> admit(uint64_t max_bytes, std::shared_ptr<MemoryBudget> budget);
  Result<> place();
  // What is readable and writable: more than bytes() in a part of a page.
  MutableBytes committed() { return {vm_.base, static_cast<size_t>(committed_bytes_)}; }
  Result<> commit_up_to(uint64_t size_bytes);

  VmMemory vm_{};
  wasm::MemType type_;
  MemorySetup setup_;
  uint64_t max_pages_ = 0;  // of the type, the store's limit and the place the smallest
  std::mutex grow_mutex_;
  uint64_t committed_bytes_ = 0;  // whole host pages; guarded by grow_mutex_
  bool needs_checks_ = false;
  platform::Reservation reservation_;  // empty: it lies in the arena
  platform::GuestMemoryRange range_;
  std::optional<MemoryReset> reset_;
  MemoryCharge charge_;  // size_bytes()
  std::unique_ptr<WaitQueue> waiters_;
};

// A table. Its elements never move: as much as it may ever hold is reserved.
class Table final {
 public:
  // `type` carries canonical ids in place of type indices.
  // @errors Exhausted: the minimum is beyond `max_elements` or what is left of `budget`, or the system has no room.
  static Result<std::unique_ptr<Table>> create(const wasm::TableType& type, uint64_t max_elements, Ref init,
                                               std::shared_ptr<MemoryBudget> budget = {});

  // Leaves its budget. What its elements were is forgotten, and `size` of them are null.
  bool park(uint64_t size);
  // True if it lies where it can grow as far as that limit allows.
  bool suits(uint64_t max_elements) const {
    return std::min(max_elements, type_.limits.max.value_or(max_elements)) <= placed_elements_;
  }
  // After park(): for another store. @errors as create().
  Result<> unpark(uint64_t max_elements, std::shared_ptr<MemoryBudget> budget) {
    return admit(max_elements, vm_.size, std::move(budget));
  }

  VmTable& vm() { return vm_; }
  const wasm::TableType& type() const { return type_; }
  uint64_t size() const { return vm_.size; }
  std::span<Ref> elements() { return {vm_.base, static_cast<size_t>(vm_.size)}; }
  // Grows by `delta` elements that are `init`; the old size, or -1 (as u64) if a limit or the system refuses.
  uint64_t grow(uint64_t delta, Ref init);

 private:
  Table() = default;
  Result<> admit(uint64_t max_elements, uint64_t size, std::shared_ptr<MemoryBudget> budget);
  Result<> commit_up_to(uint64_t elements);

  VmTable vm_{};
  wasm::TableType type_;
  uint64_t max_elements_ = 0;                // of the type, the store's limit and the place the smallest
  uint64_t placed_elements_ = ~uint64_t{0};  // for so many there is room
  uint64_t committed_bytes_ = 0;
  platform::Reservation reservation_;  // of large tables
  std::unique_ptr<Ref[]> storage_;     // of small ones
  MemoryCharge charge_;                // size() elements
};

class Global final {
 public:
  // `type` carries canonical ids in place of type indices.
  Global(const wasm::GlobalType& type, VmGlobal* value) : type_(type), value_(value) {}
  const wasm::GlobalType& type() const { return type_; }
  VmGlobal* vm() const { return value_; }

 private:
  wasm::GlobalType type_;
  VmGlobal* value_;  // in its instance, or in the store
};

// Its address is its identity.
class Tag final {
 public:
  Tag(uint32_t type_id, uint32_t payload_slots, uint32_t number)
      : type_id_(type_id), payload_slots_(payload_slots), number_(number) {}
  uint32_t type_id() const { return type_id_; }
  uint32_t payload_slots() const { return payload_slots_; }
  // In its store; what stands for it in exceptions.
  uint32_t number() const { return number_; }

 private:
  uint32_t type_id_;        // canonical
  uint32_t payload_slots_;  // of the type's parameters
  uint32_t number_;
};

}  // namespace godwit::runtime
