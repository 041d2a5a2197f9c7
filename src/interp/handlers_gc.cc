// The handlers of the ops on structs, arrays and casts: the shared bodies, instantiated.
#include "code/ops_gc.h"
#include "interp/handlers.h"

namespace godwit::interp::handlers {

using code::Dest;
using code::Form;
using code::Source;

namespace helpers = code::helpers;

#define GODWIT_GC_CELL(name, ...) GODWIT_DEFINE_HANDLER(name, __VA_ARGS__)
#include "code/cells.def"

}  // namespace godwit::interp::handlers
