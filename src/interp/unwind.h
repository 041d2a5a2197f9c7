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

// Compiled code that register code has called has returned with something pending (VmStore::pending_exception) to the
// frame whose callee's header this is. An exception is looked for as above. Null: vm() says all about the trap. For a
// tail call, the entry of what is to run in the place of the compiled function, at `fp`, in the context vm().trap_ctx.
struct Left {
  const Cell* target;
  bool is_tail_call;
};
Left leave_compiled(runtime::VmStore& vm, Slot* fp, const Slot* header);

}  // namespace godwit::interp
