// Fannkuch: permutations and prefix reversals of small arrays. n: the length of the array.
// bench: n=10
#include "kernel.h"

static uint64_t kernel(uint32_t n) {
  int permutation[16], work[16], count[16];
  if (n > 12) n = 12;
  const int length = (int)n;
  int flips_max = 0, checksum = 0, r = length;
  uint32_t index = 0;
  for (int i = 0; i < length; ++i) permutation[i] = i;
  for (;;) {
    for (; r != 1; --r) count[r - 1] = r;
    for (int i = 0; i < length; ++i) work[i] = permutation[i];
    int flips = 0;
    for (int first = work[0]; first != 0; first = work[0]) {
      for (int low = 0, high = first; low < high; ++low, --high) {
        const int t = work[low];
        work[low] = work[high];
        work[high] = t;
      }
      ++flips;
    }
    if (flips > flips_max) flips_max = flips;
    checksum += index % 2 == 0 ? flips : -flips;
    for (;;) {
      if (r == length) return (uint64_t)(uint32_t)checksum << 32 | (uint32_t)flips_max;
      const int first = permutation[0];
      for (int i = 0; i < r; ++i) permutation[i] = permutation[i + 1];
      permutation[r] = first;
      if (--count[r] > 0) break;
      ++r;
    }
    ++index;
  }
}
