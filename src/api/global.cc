// Global: what the handle leads to.
#include "godwit/global.h"

#include "api/impl.h"
#include "api/values.h"

namespace godwit::v1 {
namespace {

Error wrong_store() { return usage_error("the global belongs to another store"); }

}  // namespace

Result<Global> Global::create(Store& store, const GlobalType& type, const Value& value) {
  const auto inner = to_runtime(type.value);
  if (!inner) return usage_error("a global cannot be of type " + std::string(to_string(type.value)));
  if (auto error = check_value(value, *inner, store.impl(), "the value")) return std::move(*error);
  runtime::Slot slots[2] = {};
  put_value(value, slots);
  return Global(store.impl().id,
                store.impl().store.new_global({.val = *inner, .is_mutable = type.is_mutable}, slots));
}

void* Global::object(const Store& store) const { return store.impl().id == store_id_ ? global_ : nullptr; }

Result<GlobalType> Global::type(const Store& store) const {
  const auto* global = static_cast<const runtime::Global*>(object(store));
  if (global == nullptr) return wrong_store();
  return to_public(global->type());
}

Result<Value> Global::get(Store& store) const {
  const auto* global = static_cast<const runtime::Global*>(object(store));
  if (global == nullptr) return wrong_store();
  return value_of(global->type().val, global->vm()->value, store.impl());
}

Result<void> Global::set(Store& store, const Value& value) const {
  const auto* global = static_cast<const runtime::Global*>(object(store));
  if (global == nullptr) return wrong_store();
  if (!global->type().is_mutable) return usage_error("the global is a constant");
  if (auto error = check_value(value, global->type().val, store.impl(), "the value"))
    return std::move(*error);
  put_value(value, global->vm()->value);
  return {};
}

}  // namespace godwit::v1
