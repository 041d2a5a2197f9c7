// Caller: what a host function sees of the guest.
#include "godwit/caller.h"

#include "api/externs.h"
#include "api/impl.h"
#include "host/caller.h"
#include "runtime/trap.h"

namespace godwit::v1 {

std::span<uint8_t> Caller::memory() const {
  const host::GuestMemory memory = host::Caller(context_).memory();
  return *memory.bytes(0, memory.size_bytes());
}

Result<std::span<uint8_t>> Caller::bytes(uint64_t address, uint64_t size) const {
  const host::GuestMemory memory = host::Caller(context_).memory();
  if (auto found = memory.bytes(address, size)) return std::span<uint8_t>(*found);
  Error::Parts parts;
  parts.kind = ErrorKind::Trap;
  parts.code = static_cast<uint32_t>(runtime::Trap::MemoryOutOfBounds);
  parts.message = std::string(runtime::to_string(runtime::Trap::MemoryOutOfBounds)) + ": " +
                  std::to_string(size) + " bytes at " + std::to_string(address) +
                  ", given to the host, in a memory of " + std::to_string(memory.size_bytes());
  return Error(std::move(parts));
}

Result<std::string> Caller::text(uint64_t address, uint64_t size) const {
  auto found = bytes(address, size);
  if (!found) return std::move(found).error();
  const runtime::GuestAccess access;
  return std::string(found->begin(), found->end());
}

std::optional<Extern> Caller::find(std::string_view name) const {
  runtime::Instance* instance = host::Caller(context_).instance();
  const Store* owner = store();
  if (instance == nullptr || owner == nullptr) return std::nullopt;
  const auto found = instance->find_export(name);
  return found ? std::optional(to_public(*found, owner->impl().id)) : std::nullopt;
}

Store* Caller::store() const {
  auto* impl = static_cast<Store::Impl*>(host::Caller(context_).store().embedder());
  return impl ? impl->handle : nullptr;
}

bool Caller::interrupted() const { return host::Caller(context_).interrupted(); }

void Caller::raise(Error error) const { host::Caller(context_).raise(to_runtime(std::move(error))); }

}  // namespace godwit::v1
