// Handles: what a guest holds instead of pointers.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

namespace godwit::nn {

// Numbers objects from 0 on; a number is never used twice, so that a guest's stale handle finds nothing instead of
// somebody else's object. @threads any.
template <class T>
class Handles final {
 public:
  explicit Handles(size_t limit) : limit_(limit) {}

  // Nothing if `limit` objects are alive, or all numbers are used up.
  std::optional<uint32_t> add(std::shared_ptr<T> object) {
    const std::lock_guard lock(mutex_);
    if (objects_.size() >= limit_ || next_ > UINT32_MAX) return std::nullopt;
    const uint32_t handle = static_cast<uint32_t>(next_++);
    objects_.emplace(handle, std::move(object));
    return handle;
  }

  // Null if the guest has no such handle.
  std::shared_ptr<T> find(uint32_t handle) const {
    const std::lock_guard lock(mutex_);
    const auto found = objects_.find(handle);
    return found == objects_.end() ? nullptr : found->second;
  }

  // Takes the handle away; gives what it stood for, or null.
  std::shared_ptr<T> remove(uint32_t handle) {
    const std::lock_guard lock(mutex_);
    const auto node = objects_.extract(handle);
    return node ? node.mapped() : nullptr;
  }

 private:
  const size_t limit_;
  mutable std::mutex mutex_;
  uint64_t next_ = 0;
  std::map<uint32_t, std::shared_ptr<T>> objects_;
};

}  // namespace godwit::nn
