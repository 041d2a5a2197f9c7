// Which pages stay, and giving back the others.
#include "runtime/memory_reset.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "platform/clock.h"
#include "platform/memory_map.h"

namespace godwit::runtime {

namespace {

using platform::page_size;
using platform::PageRange;

// After so many runs all is forgotten: what one instance alone has touched is not written for ever.
constexpr uint32_t kRunsToForget = 4096;

// Writes the first contents of [begin, end), in bytes from `base`.
void restore_range(uint8_t* base, uint64_t begin, uint64_t end, const MemoryOrigin& origin) {
  const uint64_t image_begin = origin.image ? origin.image_begin : end;
  const uint64_t image_end = origin.image ? image_begin + origin.image->size_bytes() : end;
  const uint64_t first = std::clamp(image_begin, begin, end);
  const uint64_t last = std::clamp(image_end, first, end);
  if (first > begin) std::memset(base + begin, 0, first - begin);
  if (last > first)
    std::memcpy(base + first, origin.image->bytes().data() + (first - image_begin), last - first);
  if (end > last) std::memset(base + last, 0, end - last);
}

}  // namespace

ResetCosts ResetCosts::measure() {
  constexpr size_t kPages = 16;
  constexpr int kRounds = 3;
  ResetCosts costs;
  auto memory = platform::Reservation::reserve(kPages * page_size());
  if (!memory || !memory->commit(0, kPages * page_size())) return costs;
  uint8_t* const base = memory->base();
  constexpr double kMost = std::numeric_limits<double>::max();
  double touch = kMost, give_back = kMost, copy = kMost, call = kMost;
  const auto time = [](double& least, auto&& action) {
    const uint64_t begin = platform::now_ns(platform::Clock::Monotonic);
    action();
    least = std::min(least, static_cast<double>(platform::now_ns(platform::Clock::Monotonic) - begin));
  };
  const auto touch_all = [base] {
    for (size_t i = 0; i < kPages; ++i) static_cast<volatile uint8_t*>(base)[i * page_size()] = 1;
  };
  for (int round = 0; round < kRounds; ++round) {
    time(touch, touch_all);
    time(copy, [base] { std::memset(base, 0, kPages * page_size()); });
    time(give_back, [base] { (void)platform::discard_pages(base, kPages * page_size()); });
    time(call, [base] { (void)platform::discard_pages(base, kPages * page_size()); });
  }
  costs.discard_call_ns = call;
  costs.copy_page_ns = std::max(copy / kPages, 1.0);
  costs.fault_page_ns = std::max((touch + give_back - call) / kPages, 1.0);
  return costs;
}

bool MemoryReset::is_time_to_learn() const {
  // 1, 2, 4, 8 … 64 and then every 64 runs
  return runs_ <= 64 ? (runs_ & (runs_ - 1)) == 0 : runs_ % 64 == 0;
}

void MemoryReset::learn(const uint8_t* base, uint64_t size_bytes, const MemoryOrigin& origin) {
  std::vector<PageRange> wanted = platform::present_pages(base, static_cast<size_t>(size_bytes));
  if (costs_.copy_page_ns >= costs_.fault_page_ns) wanted.clear();
  if (origin.image && !origin.is_mapped) {
    const auto page = static_cast<uint32_t>(page_size());
    const auto first = static_cast<uint32_t>(origin.image_begin / page);
    wanted.push_back({first, first + static_cast<uint32_t>(origin.image->size_bytes() / page)});
  }
  wanted.insert(wanted.end(), kept_.begin(), kept_.end());
  std::ranges::sort(wanted, {}, &PageRange::begin);
  // Writing what lies between is cheaper than another call.
  const auto bridge = static_cast<uint32_t>(costs_.discard_call_ns / costs_.copy_page_ns);
  std::vector<PageRange> merged;
  for (const PageRange& range : wanted) {
    if (!merged.empty() && range.begin <= merged.back().end + bridge)
      merged.back().end = std::max(merged.back().end, range.end);
    else merged.push_back(range);
  }
  kept_.clear();
  uint64_t left = max_kept_bytes_ / page_size();
  for (PageRange range : merged) {
    const bool is_needed = origin.image && !origin.is_mapped &&
                           range.end * page_size() > origin.image_begin &&
                           range.begin * page_size() < origin.image_begin + origin.image->size_bytes();
    if (!is_needed) range.end = static_cast<uint32_t>(std::min<uint64_t>(range.end, range.begin + left));
    if (range.end <= range.begin) continue;
    left -= std::min<uint64_t>(left, range.end - range.begin);
    kept_.push_back(range);
  }
}

void MemoryReset::restore(uint8_t* base, uint64_t size_bytes, const MemoryOrigin& origin) {
  ++runs_;
  if (runs_ % kRunsToForget == 0) {
    kept_.clear();
    runs_ = 0;
    // What is not mapped must be written all the same.
    if (origin.image && !origin.is_mapped) learn(base, 0, origin);
  } else if (is_time_to_learn()) {
    learn(base, size_bytes, origin);
  }
  for (const PageRange& range : kept_)
    restore_range(base, std::min<uint64_t>(range.begin * page_size(), size_bytes),
                  std::min<uint64_t>(range.end * page_size(), size_bytes), origin);
}

bool MemoryReset::discard(uint8_t* base, uint64_t size_bytes) const {
  uint64_t done = 0;
  const auto up_to = [&](uint64_t end) {
    return done >= end || platform::discard_pages(base + done, static_cast<size_t>(end - done));
  };
  for (const PageRange& range : kept_) {
    if (!up_to(std::min<uint64_t>(range.begin * page_size(), size_bytes))) return false;
    done = std::min<uint64_t>(range.end * page_size(), size_bytes);
  }
  return up_to(size_bytes);
}

uint64_t MemoryReset::kept_bytes() const {
  uint64_t pages = 0;
  for (const PageRange& range : kept_) pages += range.end - range.begin;
  return pages * page_size();
}

}  // namespace godwit::runtime
