// Func: calls with values whose types are checked at run time.
#include "godwit/func.h"

#include <array>

#include "api/impl.h"
#include "api/reference.h"
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

size_t slots_of(const std::vector<wasm::ValType>& types) {
  size_t count = 0;
  for (wasm::ValType type : types) count += type.slots();
  return count;
}

// A reference's bits are what keeps it (see reference.h), or the function, and its store's id.
std::optional<Error> check_argument(const Value& value, wasm::ValType wanted, Store::Impl& store,
                                    size_t position) {
  const std::string what = "argument " + std::to_string(position + 1);
  // A host's reference may be passed as anyref, too.
  const bool is_host_any = value.type() == ValType::ExternRef && to_public(wanted) == ValType::OtherRef;
  if (value.type() != to_public(wanted) && !is_host_any)
    return usage_error(what + " is " + std::string(to_string(value.type())) + ", but the function wants " +
                       wasm::to_string(wanted));
  if (!wanted.is_ref()) return std::nullopt;
  if (value.is_null()) {
    if (!wanted.nullable())
      return usage_error(what + " is null, but the function wants " + wasm::to_string(wanted));
    return std::nullopt;
  }
  if (value.bits()[1] != store.id) return usage_error(what + " is a reference of another store");
  if (!store.store.is_of(ref_of(value), wanted))
    return usage_error(what + " is a reference of another type, the function wants " +
                       wasm::to_string(wanted));
  return std::nullopt;
}

Error wrong_store() { return usage_error("the function belongs to another store"); }

}  // namespace

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
    if (auto error = check_argument(args[i], type.params[i], impl, i)) return std::move(*error);
    *slot++ = type.params[i].is_ref() ? ref_of(args[i]) : args[i].bits()[0];
    if (args[i].type() == ValType::V128) *slot++ = args[i].bits()[1];
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
