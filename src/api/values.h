// Values that lie in slots, as the public API shows them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/impl.h"
#include "godwit/value.h"
#include "runtime/vm.h"
#include "wasm/types.h"

#pragma GCC visibility push(hidden)
namespace godwit::v1 {

// The value of that type at `slot`; a reference is one of the store, and is kept.
Value value_of(wasm::ValType type, const runtime::Slot* slot, Store::Impl& store);

// The error of kind Usage, about `what`, if `value` is not of the type `wanted` and of the store.
std::optional<Error> check_value(const Value& value, wasm::ValType wanted, Store::Impl& store,
                                 const std::string& what);

// Writes a value that was checked to its slots; the first one after them.
runtime::Slot* put_value(const Value& value, runtime::Slot* slot);

// Slots that values of these types take.
size_t slots_of(const std::vector<wasm::ValType>& types);

}  // namespace godwit::v1

#pragma GCC visibility pop
