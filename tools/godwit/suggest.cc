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
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t exchanged = diagonal + (a[i] != b[j]);
      diagonal = row[j + 1];
      row[j + 1] = std::min({row[j] + 1, row[j + 1] + 1, exchanged});
    }
  }
  return row[b.size()];
}

}  // namespace godwit::cli
