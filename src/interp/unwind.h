// Finding where a throw goes on, as plain C++ functions: they run while handlers wait.
//
// Each looks for a clause in the frame given and those that wait for it, and returns the cell to go on at, having
// written what the clause wants into its frame; vm().trap_fp and vm().trap_ctx say which frame that is. Null if the
// guest must be left: then vm().trap says why.
#pragma once

#include "code/cell.h"
#include "runtime/vm.h"

namespace godwit::interp {

using code::Cell;
using runtime::Slot;
using runtime::VmContext;

// `ip`: a throw_tag or throw_reference cell.
const Cell* unwind_tag(const Cell* ip, Slot* fp, VmContext* ctx);
const Cell* unwind_reference(const Cell* ip, Slot* fp, VmContext* ctx);

// The host function that was called at `ip` has raised an Error. If that is an exception of this store's and is caught,
// the store's pending error is taken; else it stays (and vm().trap says nothing).
const Cell* unwind_host_error(const Cell* ip, Slot* fp, VmContext* ctx);

// The guest is about to leave compiled code for the reason vm().trap: if that is an exception, or an Error of a host
// function that is one, looks for a clause in the frames of register code further out than that compiled code, up to the
// next compiled code that has called those.
const Cell* unwind_past_compiled(runtime::VmStore& vm);

}  // namespace godwit::interp
