// Store: life, interruption and time limits.
#include "godwit/store.h"

#include "api/impl.h"
#include "api/reference.h"
#include "runtime/gc_heap.h"

namespace godwit::v1 {

Store::Store(const Engine& engine, const Limits& limits)
    : impl_(std::make_unique<Impl>(engine.parts().own(), to_runtime(limits))), head_(&impl_->head) {
  impl_->handle = this;
}
Store::~Store() = default;
Store::Store(Store&& other) noexcept : impl_(std::move(other.impl_)), head_(other.head_) {
  if (impl_) impl_->handle = this;
}
Store& Store::operator=(Store&& other) noexcept {
  impl_ = std::move(other.impl_);
  head_ = other.head_;
  if (impl_) impl_->handle = this;
  return *this;
}

Result<Value> Store::externref(uint64_t host_value) {
  auto ref = impl_->store.new_extern(host_value);
  if (!ref) return to_public(std::move(ref).error());
  return keep(*impl_, ValType::ExternRef, *ref);
}

std::optional<uint64_t> Store::host_value(const Value& reference) const {
  const ValType type = reference.type();
  if ((type != ValType::ExternRef && type != ValType::OtherRef) || reference.is_null() ||
      reference.bits()[1] != impl_->id)
    return std::nullopt;
  return impl_->store.extern_value(ref_of(reference));
}

Result<void> Store::collect_garbage() {
  if (auto collected = impl_->store.collect_garbage(); !collected)
    return to_public(std::move(collected).error());
  return {};
}

Store::GarbageStatistics Store::garbage_statistics() const {
  const runtime::GcHeap* heap = impl_->store.gc_heap();
  if (!heap) return {};
  const runtime::GcStatistics& found = heap->statistics();
  return {.collections = found.collections,
          .total_pause = std::chrono::nanoseconds(found.total_pause_ns),
          .longest_pause = std::chrono::nanoseconds(found.longest_pause_ns),
          .allocated_bytes = found.allocated_bytes,
          .live_bytes = found.live_bytes};
}

uint64_t Store::fuel() const { return impl_->store.fuel(); }
void Store::set_fuel(uint64_t fuel) { impl_->store.set_fuel(fuel); }

void Store::interrupt() { impl_->store.interrupt(); }

Result<void> Store::set_timeout(std::chrono::nanoseconds timeout) {
  if (timeout.count() <= 0) return usage_error("a timeout is more than zero");
  impl_->watchdog.reset();
  auto watchdog = platform::Watchdog::start(static_cast<uint64_t>(timeout.count()),
                                            [store = &impl_->store] { store->interrupt(); });
  if (!watchdog) return to_public(std::move(watchdog).error());
  impl_->watchdog.emplace(std::move(*watchdog));
  return {};
}

}  // namespace godwit::v1
