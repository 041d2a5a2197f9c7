// Dot products of int8 vectors of 4096 elements, as quantised models compute them. n: repetitions in hundreds.
// bench: n=1500
#include "kernel.h"

enum { kSize = 4096 };
static int8_t a[kSize], b[kSize];

__attribute__((noinline)) static int32_t dot(const int8_t* x, const int8_t* y) {
  int32_t sum = 0;
  for (int i = 0; i < kSize; ++i) sum += (int32_t)x[i] * y[i];
  return sum;
}

static uint64_t kernel(uint32_t n) {
  uint64_t state = 5, sum = 0;
  for (int i = 0; i < kSize; ++i) {
    a[i] = (int8_t)next_random(&state);
    b[i] = (int8_t)next_random(&state);
  }
  for (uint32_t i = 0; i < n * 100; ++i) {
    a[i % kSize] ^= (int8_t)i;
    sum = sum * 31 + (uint32_t)dot(a, b);
  }
  return sum;
}
