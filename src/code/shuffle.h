// Shuffles of two vectors that have ops of their own.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace godwit::code {

enum class Shuffle : uint8_t {
#define GODWIT_SHUFFLE(name, ...) name,
#include "code/shuffles.def"
};

using ShuffleLanes = std::array<uint8_t, 16>;

inline constexpr ShuffleLanes kShuffles[] = {
#define GODWIT_SHUFFLE(name, ...) {__VA_ARGS__},
#include "code/shuffles.def"
};

constexpr std::optional<Shuffle> find_shuffle(const ShuffleLanes& lanes) {
  for (size_t i = 0; i < std::size(kShuffles); ++i)
    if (kShuffles[i] == lanes) return static_cast<Shuffle>(i);
  return std::nullopt;
}

}  // namespace godwit::code
