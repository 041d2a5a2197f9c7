// Threads: making what lets guests start threads.
#include "godwit/threads.h"

#include "api/impl.h"

namespace godwit::v1 {

Threads::Threads(const Module& module, const ThreadsConfig& config) : impl_(std::make_unique<Impl>()) {
  impl_->module = module.impl();
  impl_->config = {.max_threads = config.max_threads, .limits = to_runtime(config.limits)};
}
Threads::~Threads() = default;
Threads::Threads(Threads&&) noexcept = default;
Threads& Threads::operator=(Threads&&) noexcept = default;

bool Threads::are_wanted_by(const Module& module) {
  return wasi::Threads::are_wanted_by(*module.impl()->module);
}

}  // namespace godwit::v1
