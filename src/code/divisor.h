// Division of unsigned numbers of 64 bits by a constant, as a product: the processor's division takes ten times as long.
// spec: Granlund and Montgomery, Division by Invariant Integers using Multiplication (1994), theorem 4.2
#pragma once

#include <bit>
#include <cstdint>
#include <optional>

namespace godwit::code {

// n / divisor = ((n >> before) * factor >> 64) >> after, for every n.
struct Divisor {
  uint64_t factor;
  uint32_t before, after;
};

// Nothing if there is no such factor of 64 bits (7, for one), or if the divisor is 0 or 1.
constexpr std::optional<Divisor> product_for(uint64_t divisor) {
  using Wide = unsigned __int128;
  if (divisor <= 1) return std::nullopt;
  for (const uint32_t before : {0u, static_cast<uint32_t>(std::countr_zero(divisor))}) {
    const uint64_t by = divisor >> before;
    if (by == 1) continue;  // powers of two are shifts in all that compilers make
    // The most for which the factor has 64 bits. Where less would do, so does this: the excess at most doubles from one to the next.
    const auto after = static_cast<uint32_t>(std::bit_width(by) - 1);
    const Wide power = Wide{1} << (64 + after);
    const Wide factor = power / by + 1;
    // what it is too large by must not show in any n of 64 - before bits
    const Wide excess = factor * by - power;
    if (factor >> 64 == 0 && excess <= Wide{1} << (after + before))
      return Divisor{static_cast<uint64_t>(factor), before, after};
  }
  return std::nullopt;
}

}  // namespace godwit::code
