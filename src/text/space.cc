// The names that a module's name section gives to the members of an index space.
#include "text/space.h"

#include <algorithm>

namespace godwit::text {

std::vector<std::pair<uint32_t, std::string_view>> Space::shown_names() const {
  std::vector<std::pair<uint32_t, std::string_view>> all;
  for (const auto& entry : names_)
    if (!shown_.contains(entry.first)) all.push_back(entry);
  for (const auto& [index, name] : shown_) all.emplace_back(index, name);
  std::ranges::sort(all);
  return all;
}

}  // namespace godwit::text
