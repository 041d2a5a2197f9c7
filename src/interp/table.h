// The interpreter's handlers as the translator wants them.
#pragma once

#include "code/cell_op.h"

namespace godwit::interp {

code::HandlerTable handler_table();

}  // namespace godwit::interp
