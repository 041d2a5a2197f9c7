// The out-of-line parts of calls, as plain C++ functions: they run while handlers wait.
#pragma once

#include "code/cell.h"
#include "runtime/store.h"

namespace godwit::interp {

using code::Cell;
using runtime::Slot;
using runtime::VmContext;

// The entry of own function `defined`, made now; null: ctx->store->trap says why (HostError after an Error was raised in
// the store, or Interrupted).
const Cell* prepare_own(VmContext* ctx, uint32_t defined);

// The function with this `count` is hot: lets its module's code look for a faster tier.
void find_faster_code(VmContext* ctx, const Cell* count);

// What stands behind a native_loop.
runtime::CodeSource::LoopCode loop_code(VmContext* ctx, const Cell* cell);

// True if a function of type `found` may be called as one of type `wanted` (canonical ids).
bool is_callable_as(VmContext* ctx, uint32_t found, uint32_t wanted);

// Runs the host function whose entry is `entry`. `return_cell`, `return_ctx`: where its caller goes on; `caller` is
// the calling instance. False after it has raised an Error.
bool call_host(const Cell* entry, Slot* fp, VmContext* caller, const Cell* return_cell,
               VmContext* return_ctx);

// The records around cells that are entries.
runtime::WasmRecord* wasm_record_of(const Cell* entry);
runtime::HostRecord* host_record_of(const Cell* entry);

}  // namespace godwit::interp
