// The larger operations on the garbage-collected heap, outside the handlers.
// spec: https://webassembly.github.io/spec/core/exec/instructions.html#aggregate-instructions
#pragma once

#include <cstdint>

#include "runtime/gc_heap.h"
#include "runtime/trap.h"
#include "runtime/vm.h"

namespace godwit::code::helpers {

using runtime::Ref;
using runtime::Slot;
using runtime::Trap;
using runtime::VmContext;

// A new object, which may collect. The frame holds nothing from `frames_end` on; references live in frames only.
runtime::GcAllocation gc_allocate(VmContext* ctx, const Slot* frames_end, uint32_t header,
                                  uint64_t size_bytes);
// What stands for a function in the heap.
runtime::RefWord gc_func_word(VmContext* ctx, Ref func);
// True if the function, which is not null, has the type `wanted` (a canonical id) or a subtype.
bool gc_is_func_of(VmContext* ctx, Ref func, uint32_t wanted);

// Operations on arrays. `at` are their operands in slots, in order; a new array's reference takes the place of the
// first. `type` is the header of the array's type and its GcStorage << 32; what `more` is, is said at each.
// Each checks its operands before it writes anything; those that may take long poll for interruption.
//
// value, length; more: nothing
Trap array_new(VmContext* ctx, Slot* at, uint64_t type, uint64_t more);
// length
Trap array_new_default(VmContext* ctx, Slot* at, uint64_t type, uint64_t more);
// the elements; more: how many
Trap array_new_fixed(VmContext* ctx, Slot* at, uint64_t type, uint64_t more);
// offset, length; more: the segment
Trap array_new_data(VmContext* ctx, Slot* at, uint64_t type, uint64_t more);
Trap array_new_elem(VmContext* ctx, Slot* at, uint64_t type, uint64_t more);
// array, index, value, length
Trap array_fill(VmContext* ctx, Slot* at, uint64_t type, uint64_t more);
// array, index, array to copy from, index there, length
Trap array_copy(VmContext* ctx, Slot* at, uint64_t type, uint64_t more);
// array, index, offset, length; more: the segment
Trap array_init_data(VmContext* ctx, Slot* at, uint64_t type, uint64_t more);
Trap array_init_elem(VmContext* ctx, Slot* at, uint64_t type, uint64_t more);

}  // namespace godwit::code::helpers
