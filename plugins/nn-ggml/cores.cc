// Counts cores as Linux shows them in /sys.
#include "cores.h"

#include <sched.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <string>

namespace godwit::ggml {
namespace {

cpu_set_t affinity() {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  if (sched_getaffinity(0, sizeof cpus, &cpus) != 0) CPU_SET(0, &cpus);
  return cpus;
}

// CPUs that share a core name the same siblings, e.g. "0,8".
std::string siblings_of(int cpu) {
  std::ifstream file("/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/topology/thread_siblings_list");
  std::string siblings;
  if (!std::getline(file, siblings)) siblings = std::to_string(cpu);
  return siblings;
}

}  // namespace

int physical_cores() {
  const cpu_set_t cpus = affinity();
  std::set<std::string> cores;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(cpu, &cpus)) cores.insert(siblings_of(cpu));
  return std::max(1, static_cast<int>(cores.size()));
}

int usable_cpus() {
  const cpu_set_t cpus = affinity();
  return std::max(1, CPU_COUNT(&cpus));
}

}  // namespace godwit::ggml
