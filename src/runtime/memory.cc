// Linear memories.
#include "runtime/memory.h"

#include <algorithm>
#include <limits>

namespace godwit::runtime {

namespace {

// A 32-bit index plus a 32-bit offset plus the widest access stay below this.
constexpr uint64_t kGuardedBytes = uint64_t{8} << 30;

bool is_guarded(const wasm::MemType& type) {
  return type.limits.addr == wasm::AddrType::I32 && type.page_size_log2 == 16;
}

// The most pages that the address type can index.
uint64_t addressable_pages(const wasm::MemType& type) {
  // The number of pages must be an i32, too.
  if (type.limits.addr == wasm::AddrType::I32)
    return type.page_size_log2 == 0 ? std::numeric_limits<uint32_t>::max()
                                    : (uint64_t{1} << 32) >> type.page_size_log2;
  return type.page_size_log2 == 0 ? std::numeric_limits<uint64_t>::max()
                                  : uint64_t{1} << (64 - type.page_size_log2);
}

}  // namespace

Result<std::unique_ptr<Memory>> Memory::create(const wasm::MemType& type, uint64_t max_bytes,
                                               std::shared_ptr<MemoryBudget> budget) {
  std::unique_ptr<Memory> memory(new Memory);
  memory->type_ = type;
  memory->needs_checks_ = !is_guarded(type);
  memory->max_pages_ = std::min({type.limits.max.value_or(std::numeric_limits<uint64_t>::max()),
                                 addressable_pages(type), max_bytes >> type.page_size_log2});
  if (type.limits.min > memory->max_pages_) {
    return fail(ErrorKind::Exhausted, "memory: the minimum of " + std::to_string(type.limits.min) +
                                          " pages is beyond the limit of " + std::to_string(max_bytes) +
                                          " bytes");
  }
  memory->charge_ = MemoryCharge(std::move(budget));
  if (!memory->charge_.add(type.limits.min << type.page_size_log2))
    return fail(ErrorKind::Exhausted, "memory: the minimum of " + std::to_string(type.limits.min) +
                                          " pages is beyond what is left of the limit on all memories and "
                                          "tables together");
  const uint64_t reserved_bytes = memory->needs_checks_
                                      ? std::max<uint64_t>(memory->max_pages_ << type.page_size_log2, 1)
                                      : kGuardedBytes + platform::page_size();
  // Large memories may get large pages: see expect_data().
  const bool is_large = type.limits.min << type.page_size_log2 >= platform::kLargePageBytes;
  ASSIGN_OR_RETURN(memory->reservation_,
                   is_large ? platform::Reservation::reserve_aligned(static_cast<size_t>(reserved_bytes),
                                                                     platform::kLargePageBytes)
                            : platform::Reservation::reserve(static_cast<size_t>(reserved_bytes)));
  memory->vm_.base = memory->reservation_.base();
  const uint64_t size_bytes = type.limits.min << type.page_size_log2;
  TRY(memory->commit_up_to(size_bytes));
  memory->vm_.size_bytes.store(size_bytes, std::memory_order_relaxed);
  if (!memory->needs_checks_)
    memory->range_ =
        platform::GuestMemoryRange(memory->reservation_.base(), memory->reservation_.size_bytes());
  if (type.is_shared) memory->waiters_ = std::make_unique<WaitQueue>();
  return memory;
}

Result<> Memory::commit_up_to(uint64_t size_bytes) {
  if (size_bytes <= committed_bytes_) return {};
  const size_t end = platform::round_up_to_page(static_cast<size_t>(size_bytes));
  TRY(reservation_.commit(static_cast<size_t>(committed_bytes_),
                          end - static_cast<size_t>(committed_bytes_)));
  committed_bytes_ = end;
  return {};
}

void Memory::expect_data(uint64_t data_bytes) {
  reservation_.expect_dense_use(0, static_cast<size_t>(std::min(data_bytes, size_bytes())));
}

// spec: https://webassembly.github.io/spec/core/exec/modules.html#growing-memories
uint64_t Memory::grow(uint64_t delta) {
  constexpr uint64_t kRefused = std::numeric_limits<uint64_t>::max();
  const std::lock_guard lock(grow_mutex_);
  const uint64_t old_pages = pages();
  if (delta > max_pages_ - old_pages) return kRefused;
  const uint64_t size_bytes_after = (old_pages + delta) << type_.page_size_log2;
  const uint64_t added_bytes = delta << type_.page_size_log2;
  if (!charge_.add(added_bytes)) return kRefused;
  if (!commit_up_to(size_bytes_after)) {
    charge_.remove(added_bytes);
    return kRefused;
  }
  // Who sees the new size finds the pages accessible.
  vm_.size_bytes.store(size_bytes_after, std::memory_order_release);
  return old_pages;
}

}  // namespace godwit::runtime
