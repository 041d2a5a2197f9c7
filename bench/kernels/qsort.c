// Quicksort of 200,000 integers, written out: compares, swaps and unpredictable branches. n: repetitions.
// bench: n=8
#include "kernel.h"

enum { kSize = 200000 };
static int32_t values[kSize];

static void sort(int32_t* low, int32_t* high) {
  while (high - low > 16) {
    const int32_t pivot = low[(high - low) / 2];
    int32_t *i = low, *j = high;
    while (i <= j) {
      while (*i < pivot) ++i;
      while (*j > pivot) --j;
      if (i <= j) {
        const int32_t t = *i;
        *i++ = *j;
        *j-- = t;
      }
    }
    if (j - low < high - i) {
      sort(low, j);
      low = i;
    } else {
      sort(i, high);
      high = j;
    }
  }
  for (int32_t* i = low + 1; i <= high; ++i) {
    const int32_t t = *i;
    int32_t* j = i;
    for (; j > low && j[-1] > t; --j) *j = j[-1];
    *j = t;
  }
}

static uint64_t kernel(uint32_t n) {
  uint64_t state = 1, sum = 0;
  for (uint32_t round = 0; round < n; ++round) {
    for (int i = 0; i < kSize; ++i) values[i] = (int32_t)next_random(&state);
    sort(values, values + kSize - 1);
    for (int i = 1; i < kSize; ++i) sum += (uint64_t)(values[i - 1] <= values[i]) * (uint32_t)values[i];
  }
  return sum;
}
