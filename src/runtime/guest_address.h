// Addresses in guest memories, as the host's pointers. This is the only place where one is made: `./dev lint addresses` holds
// it. What the optimising compiler emits, and it alone, makes its own.
#pragma once

#include <cstdint>

#include "runtime/vm.h"

namespace godwit::runtime {

// An access of a memory whose reservation covers every address that `effective` can be: the sum of two numbers of 32 bits,
// for a memory with 32-bit addresses and pages of 64 KiB. What lies beyond its size faults.
// @param memory0 VmContext::memory0_base, of such a memory.
[[gnu::always_inline]] inline uint8_t* unchecked_place(uint8_t* memory0, uint64_t effective) {
  return memory0 + effective;
}

// `size` bytes of any memory at an address of the guest's; null if they are not all inside. 0 bytes may stand at the very
// end. Neither number is trusted: no sum is made of them.
[[gnu::always_inline]] inline uint8_t* checked_place(const VmMemory& memory, uint64_t address,
                                                     uint64_t size) {
  // acquire: another thread may have made the pages accessible
  const uint64_t limit = memory.size_bytes.load(std::memory_order_acquire);
  if (limit < size || address > limit - size) [[unlikely]]
    return nullptr;
  return memory.base + address;
}

}  // namespace godwit::runtime
