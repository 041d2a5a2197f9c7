// Counted loops: those of which it is plain that they end soon.
#pragma once

#include <cstdint>
#include <vector>

#include "jit/shape.h"

namespace godwit::jit {

// Marks the cells at the ends of loops that need not poll: innermost ones without calls that add a constant to a local, from
// one constant to another, so few times that they have ended before anyone could notice an interruption that waits for them.
// @param ends by cell, as long as the function
void find_counted_loops(const Shape& shape, std::vector<uint8_t>& ends);

}  // namespace godwit::jit
