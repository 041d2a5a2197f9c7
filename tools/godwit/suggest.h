// Suggestion: of several words, the one that a misspelled word most likely meant.
#pragma once

#include <optional>
#include <string_view>

namespace godwit::cli {

class Suggestion final {
 public:
  explicit Suggestion(std::string_view meant) : meant_(meant) {}

  void consider(std::string_view candidate);
  // The nearest candidate, if it is near enough to be worth saying.
  std::optional<std::string_view> best() const { return best_; }

 private:
  std::string_view meant_;
  std::optional<std::string_view> best_;
  size_t best_distance_ = ~size_t{0};
};

// How many letters must be added, dropped, replaced or swapped with their neighbour to make `a` of `b`.
size_t edit_distance(std::string_view a, std::string_view b);

}  // namespace godwit::cli
