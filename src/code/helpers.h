// The larger operations of memories and tables, outside the handlers: each checks its operands in 64 bits before it
// touches anything, and returns the trap if there is one. Those that may take long poll for interruption.
// spec: https://webassembly.github.io/spec/core/exec/instructions.html#memory-instructions
#pragma once

#include <cstdint>

#include "runtime/trap.h"
#include "runtime/vm.h"

namespace godwit::code::helpers {

using runtime::Ref;
using runtime::Trap;
using runtime::VmContext;

// The old size in pages, or all ones if the memory cannot grow.
uint64_t memory_grow(VmContext* ctx, uint32_t memory, uint64_t delta_pages);
uint64_t memory_size(VmContext* ctx, uint32_t memory);
Trap memory_fill(VmContext* ctx, uint32_t memory, uint64_t to, uint8_t value, uint64_t size);
Trap memory_copy(VmContext* ctx, uint32_t to_memory, uint32_t from_memory, uint64_t to, uint64_t from,
                 uint64_t size);
Trap memory_init(VmContext* ctx, uint32_t data, uint32_t memory, uint64_t to, uint64_t from, uint64_t size);
void data_drop(VmContext* ctx, uint32_t data);

// A trap, or what the instruction returns.
struct AtomicOutcome {
  Trap trap;
  uint32_t value;
};
// `place` lies inside the memory and is aligned. T is uint32_t or uint64_t. A negative timeout is none.
template <class T>
AtomicOutcome atomic_wait(VmContext* ctx, uint32_t memory, const T* place, T expected, int64_t timeout_ns);
uint32_t atomic_notify(VmContext* ctx, uint32_t memory, const void* place, uint32_t count);

uint64_t table_grow(VmContext* ctx, uint32_t table, uint64_t delta, Ref init);
Trap table_fill(VmContext* ctx, uint32_t table, uint64_t to, Ref value, uint64_t size);
Trap table_copy(VmContext* ctx, uint32_t to_table, uint32_t from_table, uint64_t to, uint64_t from,
                uint64_t size);
Trap table_init(VmContext* ctx, uint32_t elem, uint32_t table, uint64_t to, uint64_t from, uint64_t size);
void elem_drop(VmContext* ctx, uint32_t elem);

// The reference to a function of the instance.
Ref ref_func(VmContext* ctx, uint32_t func);

}  // namespace godwit::code::helpers
