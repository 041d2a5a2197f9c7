// Limits: what a store's guests may use. They hold in every tier.
#pragma once

#include <cstdint>

namespace godwit::runtime {

struct Limits {
  uint64_t max_memory_bytes = uint64_t{4} << 30;  // of one memory
  uint64_t max_total_memory_bytes = uint64_t{8}
                                    << 30;   // of all memories, tables and garbage-collected heaps together
  uint64_t max_table_elements = 10'000'000;  // of one table
  uint64_t max_gc_heap_bytes = uint64_t{4} << 30;  // structs, arrays, exceptions; it cannot be more
  uint32_t max_instances = 10'000;
  uint32_t max_memories = 10'000;
  uint32_t max_tables = 10'000;
  uint64_t stack_bytes = uint64_t{8} << 20;  // guest frames
  uint64_t native_stack_bytes = uint64_t{8}
                                << 20;  // host functions (libraries expect this much) and compiled code
  // Taken by what runs in code that counts it; 2^63 - 1 is without end.
  uint64_t fuel = uint64_t{1} << 63;
  // For tests: collect at every allocation of the guest's, so that a reference that is not seen is soon missed.
  bool gc_collects_always = false;
};

}  // namespace godwit::runtime
