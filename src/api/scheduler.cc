// Scheduler: the public face of async's.
#include "godwit/scheduler.h"

#include "api/impl.h"

namespace godwit::v1 {

Result<Scheduler> Scheduler::create() {
  auto made = async::Scheduler::create();
  if (!made) return to_public(std::move(made).error());
  auto impl = std::make_unique<Impl>();
  impl->owned = std::move(*made);
  impl->scheduler = impl->owned.get();
  return Scheduler(std::move(impl));
}

Scheduler::Scheduler(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Scheduler::~Scheduler() = default;
Scheduler::Scheduler(Scheduler&&) noexcept = default;
Scheduler& Scheduler::operator=(Scheduler&&) noexcept = default;

Result<void> Scheduler::spawn(std::function<void()> function) {
  if (auto spawned = impl_->scheduler->spawn(std::move(function)); !spawned)
    return to_public(std::move(spawned).error());
  return {};
}

Result<void> Scheduler::run() {
  if (auto ran = impl_->scheduler->run(); !ran) return to_public(std::move(ran).error());
  return {};
}

}  // namespace godwit::v1
