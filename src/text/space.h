// Space: an index space of a module with the names of its members.
// spec: https://webassembly.github.io/spec/core/text/modules.html#indices
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace godwit::text {

class Space final {
 public:
  // `word` says in messages what the members are: "func".
  explicit Space(std::string_view word) : word_(word) {}

  std::string_view word() const { return word_; }
  uint32_t size() const { return size_; }

  // Adds a member; an empty name is none. False: another has that name.
  bool add(std::string_view name) {
    const uint32_t index = size_++;
    if (name.empty()) return true;
    if (!by_name_.emplace(name, index).second) return false;
    names_.emplace_back(index, name);
    return true;
  }
  // Adds a member without a name; returns its index.
  uint32_t add() { return size_++; }

  std::optional<uint32_t> find(std::string_view name) const {
    const auto found = by_name_.find(name);
    return found == by_name_.end() ? std::nullopt : std::optional(found->second);
  }

  // What the name section calls member `index`, in the place of its identifier.
  void show_as(uint32_t index, std::string name) { shown_.insert_or_assign(index, std::move(name)); }
  // What the name section has, by index.
  std::vector<std::pair<uint32_t, std::string_view>> shown_names() const;

 private:
  std::string_view word_;
  uint32_t size_ = 0;
  std::unordered_map<std::string_view, uint32_t> by_name_;
  std::vector<std::pair<uint32_t, std::string_view>> names_;
  std::unordered_map<uint32_t, std::string> shown_;
};

}  // namespace godwit::text
