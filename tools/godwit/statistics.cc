// One row per kind of work.
#include "statistics.h"

#include <fmt/format.h>

namespace godwit::cli {

namespace {

// Microseconds are all that matters. Integers, since formatting of floats is left out of this program.
std::string milliseconds(std::chrono::nanoseconds time) {
  const auto us = static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(time).count());
  return fmt::format("{}.{:03}", us / 1000, us % 1000);
}

}  // namespace

std::string describe(const Statistics& statistics) {
  std::string text = fmt::format("{:<11} {:>10} {:>12} {:>10}\n", "stats", "functions", "bytes", "ms");
  auto row = [&text](std::string_view name, const Statistics::Work& work) {
    text += fmt::format("{:<11} {:>10} {:>12} {:>10}\n", name, work.functions, work.bytes,
                        milliseconds(work.time));
  };
#define GODWIT_STATISTIC(member, name, functions, bytes) row(name, statistics.member);
#include "statistics.def"
  if (const Statistics::Pool& pool = statistics.pool; pool.made + pool.reused != 0)
    text += fmt::format("instances: {} new, {} used again, {} dropped, {} idle with {} bytes kept\n",
                        pool.made, pool.reused, pool.dropped, pool.idle, pool.kept_bytes);
  if (statistics.functions_without_room != 0)
    text += fmt::format("interpreted for lack of room for machine code: {} functions\n",
                        statistics.functions_without_room);
  if (statistics.functions_too_large != 0)
    text += fmt::format("interpreted since they are too large to compile: {} functions\n",
                        statistics.functions_too_large);
  if (!statistics.left_out.empty()) text += "functions not optimised, " + statistics.left_out + "\n";
  if (!statistics.obstacle.empty()) text += "all functions are interpreted: " + statistics.obstacle + "\n";
  return text;
}

std::string describe(const Store::GarbageStatistics& statistics) {
  return fmt::format(
      "gc: {} collections, {} ms in all, {} ms the longest; {} bytes allocated, {} live after the last\n",
      statistics.collections, milliseconds(statistics.total_pause), milliseconds(statistics.longest_pause),
      statistics.allocated_bytes, statistics.live_bytes);
}

}  // namespace godwit::cli
