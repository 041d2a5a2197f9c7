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
                                               std::shared_ptr<MemoryBudget> budget,
                                               const MemorySetup& setup) {
  std::unique_ptr<Memory> memory(new Memory);
  memory->type_ = type;
  memory->setup_ = setup;
  memory->setup_.pages = std::max(setup.pages, type.limits.min);
  memory->needs_checks_ = setup.is_checked || !is_guarded(type);
  TRY(memory->admit(max_bytes, std::move(budget)));
  TRY(memory->place());
  memory->vm_.size_bytes.store(memory->setup_.pages << type.page_size_log2, std::memory_order_relaxed);
  if (setup.costs) memory->reset_.emplace(*setup.costs, setup.max_kept_bytes);
  if (type.is_shared) memory->waiters_ = std::make_unique<WaitQueue>();
  return memory;
}

Memory::~Memory() {
  if (setup_.arena && vm_.base) setup_.arena->give_back(vm_.base, committed_bytes_);
}

// Asks the limits.
Result<> Memory::admit(uint64_t max_bytes, std::shared_ptr<MemoryBudget> budget) {
  const uint64_t pages = setup_.pages;
  max_pages_ = std::min({type_.limits.max.value_or(std::numeric_limits<uint64_t>::max()),
                         addressable_pages(type_), max_bytes >> type_.page_size_log2});
  if (pages > max_pages_) {
    return fail(ErrorKind::Exhausted, "memory: the minimum of " + std::to_string(pages) +
                                          " pages is beyond the limit of " + std::to_string(max_bytes) +
                                          " bytes");
  }
  charge_ = MemoryCharge(std::move(budget));
  if (!charge_.add(pages << type_.page_size_log2))
    return fail(ErrorKind::Exhausted, "memory: the minimum of " + std::to_string(pages) +
                                          " pages is beyond what is left of the limit on all memories and "
                                          "tables together");
  if (setup_.arena) {
    const uint64_t place_pages = setup_.arena->place_bytes() >> type_.page_size_log2;
    if (pages <= place_pages) max_pages_ = std::min(max_pages_, place_pages);
    else setup_.arena = nullptr;
  }
  return {};
}

// Finds address space, and puts there what the memory begins with.
Result<> Memory::place() {
  const uint64_t size_bytes = setup_.pages << type_.page_size_log2;
  const MemoryOrigin& origin = setup_.origin;
  if (setup_.arena) {
    ASSIGN_OR_RETURN(vm_.base, setup_.arena->take());
  } else {
    const uint64_t reserved_bytes = needs_checks_ ? std::max<uint64_t>(max_pages_ << type_.page_size_log2, 1)
                                                  : kGuardedBytes + platform::page_size();
    // Large memories may get large pages: see expect_data().
    const bool is_large = size_bytes >= platform::kLargePageBytes && origin.image == nullptr;
    ASSIGN_OR_RETURN(reservation_, is_large
                                       ? platform::Reservation::reserve_aligned(
                                             static_cast<size_t>(reserved_bytes), platform::kLargePageBytes)
                                       : platform::Reservation::reserve(static_cast<size_t>(reserved_bytes)));
    vm_.base = reservation_.base();
  }
  TRY(commit_up_to(size_bytes));
  if (origin.image) {
    if (setup_.arena) setup_.origin.is_mapped = false;
    uint8_t* const first = committed().subspan(static_cast<size_t>(origin.image_begin)).data();
    if (setup_.origin.is_mapped) TRY(origin.image->map_onto(first));
    else std::ranges::copy(origin.image->bytes(), first);
  }
  if (!needs_checks_) range_ = platform::GuestMemoryRange(reservation_.base(), reservation_.size_bytes());
  return {};
}

Result<> Memory::commit_up_to(uint64_t size_bytes) {
  if (size_bytes <= committed_bytes_) return {};
  const size_t end = platform::round_up_to_page(static_cast<size_t>(size_bytes));
  if (!setup_.arena)
    TRY(reservation_.commit(static_cast<size_t>(committed_bytes_),
                            end - static_cast<size_t>(committed_bytes_)));
  committed_bytes_ = end;
  return {};
}

bool Memory::park() {
  if (!reset_) return false;
  vm_.size_bytes.store(setup_.pages << type_.page_size_log2, std::memory_order_relaxed);
  // Whole host pages: what was grown into may have been written to.
  const uint64_t first_bytes =
      platform::round_up_to_page(static_cast<size_t>(setup_.pages << type_.page_size_log2));
  charge_ = MemoryCharge();
  if (committed_bytes_ > first_bytes) {
    const size_t grown_bytes = static_cast<size_t>(committed_bytes_ - first_bytes);
    if (setup_.arena) {
      if (!platform::discard_pages(committed().last(grown_bytes).data(), grown_bytes)) return false;
    } else {
      if (!reservation_.decommit(static_cast<size_t>(first_bytes), grown_bytes)) return false;
    }
    committed_bytes_ = first_bytes;
  }
  reset_->restore(vm_.base, first_bytes, setup_.origin);
  return true;
}

bool Memory::discard() { return reset_->discard(vm_.base, committed_bytes_); }

bool Memory::suits(uint64_t max_bytes) const {
  if (!needs_checks_ || setup_.arena) return true;
  const uint64_t pages = std::min({type_.limits.max.value_or(std::numeric_limits<uint64_t>::max()),
                                   addressable_pages(type_), max_bytes >> type_.page_size_log2});
  return pages << type_.page_size_log2 <= reservation_.size_bytes();
}

Result<> Memory::unpark(uint64_t max_bytes, const std::shared_ptr<MemoryBudget>& budget) {
  return admit(max_bytes, budget);
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
