// Inputs where there is no fuzzer: the same bytes for the same seed, everywhere.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

namespace godwit::fuzz {

inline std::vector<uint8_t> random_bytes(uint64_t seed, size_t size) {
  std::mt19937_64 random(seed);
  std::vector<uint8_t> bytes(size);
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random() >> 32);
  return bytes;
}

// Of some length, most of them enough for several functions of a generated module.
inline std::vector<uint8_t> random_input(uint64_t seed) { return random_bytes(seed, 64 + 977 * seed % 4096); }

}  // namespace godwit::fuzz
