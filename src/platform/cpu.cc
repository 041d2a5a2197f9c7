// Processor features, by the compiler's run-time support (x86-64) or the kernel's word (aarch64).
#include "platform/cpu.h"

#include <sched.h>

#if defined(__aarch64__)
#include <sys/auxv.h>
#else
#include <cpuid.h>
#endif

namespace godwit::platform {

CpuFeatures cpu_features() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  return {
      .arch = CpuArch::X86_64,
      .sse4_1 = __builtin_cpu_supports("sse4.1") != 0,
      .sse4_2 = __builtin_cpu_supports("sse4.2") != 0,
      .popcnt = __builtin_cpu_supports("popcnt") != 0,
      .lzcnt = __builtin_cpu_supports("lzcnt") != 0,
      .bmi2 = __builtin_cpu_supports("bmi2") != 0,
      .avx2 = __builtin_cpu_supports("avx2") != 0,
      .fma = __builtin_cpu_supports("fma") != 0,
      .avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"),
  };
#else
  constexpr unsigned long kHwcapAtomics = 1UL << 8;
  return {.arch = CpuArch::Aarch64, .lse = (::getauxval(AT_HWCAP) & kHwcapAtomics) != 0};
#endif
}

std::string to_string(const CpuFeatures& features) {
  std::string text = features.arch == CpuArch::X86_64 ? "x86-64" : "aarch64";
  const auto add = [&text](bool has, const char* name) {
    if (has) (text += ' ') += name;
  };
  add(features.sse4_1, "sse4.1");
  add(features.sse4_2, "sse4.2");
  add(features.popcnt, "popcnt");
  add(features.lzcnt, "lzcnt");
  add(features.bmi2, "bmi2");
  add(features.avx2, "avx2");
  add(features.fma, "fma");
  add(features.avx512, "avx512");
  add(features.lse, "lse");
  return text;
}

std::string cpu_identity() {
  std::string text;
#if defined(__x86_64__)
  const auto add = [&text](uint32_t leaf, uint32_t subleaf) {
    uint32_t words[4] = {};
    if (__get_cpuid_count(leaf, subleaf, &words[0], &words[1], &words[2], &words[3]) == 0) return;
    if (leaf == 1) words[1] = 0;  // which core this runs on
    for (const uint32_t word : words) text += std::to_string(word) + ' ';
  };
  add(0, 0);
  add(1, 0);
  add(7, 0);
  add(7, 1);
  add(0x80000001, 0);
#else
  text = std::to_string(::getauxval(AT_HWCAP)) + ' ' + std::to_string(::getauxval(AT_HWCAP2));
#endif
  return text;
}

uint32_t usable_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  const int count = CPU_COUNT(&set);
  return count > 0 ? static_cast<uint32_t>(count) : 1;
}

}  // namespace godwit::platform
