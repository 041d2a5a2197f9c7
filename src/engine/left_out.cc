// Counting reasons.
#include "engine/left_out.h"

#include <algorithm>
#include <vector>

namespace godwit::engine {

namespace {

constexpr size_t kMostReasons = 100;  // that are told apart: a guest may have a new one for each function
constexpr size_t kMostDescribed = 3;

}  // namespace

void LeftOut::add(std::string_view why) {
  const std::lock_guard lock(mutex_);
  auto found = counts_.find(why);
  if (found == counts_.end() && counts_.size() >= kMostReasons) found = counts_.begin();
  if (found == counts_.end()) found = counts_.emplace(why, 0).first;
  ++found->second;
}

std::string LeftOut::describe() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::pair<uint64_t, std::string_view>> sorted;
  for (const auto& [why, count] : counts_) sorted.emplace_back(count, why);
  std::ranges::sort(sorted, std::greater());
  std::string text;
  for (size_t i = 0; i < std::min(sorted.size(), kMostDescribed); ++i) {
    if (i != 0) text += "; ";
    text += std::to_string(sorted[i].first) + ": ";
    text += sorted[i].second;
  }
  if (sorted.size() > kMostDescribed) text += "; …";
  return text;
}

}  // namespace godwit::engine
