// The stencils of all ops that stay within their frame, but those of vectors: the shared bodies, instantiated.
#include "code/ops_branch.h"
#include "code/ops_bulk.h"
#include "code/ops_fuel.h"
#include "code/ops_memory.h"
#include "code/ops_move.h"
#include "code/ops_numeric.h"
#include "code/ops_wide.h"
#include "jit/stencils/stencil.h"

namespace godwit::jit {

using code::Dest;
using code::Direction;
using code::Form;
using code::GlobalOwner;
using code::Place;
using code::Source;
using wasm::Opcode;

#define GODWIT_SIMD_CELL(name, ...)
#define GODWIT_FAR_SIMD_CELL(name, ...)
#define GODWIT_FAR_CELL(name, ...)
#define GODWIT_CELL(name, ...) GODWIT_DEFINE_STENCIL(name, __VA_ARGS__)
#include "code/cells.def"

}  // namespace godwit::jit
