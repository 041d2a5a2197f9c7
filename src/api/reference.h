// References of the public API: each keeps what it refers to by a handle of the store's.
#pragma once

#include "api/impl.h"
#include "godwit/value.h"
#include "runtime/gc_handle.h"

#pragma GCC visibility push(hidden)
namespace godwit::v1 {

// A value that keeps `ref`, which is not null and of type `type`, ExternRef or OtherRef.
Value keep(Store::Impl& store, ValType type, runtime::Ref ref);

// What a value of any reference type refers to.
runtime::Ref ref_of(const Value& reference);

}  // namespace godwit::v1

#pragma GCC visibility pop
