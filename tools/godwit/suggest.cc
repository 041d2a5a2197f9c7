// Suggestion: nearest by edit distance.
#include "suggest.h"

#include <algorithm>
#include <vector>

namespace godwit::cli {

void Suggestion::consider(std::string_view candidate) {
  const size_t distance = edit_distance(meant_, candidate);
  const bool is_near = distance <= std::max<size_t>(1, std::min(meant_.size(), candidate.size()) / 3);
  const bool is_beginning = meant_.size() >= 2 && candidate.starts_with(meant_);
  if ((!is_near && !is_beginning) || distance >= best_distance_) return;
  best_distance_ = distance;
  best_ = candidate;
}

size_t edit_distance(std::string_view a, std::string_view b) {
  // Three rows of the table of distances between the beginnings of both.
  std::vector<size_t> before_last(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1])});
      const bool is_swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (is_swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    before_last.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

}  // namespace godwit::cli
