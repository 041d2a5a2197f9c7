// The stencils of the vector ops.
#include "code/ops_move.h"
#include "code/ops_simd.h"
#include "jit/stencils/stencil.h"

namespace godwit::jit {

using code::Dest;
using code::Form;
using code::GlobalOwner;
using code::Shuffle;
using code::Source;
using runtime::V128;
using wasm::Opcode;

#define GODWIT_FAR_SIMD_CELL(name, ...)
#define GODWIT_SIMD_CELL(name, ...) GODWIT_DEFINE_STENCIL(name, __VA_ARGS__)
#include "code/cells.def"

}  // namespace godwit::jit
