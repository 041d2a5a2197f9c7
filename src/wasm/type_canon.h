// TypeCanon: gives equal types equal ids, across recursion groups and across modules.
// spec: https://webassembly.github.io/spec/core/valid/conventions.html#rolling-and-unrolling
#pragma once

#include <deque>
#include <map>
#include <span>
#include <vector>

#include "wasm/types.h"

namespace godwit::wasm {

// A set of recursion groups. Two groups are equal exactly if they have the same types in the same order, where
// references into the group itself count by position and all others by id; so each group needs one look-up.
// @threads one at a time.
class TypeCanon {
 public:
  // Interns a module's types and returns the id of each, by type index. `groups` cover `types` in order.
  // Indices beyond a type's own group, which validation refuses, stand for themselves here.
  // @cost O(size of the types x log of the number of groups), whatever the types are
  std::vector<uint32_t> intern(std::span<const SubType> types, std::span<const RecGroup> groups);

  // Interns one group whose first type has the index `first`, given the ids of the types before it. The ids of the
  // group's types are consecutive; the first is returned.
  uint32_t intern(std::span<const SubType> group, TypeIdx first, std::span<const uint32_t> earlier);

  // The type of an id; every type index in it is an id. Stays where it is as long as this object lives.
  const SubType& type(uint32_t id) const { return types_[id]; }
  size_t size() const { return types_.size(); }

  // True if `sub` is `super` or declares it, directly or not, as its supertype.
  bool is_subtype(uint32_t sub, uint32_t super) const;

 private:
  std::map<std::vector<uint32_t>, uint32_t> groups_;
  std::deque<SubType> types_;
};

}  // namespace godwit::wasm
