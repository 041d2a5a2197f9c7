// The handlers of the vector ops: the shared bodies, instantiated.
#include "code/ops_move.h"
#include "code/ops_simd.h"
#include "interp/handlers.h"

namespace godwit::interp::handlers {

using code::Dest;
using code::Form;
using code::GlobalOwner;
using code::Shuffle;
using code::Source;
using runtime::V128;
using wasm::Opcode;

#define GODWIT_SIMD_CELL(name, ...) GODWIT_DEFINE_HANDLER(name, __VA_ARGS__)
#include "code/cells.def"

}  // namespace godwit::interp::handlers
