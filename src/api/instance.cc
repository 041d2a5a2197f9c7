// Instance: looking up exports.
#include "godwit/instance.h"

#include "api/impl.h"
#include "runtime/instance.h"

namespace godwit::v1 {

// The runtime::Instance, or null if it is not of this store.
void* Instance::get(const Store& store) const { return store.impl().id == store_id_ ? instance_ : nullptr; }

std::optional<Func> Instance::find_func(Store& store, std::string_view name) const {
  auto* instance = static_cast<runtime::Instance*>(get(store));
  if (instance == nullptr) return std::nullopt;
  const auto found = instance->find_export(name);
  if (!found || found->kind != wasm::ExternKind::Func) return std::nullopt;
  return Func(store_id_, found->func);
}

}  // namespace godwit::v1
