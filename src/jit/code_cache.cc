// First fit over ranges that are joined when they are given back.
#include "jit/code_cache.h"

#include <iterator>

namespace godwit::jit {

namespace {

constexpr size_t kAlignment = 32;

}  // namespace

std::optional<CodeCache::Block> CodeCache::allocate(size_t size) {
  size = (size + kAlignment - 1) & ~(kAlignment - 1);
  const std::lock_guard lock(mutex_);
  if (!is_made_) {
    is_made_ = true;
    if (auto memory = platform::CodeMemory::create(limit_bytes_)) {
      memory_ = std::move(*memory);
      range_ = platform::GuestCodeRange(memory_.executable(), memory_.executable() + memory_.size_bytes());
      free_.emplace(0, memory_.size_bytes());
    } else {
      obstacle_ = memory.error().message();
    }
  }
  for (auto range = free_.begin(); range != free_.end(); ++range) {
    const auto [offset, room] = *range;
    if (room < size) continue;
    free_.erase(range);
    if (room > size) free_.emplace(offset + size, room - size);
    used_bytes_ += size;
    return Block{memory_.writable() + offset, memory_.executable() + offset, size};
  }
  return std::nullopt;
}

void CodeCache::release(const Block& block) {
  const std::lock_guard lock(mutex_);
  auto offset = static_cast<size_t>(block.executable - memory_.executable());
  size_t size = block.size;
  used_bytes_ -= size;
  auto after = free_.lower_bound(offset);
  if (after != free_.end() && after->first == offset + size) {
    size += after->second;
    after = free_.erase(after);
  }
  if (after != free_.begin()) {
    auto before = std::prev(after);
    if (before->first + before->second == offset) {
      before->second += size;
      return;
    }
  }
  free_.emplace(offset, size);
}

size_t CodeCache::used_bytes() const {
  const std::lock_guard lock(mutex_);
  return used_bytes_;
}

std::string CodeCache::obstacle() const {
  const std::lock_guard lock(mutex_);
  return obstacle_;
}

}  // namespace godwit::jit
