// The handlers of all ops that stay within their frame, but those of vectors: the shared bodies, instantiated.
#include "code/op_bodies.h"
#include "interp/handlers.h"

namespace godwit::interp::handlers {

using code::Dest;
using code::Direction;
using code::Form;
using code::GlobalOwner;
using code::Place;
using code::Source;
using wasm::Opcode;

#define GODWIT_SIMD_CELL(name, ...)
#define GODWIT_GC_CELL(name, ...)
#define GODWIT_CELL(name, ...) GODWIT_DEFINE_HANDLER(name, __VA_ARGS__)
#include "code/cells.def"

}  // namespace godwit::interp::handlers
