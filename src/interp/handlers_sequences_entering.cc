// The handlers of several cells: a function's entry and what comes after it.
#include "interp/entering.h"
#include "interp/sequence_handlers.h"

namespace godwit::interp::handlers {

using code::CellOp;

#define GODWIT_ENTER_BY_enter GODWIT_ENTER
#define GODWIT_ENTER_BY_enter_zeroing GODWIT_ENTER_ZEROING

#define GODWIT_SEQUENCE_FROM(first, second)                       \
  GODWIT_HANDLER void first##__##second(GODWIT_HANDLER_PARAMS) {  \
    using namespace code::ops;                                    \
    GODWIT_ENTER_BY_##first();                                    \
    Machine m{ip, fp, ctx, mem, acc, f64_acc, f32_acc, v128_acc}; \
    auto next = m.next_cell();                                    \
    Flow flow = BodyOf<CellOp::second>::run(next);                \
    GODWIT_WRITE_BACK(m);                                         \
    GODWIT_FINISH(flow, m);                                       \
  }
#include "code/sequences_entering.def"

}  // namespace godwit::interp::handlers
