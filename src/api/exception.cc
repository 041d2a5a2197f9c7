// Tag, Exception: handles to what the runtime has.
#include "godwit/exception.h"

#include "api/impl.h"
#include "api/values.h"
#include "runtime/exception.h"
#include "runtime/memory.h"

namespace godwit::v1 {
namespace {

Error wrong_store(std::string_view what) {
  return usage_error(std::string(what) + " belongs to another store");
}

// The exception, if it is of this store.
const runtime::CaughtException* caught_of(const std::shared_ptr<void>& caught, const Store& store) {
  const auto* exception = static_cast<const runtime::CaughtException*>(caught.get());
  return exception->store() == &store.impl().store ? exception : nullptr;
}

}  // namespace

Result<Tag> Tag::create(Store& store, std::span<const ValType> payload) {
  wasm::FuncType type;
  for (ValType each : payload) {
    const auto param = to_runtime(each);
    if (!param) return usage_error("a tag's values cannot be of type " + std::string(to_string(each)));
    type.params.push_back(*param);
  }
  runtime::Store& inner = store.impl().store;
  return Tag(store.impl().id, inner.new_tag(inner.types().intern(type)));
}

void* Tag::get(const Store& store) const { return store.impl().id == store_id_ ? tag_ : nullptr; }

Result<std::vector<ValType>> Tag::type(const Store& store) const {
  const auto* tag = static_cast<const runtime::Tag*>(get(store));
  if (tag == nullptr) return wrong_store("the tag");
  return to_public(store.impl().store.types().func_type(tag->type_id())).params;
}

Result<Tag> Exception::tag(const Store& store) const {
  const auto* caught = caught_of(caught_, store);
  if (caught == nullptr) return wrong_store("the exception");
  return Tag(store.impl().id, caught->tag());
}

Result<std::vector<Value>> Exception::values(const Store& store) const {
  const auto* caught = caught_of(caught_, store);
  if (caught == nullptr) return wrong_store("the exception");
  const std::vector<runtime::Slot> payload = caught->payload();
  const wasm::FuncType& type = store.impl().store.types().func_type(caught->tag()->type_id());
  std::vector<Value> values;
  values.reserve(type.params.size());
  const runtime::Slot* slot = payload.data();
  for (wasm::ValType each : type.params) {
    values.push_back(value_of(each, slot, store.impl()));
    slot += each.slots();
  }
  return values;
}

}  // namespace godwit::v1
