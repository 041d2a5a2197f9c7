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

}  // namespace godwit::v1
