// Limits: what a store's guests may use. They hold in every tier.
#pragma once

#include <cstdint>

namespace godwit::runtime {

struct Limits {
  uint64_t max_memory_bytes = uint64_t{4} << 30;  // of one memory
  uint64_t max_table_elements = 10'000'000;       // of one table
  uint32_t max_instances = 10'000;
  uint32_t max_memories = 10'000;
  uint32_t max_tables = 10'000;
  uint64_t stack_bytes = uint64_t{8} << 20;  // guest frames
  uint64_t native_stack_bytes = uint64_t{8}
                                << 20;  // host functions (libraries expect this much) and compiled code
};

}  // namespace godwit::runtime
