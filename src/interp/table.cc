// The table of handlers.
#include "interp/table.h"

#include "interp/handlers.h"

namespace godwit::interp {

namespace {

// Function pointers cannot be converted to void* in a constant, so the table is of functions and is read as pointers.
constexpr Handler* kHandlers[] = {
#define GODWIT_CELL(name, ...) &handlers::name,
#define GODWIT_CONTROL_CELL(name) &handlers::name,
#include "code/cells.def"
};
static_assert(sizeof kHandlers / sizeof kHandlers[0] == code::kCellOpCount);
static_assert(sizeof(Handler*) == sizeof(void*));

}  // namespace

code::HandlerTable handler_table() { return {reinterpret_cast<const void* const*>(kHandlers)}; }

}  // namespace godwit::interp
