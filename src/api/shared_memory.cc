// SharedMemory: making, reading and growing.
#include "godwit/shared_memory.h"

#include "api/impl.h"

namespace godwit::v1 {

Result<SharedMemory> SharedMemory::create(const SharedMemoryType& type, const Limits& limits) {
  if (type.min_pages > type.max_pages) return usage_error("a memory cannot begin larger than it may become");
  const uint64_t most = uint64_t{1} << (type.is_64 ? 48 : 16);
  if (type.max_pages > most)
    return usage_error("a memory of " + std::to_string(type.max_pages) +
                       " pages cannot be addressed: at most " + std::to_string(most));
  const wasm::MemType inner = {.limits = {.min = type.min_pages,
                                          .max = type.max_pages,
                                          .addr = type.is_64 ? wasm::AddrType::I64 : wasm::AddrType::I32},
                               .is_shared = true};
  auto made = runtime::Memory::create(inner, limits.max_memory_bytes);
  if (!made) return to_public(std::move(made).error());
  return SharedMemory(std::make_shared<Impl>(std::move(*made)));
}

std::span<uint8_t> SharedMemory::bytes() const { return impl_->memory->bytes(); }
uint64_t SharedMemory::pages() const { return impl_->memory->pages(); }

Result<uint64_t> SharedMemory::grow(uint64_t delta) {
  const uint64_t before = impl_->memory->grow(delta);
  if (before != ~uint64_t{0}) return before;
  return exhausted_error("the memory cannot grow by " + std::to_string(delta) + " pages");
}

}  // namespace godwit::v1
