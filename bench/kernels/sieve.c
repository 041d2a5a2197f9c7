// Sieve of Eratosthenes over 1,000,000 bytes: byte stores with a stride. n: repetitions.
// bench: n=40
#include "kernel.h"

enum { kSize = 1000000 };
static uint8_t composite[kSize];

static uint64_t kernel(uint32_t n) {
  uint64_t count = 0;
  for (uint32_t round = 0; round < n; ++round) {
    memset(composite, 0, sizeof composite);
    for (uint32_t i = 2; i < kSize; ++i) {
      if (composite[i]) continue;
      count += i ^ round;
      for (uint32_t j = i * 2; j < kSize; j += i) composite[j] = 1;
    }
  }
  return count;
}
