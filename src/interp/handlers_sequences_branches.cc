// The handlers of several cells: branches.
#include "interp/sequence_handlers.h"

namespace godwit::interp::handlers {

using code::CellOp;

#define GODWIT_SEQUENCE(...) GODWIT_DEFINE_SEQUENCE(__VA_ARGS__)
#define GODWIT_SEQUENCE_INTO(...) GODWIT_DEFINE_SEQUENCE_INTO(__VA_ARGS__)
#include "code/sequences_branches.def"

}  // namespace godwit::interp::handlers
