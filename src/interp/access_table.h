// Which cell of a handler of several cells accessed guest memory when it faulted.
#pragma once

#include <cstdint>

namespace godwit::interp {

// How many cells behind the handler's first one the cell lies whose access is the instruction at `pc`.
// @cost looks through a few thousand entries.
uint32_t position_of_access(uintptr_t pc);

}  // namespace godwit::interp
