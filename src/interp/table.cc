// The table of handlers, which table.S lays out.
#include "interp/table.h"

#include "interp/handlers.h"

extern "C" const int32_t godwit_handler_distances[];  // NOLINT: the assembler's name

namespace godwit::interp {

code::HandlerTable handler_table() { return {godwit_handler_distances}; }

const void* stop_code() { return reinterpret_cast<const void*>(static_cast<Handler*>(&stop)); }

}  // namespace godwit::interp
