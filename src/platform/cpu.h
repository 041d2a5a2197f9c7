// What the processor can do.
#pragma once

#include <cstdint>
#include <string>

namespace godwit::platform {

enum class CpuArch : uint8_t { X86_64, Aarch64 };

struct CpuFeatures {
  CpuArch arch;
  // x86-64
  bool sse4_1 = false;
  bool sse4_2 = false;
  bool popcnt = false;
  bool lzcnt = false;
  bool bmi2 = false;
  bool avx2 = false;
  bool fma = false;
  bool avx512 = false;  // F, BW, DQ, VL: the x86-64-v4 level
  // aarch64
  bool lse = false;  // atomics in one instruction
};

// The features of the processor this process runs on, operating system's support included.
CpuFeatures cpu_features();

// The features as one line for people and cache keys: "x86-64 sse4.1 popcnt …".
std::string to_string(const CpuFeatures& features);

// All that the processor says of itself, for keys of code that is made for it.
std::string cpu_identity();

// Processors this process may run on; at least 1.
uint32_t usable_cpus();

}  // namespace godwit::platform
