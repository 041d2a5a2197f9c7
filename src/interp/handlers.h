// Every handler by name.
#pragma once

#include "interp/handler.h"

namespace godwit::interp::handlers {

// Their symbols are plain, for table.S.
#define GODWIT_CELL(name, ...) \
  [[clang::preserve_none]] void name(GODWIT_HANDLER_PARAMS) __asm__("godwit_cell_" #name);
#define GODWIT_CONTROL_CELL(name) GODWIT_CELL(name)
#include "code/cells.def"

}  // namespace godwit::interp::handlers
