// Linker: definitions and instantiation.
#include "godwit/linker.h"

#include "api/externs.h"
#include "api/impl.h"

namespace godwit::v1 {

Linker::Linker() : impl_(std::make_unique<Impl>()) {}
Linker::~Linker() = default;
Linker::Linker(Linker&&) noexcept = default;
Linker& Linker::operator=(Linker&&) noexcept = default;

void Linker::define(Wasi& wasi) { wasi::define(impl_->linker, *wasi.impl().wasi); }
void Linker::define(Nn& nn) { nn.impl().guest.define(impl_->linker); }

void Linker::define(Tls& tls) { tls.impl().guest.define(impl_->linker); }

Result<void> Linker::define(Threads& threads) {
  Threads::Impl& inner = threads.impl();
  if (inner.threads) return usage_error("these threads are defined in a linker already");
  auto made = wasi::Threads::define(impl_->linker, inner.module->module, inner.config);
  if (!made) return to_public(std::move(made).error());
  inner.threads = std::move(*made);
  return {};
}

void Linker::define(std::string_view module, std::string_view name, const SharedMemory& memory) {
  impl_->linker.define(module, name, memory.impl().memory);
}

Result<void> Linker::define(Store& store, std::string_view name, const Instance& instance) {
  auto* inner = instance.get(store);
  if (inner == nullptr) return usage_error("the instance belongs to another store");
  impl_->linker.define(name, *static_cast<runtime::Instance*>(inner));
  return {};
}

Result<void> Linker::define(Store& store, std::string_view module, std::string_view name,
                            const Extern& value) {
  const auto inner = to_runtime(value, store);
  if (!inner)
    return usage_error("what is to be defined as \"" + std::string(name) + "\" belongs to another store");
  impl_->linker.define(module, name, *inner);
  return {};
}

void Linker::hint(std::string_view module, std::string_view text) { impl_->linker.hint(module, text); }

Result<Instance> Linker::instantiate(Store& store, const Module& module) const {
  if (auto error = check_engine(store, module)) return std::move(*error);
  // Not for nothing: all threads count there.
  if (!module.impl()->module->declarations.imports.empty()) store.impl().keep(impl_->parts);
  auto made = impl_->linker.instantiate(store.impl().store, module.impl()->module);
  if (!made) return to_public(std::move(made).error());
  return Instance(store.impl().id, *made);
}

}  // namespace godwit::v1
