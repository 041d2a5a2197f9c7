// Func: calls with values whose types are checked at run time.
#include "godwit/func.h"

#include <array>

#include "api/impl.h"
#include "api/values.h"

namespace godwit::v1 {
namespace {

// Room for the slots of one call: on the stack for ordinary signatures.
class CallSlots final {
 public:
  explicit CallSlots(size_t count) {
    if (count <= few_.size()) {
      slots_ = {few_.data(), count};
    } else {
      many_.resize(count);
      slots_ = many_;
    }
  }
  std::span<runtime::Slot> span() const { return slots_; }

 private:
  std::array<runtime::Slot, 16> few_{};
  std::vector<runtime::Slot> many_;
  std::span<runtime::Slot> slots_;
};

Error wrong_store() { return usage_error("the function belongs to another store"); }

}  // namespace

void* Func::get(const Store& store) const { return store.impl().id == store_id_ ? record_ : nullptr; }

Result<void> Func::call_slots(Store& store, std::span<uint64_t> slots) const {
  if (store.impl().id != store_id_) return wrong_store();
  if (auto called = store.impl().store.call(*static_cast<runtime::FuncRecord*>(record_), slots); !called)
    return to_public(std::move(called).error());
  return {};
}

Result<FuncType> Func::type(const Store& store) const {
  if (store.impl().id != store_id_) return wrong_store();
  const auto* record = static_cast<const runtime::FuncRecord*>(record_);
  return to_public(store.impl().store.types().func_type(record->type));
}

Result<std::vector<Value>> Func::call(Store& store, std::span<const Value> args) const {
  Store::Impl& impl = store.impl();
  if (impl.id != store_id_) return wrong_store();
  auto& record = *static_cast<runtime::FuncRecord*>(record_);
  const wasm::FuncType& type = impl.store.types().func_type(record.type);
  if (args.size() != type.params.size())
    return usage_error("the function takes " + std::to_string(type.params.size()) + " arguments, but got " +
                       std::to_string(args.size()));
  const CallSlots slots(std::max(slots_of(type.params), slots_of(type.results)));
  runtime::Slot* slot = slots.span().data();
  for (size_t i = 0; i < args.size(); ++i) {
    if (auto error = check_value(args[i], type.params[i], impl, "argument " + std::to_string(i + 1)))
      return std::move(*error);
    slot = put_value(args[i], slot);
  }
  if (auto called = impl.store.call(record, slots.span()); !called)
    return to_public(std::move(called).error());
  std::vector<Value> results;
  results.reserve(type.results.size());
  slot = slots.span().data();
  for (wasm::ValType result : type.results) {
    results.push_back(value_of(result, slot, impl));
    slot += result.slots();
  }
  return results;
}

}  // namespace godwit::v1
