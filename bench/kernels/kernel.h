// What every kernel shares: `main` calls kernel(n) with the number on the command line and prints the checksum,
// which must be the same natively and in every runtime.
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t kernel(uint32_t n);

int main(int argc, char** argv) {
  const uint32_t n = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 0;
  printf("%016llx\n", n ? (unsigned long long)kernel(n) : 0ull);
  return 0;
}

// A small generator with good low bits (SplitMix64, Steele et al. 2014).
static inline uint64_t next_random(uint64_t* state) {
  uint64_t z = (*state += 0x9E3779B97F4A7C15u);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

static inline uint64_t hash_double(double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}
