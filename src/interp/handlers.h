// Every handler by name.
#pragma once

#include "interp/handler.h"

namespace godwit::interp::handlers {

#define GODWIT_CELL(name, ...) [[clang::preserve_none]] void name(GODWIT_HANDLER_PARAMS);
#define GODWIT_CONTROL_CELL(name) [[clang::preserve_none]] void name(GODWIT_HANDLER_PARAMS);
#include "code/cells.def"

}  // namespace godwit::interp::handlers
