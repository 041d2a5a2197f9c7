// Processor features, by the compiler's run-time support (x86-64) or the kernel's word (aarch64).
#include "platform/cpu.h"

#include <sched.h>

#if defined(__aarch64__)
#include <sys/auxv.h>
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

uint32_t usable_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  const int count = CPU_COUNT(&set);
  return count > 0 ? static_cast<uint32_t>(count) : 1;
}

}  // namespace godwit::platform
