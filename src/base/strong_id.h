// StrongId: an index that cannot be mistaken for another kind of index.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace godwit {

template <class Tag>
struct StrongId {
  uint32_t value = 0;

  constexpr StrongId() = default;
  constexpr explicit StrongId(uint32_t v) : value(v) {}
  constexpr explicit StrongId(size_t v) : value(static_cast<uint32_t>(v)) {}
  constexpr explicit StrongId(int v) : value(static_cast<uint32_t>(v)) {}
  constexpr auto operator<=>(const StrongId&) const = default;
};

}  // namespace godwit

template <class Tag>
struct std::hash<godwit::StrongId<Tag>> {
  size_t operator()(godwit::StrongId<Tag> id) const { return std::hash<uint32_t>()(id.value); }
};
