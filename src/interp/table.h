// The interpreter's handlers as the translator wants them.
#pragma once

#include "code/cell_op.h"

namespace godwit::interp {

code::HandlerTable handler_table();

// The code that leaves the guest with the trap in aux.
const void* stop_code();

}  // namespace godwit::interp
