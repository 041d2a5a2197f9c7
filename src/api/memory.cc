// Memory: what the handle leads to.
#include "godwit/memory.h"

#include "api/impl.h"

namespace godwit::v1 {
namespace {

Error wrong_store() { return usage_error("the memory belongs to another store"); }

}  // namespace

Result<Memory> Memory::create(Store& store, const MemoryType& type) {
  if (type.page_bytes != 1 && type.page_bytes != 65536)
    return usage_error("a page has 1 or 65536 bytes, not " + std::to_string(type.page_bytes));
  const uint8_t page_size_log2 = type.page_bytes == 1 ? 0 : 16;
  // spec: https://webassembly.github.io/spec/core/valid/types.html#memory-types
  const uint64_t most = page_size_log2 == 0 ? (type.is_64 ? ~uint64_t{0} : ~uint32_t{0})
                                            : uint64_t{1} << (type.is_64 ? 48 : 16);
  const uint64_t wanted = type.max_pages.value_or(type.min_pages);
  if (type.min_pages > wanted) return usage_error("a memory cannot begin larger than it may become");
  if (wanted > most)
    return usage_error("a memory of " + std::to_string(wanted) + " pages cannot be addressed: at most " +
                       std::to_string(most));
  if (type.is_shared && !type.max_pages) return usage_error("a shared memory needs a maximum");
  const wasm::MemType inner = {.limits = {.min = type.min_pages,
                                          .max = type.max_pages,
                                          .addr = type.is_64 ? wasm::AddrType::I64 : wasm::AddrType::I32},
                               .is_shared = type.is_shared,
                               .page_size_log2 = page_size_log2};
  auto made = store.impl().store.new_memory(inner);
  if (!made) return to_public(std::move(made).error());
  return Memory(store.impl().id, *made);
}

void* Memory::object(const Store& store) const { return store.impl().id == store_id_ ? memory_ : nullptr; }

Result<MemoryType> Memory::type(const Store& store) const {
  const auto* memory = static_cast<const runtime::Memory*>(object(store));
  if (memory == nullptr) return wrong_store();
  return to_public(memory->type());
}

Result<std::span<uint8_t>> Memory::bytes(const Store& store) const {
  auto* memory = static_cast<runtime::Memory*>(object(store));
  if (memory == nullptr) return wrong_store();
  return std::span<uint8_t>(memory->bytes());
}

Result<uint64_t> Memory::pages(const Store& store) const {
  const auto* memory = static_cast<const runtime::Memory*>(object(store));
  if (memory == nullptr) return wrong_store();
  return memory->pages();
}

Result<uint64_t> Memory::grow(Store& store, uint64_t delta) const {
  auto* memory = static_cast<runtime::Memory*>(object(store));
  if (memory == nullptr) return wrong_store();
  const uint64_t before = memory->grow(delta);
  if (before != ~uint64_t{0}) return before;
  return exhausted_error("the memory cannot grow by " + std::to_string(delta) + " pages");
}

}  // namespace godwit::v1
