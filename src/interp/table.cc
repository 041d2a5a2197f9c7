// The table of handlers, which table.S lays out.
#include "interp/table.h"

extern "C" const int32_t godwit_handler_distances[];  // NOLINT: the assembler's name

namespace godwit::interp {

code::HandlerTable handler_table() { return {godwit_handler_distances}; }

}  // namespace godwit::interp
