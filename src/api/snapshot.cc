// Snapshots: taking, using and writing them.
#include "godwit/snapshot.h"

#include "api/externs.h"
#include "api/impl.h"
#include "engine/code_section.h"
#include "engine/snapshot_section.h"
#include "runtime/instance.h"

namespace godwit::v1 {

Result<Snapshot> Instance::snapshot(Store& store) const {
  auto* instance = static_cast<runtime::Instance*>(get(store));
  if (instance == nullptr) return usage_error("the instance belongs to another store");
  runtime::Store& inner = store.impl().store;
  if (inner.innermost_stay() != nullptr)
    return usage_error(
        "a snapshot cannot be taken while a guest of the store runs: its frames are no part of it");
  auto taken = runtime::Blueprint::of(*instance);
  if (!taken) return to_public(std::move(taken).error());
  taken->runs_start = false;
  auto made = std::make_shared<Snapshot::Impl>(
      Module(std::make_shared<const Module::Impl>(store.impl().engine, instance->shared_module())),
      std::make_shared<const runtime::Blueprint>(std::move(*taken)));
  return Snapshot(std::move(made));
}

Result<std::optional<Snapshot>> Snapshot::of(const Module& module) {
  const Module::Impl& inner = *module.impl();
  auto found = engine::snapshot_of(*inner.module, inner.engine->engine->types());
  if (!found) return to_public(std::move(found).error());
  if (*found == nullptr) return std::optional<Snapshot>();
  return std::optional(Snapshot(std::make_shared<Impl>(module, std::move(*found))));
}

Result<Instance> Snapshot::instantiate(Store& store, std::span<const Extern> imports) const {
  return instantiate_with(store, impl_->module, imports, &impl_->blueprint);
}

Result<std::vector<uint8_t>> Snapshot::serialize() const {
  // Neither an older state nor code that knows of one.
  const wasm::Module& module = impl_->module.impl()->module->declarations;
  const Bytes without = std::min(engine::without_snapshot(module), engine::without_code(module),
                                 [](Bytes a, Bytes b) { return a.size() < b.size(); });
  auto bytes = engine::with_snapshot(without, *impl_->blueprint);
  if (!bytes) return to_public(std::move(bytes).error());
  return std::move(*bytes);
}

std::vector<uint8_t> Snapshot::serialize_state() const {
  return engine::snapshot_contents(*impl_->blueprint);
}

Result<Snapshot> Snapshot::with_state(const Module& module, std::span<const uint8_t> state) {
  const Module::Impl& inner = *module.impl();
  auto found = engine::snapshot_of_contents(*inner.module, inner.engine->engine->types(), state);
  if (!found) return to_public(std::move(found).error());
  return Snapshot(std::make_shared<Impl>(module, std::move(*found)));
}

const Module& Snapshot::module() const { return impl_->module; }

Result<Instance> Linker::instantiate(Store& store, const Snapshot& snapshot) const {
  if (auto error = check_engine(store, snapshot.module())) return std::move(*error);
  store.impl().keep(impl_->parts);
  const auto& module = snapshot.module().impl()->module;
  auto imports = impl_->linker.resolve(store.impl().store, *module);
  if (!imports) return to_public(std::move(imports).error());
  auto made = runtime::instantiate(store.impl().store, module, snapshot.impl()->blueprint, *imports);
  if (!made) return to_public(std::move(made).error());
  return Instance(store.impl().id, *made);
}

}  // namespace godwit::v1
