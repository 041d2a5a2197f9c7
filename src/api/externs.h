// Handles of any kind, and what they lead to.
#pragma once

#include <optional>

#include "godwit/extern.h"
#include "runtime/store.h"

#pragma GCC visibility push(hidden)
namespace godwit::v1 {

// The handle to something of the store with that id.
Extern to_public(const runtime::Extern& value, uint64_t store_id);

// What the handle leads to; nothing if it is not of this store.
std::optional<runtime::Extern> to_runtime(const Extern& value, const Store& store);

}  // namespace godwit::v1

#pragma GCC visibility pop
