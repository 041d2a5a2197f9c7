// Values that lie in slots, as the public API shows them.
#pragma once

#include "api/impl.h"
#include "godwit/value.h"
#include "runtime/vm.h"
#include "wasm/types.h"

namespace godwit::v1 {

// The value of that type at `slot`; a reference is one of the store, and is kept.
Value value_of(wasm::ValType type, const runtime::Slot* slot, Store::Impl& store);

}  // namespace godwit::v1
