// Tables.
#include <algorithm>
#include <limits>

#include "runtime/memory.h"

namespace godwit::runtime {

namespace {

// Tables that can never hold more than this are allocated whole: cheaper than a mapping of their own.
constexpr uint64_t kSmallTableElements = 512;

}  // namespace

Result<std::unique_ptr<Table>> Table::create(const wasm::TableType& type, uint64_t max_elements, Ref init,
                                             std::shared_ptr<MemoryBudget> budget) {
  std::unique_ptr<Table> table(new Table);
  table->type_ = type;
  TRY(table->admit(max_elements, type.limits.min, std::move(budget)));
  if (table->max_elements_ <= kSmallTableElements) {
    table->placed_elements_ = table->max_elements_;
    table->storage_ = std::make_unique<Ref[]>(static_cast<size_t>(table->max_elements_));
    table->vm_.base = table->storage_.get();
  } else {
    table->placed_elements_ = table->max_elements_;
    const auto reserved_bytes = static_cast<size_t>(table->max_elements_ * sizeof(Ref));
    ASSIGN_OR_RETURN(table->reservation_, platform::Reservation::reserve(reserved_bytes));
    table->vm_.base = reinterpret_cast<Ref*>(table->reservation_.base());
    TRY(table->commit_up_to(type.limits.min));
  }
  table->vm_.size = type.limits.min;
  if (init != 0) std::ranges::fill(table->elements(), init);
  return table;
}

// Asks the limits for `size` elements.
Result<> Table::admit(uint64_t max_elements, uint64_t size, std::shared_ptr<MemoryBudget> budget) {
  max_elements_ = std::min(type_.limits.max.value_or(std::numeric_limits<uint64_t>::max()), max_elements);
  if (type_.limits.addr == wasm::AddrType::I32)
    max_elements_ = std::min<uint64_t>(max_elements_, std::numeric_limits<uint32_t>::max());
  max_elements_ = std::min(max_elements_, placed_elements_);
  if (size > max_elements_) {
    return fail(ErrorKind::Exhausted, "table: the minimum of " + std::to_string(size) +
                                          " elements is beyond the limit of " + std::to_string(max_elements));
  }
  charge_ = MemoryCharge(std::move(budget));
  if (!charge_.add(size * sizeof(Ref)))
    return fail(ErrorKind::Exhausted, "table: the minimum of " + std::to_string(size) +
                                          " elements is beyond what is left of the limit on all memories "
                                          "and tables together");
  return {};
}

bool Table::park(uint64_t size) {
  charge_ = MemoryCharge();
  if (storage_) {
    std::ranges::fill(elements(), Ref{0});
  } else if (vm_.size * sizeof(Ref) <= platform::page_size()) {
    std::ranges::fill(elements(), Ref{0});
  } else if (!platform::discard_pages(reservation_.base(), static_cast<size_t>(committed_bytes_))) {
    return false;
  }
  vm_.size = size;
  return static_cast<bool>(commit_up_to(size));
}

Result<> Table::commit_up_to(uint64_t elements) {
  const uint64_t needed_bytes = elements * sizeof(Ref);
  if (storage_ || needed_bytes <= committed_bytes_) return {};
  const size_t end = platform::round_up_to_page(static_cast<size_t>(needed_bytes));
  TRY(reservation_.commit(static_cast<size_t>(committed_bytes_),
                          end - static_cast<size_t>(committed_bytes_)));
  committed_bytes_ = end;
  return {};
}

// spec: https://webassembly.github.io/spec/core/exec/modules.html#growing-tables
uint64_t Table::grow(uint64_t delta, Ref init) {
  constexpr uint64_t kRefused = std::numeric_limits<uint64_t>::max();
  const uint64_t old_size = vm_.size;
  if (delta > max_elements_ - old_size) return kRefused;
  if (!charge_.add(delta * sizeof(Ref))) return kRefused;
  if (!commit_up_to(old_size + delta)) {
    charge_.remove(delta * sizeof(Ref));
    return kRefused;
  }
  std::fill_n(&vm_.base[old_size], static_cast<size_t>(delta), init);
  vm_.size = old_size + delta;
  return old_size;
}

}  // namespace godwit::runtime
