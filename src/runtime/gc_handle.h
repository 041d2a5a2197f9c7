// GcHandle: a reference that the host holds. What it refers to lives as long as the handle, or the store.
#pragma once

#include <atomic>
#include <utility>

#include "runtime/vm.h"

namespace godwit::runtime {

// What handles share: counted by handles and, while it lives, by the store, whose roots it is one of.
struct GcHandleCell {
  std::atomic<uint32_t> count;
  Ref ref;  // written once, before anybody shares the cell

  void retain() { count.fetch_add(1, std::memory_order_relaxed); }
  void release() {
    if (count.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }
};

// Copied and destroyed on any thread; made by Store::new_handle.
class GcHandle final {
 public:
  GcHandle() = default;
  explicit GcHandle(GcHandleCell* retained) : cell_(retained) {}
  ~GcHandle() {
    if (cell_) cell_->release();
  }
  GcHandle(const GcHandle& other) : cell_(other.cell_) {
    if (cell_) cell_->retain();
  }
  GcHandle(GcHandle&& other) noexcept : cell_(std::exchange(other.cell_, nullptr)) {}
  GcHandle& operator=(GcHandle other) noexcept {
    std::swap(cell_, other.cell_);
    return *this;
  }

  // Null for an empty handle.
  Ref ref() const { return cell_ ? cell_->ref : 0; }
  // The cell, no longer counted by this handle.
  GcHandleCell* give_away() { return std::exchange(cell_, nullptr); }

 private:
  GcHandleCell* cell_ = nullptr;
};

}  // namespace godwit::runtime
