// Values that lie in slots, as the public API shows them.
#include "api/values.h"

#include "api/convert.h"
#include "api/reference.h"

namespace godwit::v1 {

Value value_of(wasm::ValType type, const runtime::Slot* slot, Store::Impl& store) {
  const ValType shown = to_public(type);
  switch (shown) {
    case ValType::I32:
    case ValType::F32: return Value::from_bits(shown, static_cast<uint32_t>(slot[0]), 0);
    case ValType::I64:
    case ValType::F64: return Value::from_bits(shown, slot[0], 0);
    case ValType::V128: return Value::from_bits(shown, slot[0], slot[1]);
    case ValType::FuncRef:
    case ValType::ExternRef:
    case ValType::OtherRef: break;
  }
  if (slot[0] == 0) return Value::null(shown);
  return shown == ValType::FuncRef ? Value::from_bits(shown, slot[0], store.id) : keep(store, shown, slot[0]);
}

// A reference's bits are what keeps it (see reference.h), or the function, and its store's id.
std::optional<Error> check_value(const Value& value, wasm::ValType wanted, Store::Impl& store,
                                 const std::string& what) {
  // A host's reference may be passed as anyref, too.
  const bool is_host_any = value.type() == ValType::ExternRef && to_public(wanted) == ValType::OtherRef;
  if (value.type() != to_public(wanted) && !is_host_any)
    return usage_error(what + " is " + std::string(to_string(value.type())) + ", not " +
                       wasm::to_string(wanted));
  if (!wanted.is_ref()) return std::nullopt;
  if (value.is_null()) {
    if (!wanted.nullable()) return usage_error(what + " is null, not " + wasm::to_string(wanted));
    return std::nullopt;
  }
  if (value.bits()[1] != store.id) return usage_error(what + " is a reference of another store");
  if (!store.store.is_of(ref_of(value), wanted))
    return usage_error(what + " is a reference of another type, not of " + wasm::to_string(wanted));
  return std::nullopt;
}

runtime::Slot* put_value(const Value& value, runtime::Slot* slot) {
  *slot++ = value.type() >= ValType::FuncRef ? ref_of(value) : value.bits()[0];
  if (value.type() == ValType::V128) *slot++ = value.bits()[1];
  return slot;
}

size_t slots_of(const std::vector<wasm::ValType>& types) {
  size_t count = 0;
  for (wasm::ValType type : types) count += type.slots();
  return count;
}

}  // namespace godwit::v1
