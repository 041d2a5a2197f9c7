// Instance: looking up exports.
#include "godwit/instance.h"

#include "api/impl.h"
#include "runtime/instance.h"

namespace godwit::v1 {

// The runtime::Instance, or null if it is not of this store.
void* Instance::get(const Store& store) const { return store.impl().id == store_id_ ? instance_ : nullptr; }

namespace {

std::optional<runtime::Extern> find(void* instance, std::string_view name, wasm::ExternKind kind) {
  if (instance == nullptr) return std::nullopt;
  const auto found = static_cast<runtime::Instance*>(instance)->find_export(name);
  return found && found->kind == kind ? found : std::nullopt;
}

}  // namespace

std::optional<Func> Instance::find_func(Store& store, std::string_view name) const {
  const auto found = find(get(store), name, wasm::ExternKind::Func);
  if (!found) return std::nullopt;
  return Func(store_id_, found->func);
}

std::optional<Tag> Instance::find_tag(Store& store, std::string_view name) const {
  const auto found = find(get(store), name, wasm::ExternKind::Tag);
  if (!found) return std::nullopt;
  return Tag(store_id_, found->tag);
}

}  // namespace godwit::v1
