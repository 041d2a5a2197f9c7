// Trap: the codes by which guest execution stops.
// spec: https://webassembly.github.io/spec/core/intro/overview.html#trap
#pragma once

#include <cstdint>
#include <string_view>

namespace godwit::runtime {

enum class Trap : uint32_t {
  None = 0,
#define GODWIT_TRAP(name, text) name,
#include "runtime/traps.def"
#undef GODWIT_TRAP
};

// The words of the specification's test suite for this trap.
std::string_view to_string(Trap trap);

// True for traps that are limits of the host's (stack, time, fuel, heap), reported as ErrorKind::Exhausted.
constexpr bool is_limit(Trap trap) { return trap >= Trap::StackExhausted && trap <= Trap::OutOfGcHeap; }

}  // namespace godwit::runtime
