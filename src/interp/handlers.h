// Every handler by name.
#pragma once

#include "interp/handler.h"
#include "interp/sequence_name.h"

namespace godwit::interp::handlers {

// Their symbols are plain, for table.S.
#define GODWIT_CELL(name, ...) \
  [[clang::preserve_none]] void name(GODWIT_HANDLER_PARAMS) __asm__("godwit_cell_" #name);
#define GODWIT_CONTROL_CELL(name) GODWIT_CELL(name)
#include "code/cells.def"

#define GODWIT_DECLARE_HANDLER(name) \
  [[clang::preserve_none]] void name(GODWIT_HANDLER_PARAMS) __asm__("godwit_cell_" #name);
#define GODWIT_SEQUENCE_HANDLER(name) GODWIT_DECLARE_HANDLER(name)
#define GODWIT_SEQUENCE(...) GODWIT_SEQUENCE_HANDLER(GODWIT_SEQUENCE_NAME(__VA_ARGS__))
#define GODWIT_SEQUENCE_INTO(...) GODWIT_SEQUENCE(__VA_ARGS__)
#define GODWIT_SEQUENCE_FROM(...) GODWIT_SEQUENCE(__VA_ARGS__)
#include "code/sequences.def"
#undef GODWIT_SEQUENCE_HANDLER
#undef GODWIT_DECLARE_HANDLER

}  // namespace godwit::interp::handlers
