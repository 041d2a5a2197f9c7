// Store: life, interruption and time limits.
#include "godwit/store.h"

#include "api/impl.h"

namespace godwit::v1 {

Store::Store(const Engine& engine, const Limits& limits)
    : impl_(std::make_unique<Impl>(engine.impl(), to_runtime(limits))) {}
Store::~Store() = default;
Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;

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
