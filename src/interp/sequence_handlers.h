// How a handler for several cells is defined: their bodies in a row. For the files that instantiate sequences.def.
#pragma once

#include "code/op_bodies.h"
#include "code/ops_sequence.h"
#include "interp/handlers.h"

namespace godwit::interp::handlers {

template <code::CellOp op>
using BodyOf = typename code::ops::BodyOf<op>::Type;

// Ops that stay in their frame.
#define GODWIT_SEQUENCE_BODIES_2(a, b) BodyOf<CellOp::a>, BodyOf<CellOp::b>
#define GODWIT_SEQUENCE_BODIES_3(a, b, c) GODWIT_SEQUENCE_BODIES_2(a, b), BodyOf<CellOp::c>
#define GODWIT_SEQUENCE_BODIES_4(a, b, c, d) GODWIT_SEQUENCE_BODIES_3(a, b, c), BodyOf<CellOp::d>
#define GODWIT_SEQUENCE_BODIES(...)                                                        \
  GODWIT_SEQUENCE_NAME_OF(__VA_ARGS__, GODWIT_SEQUENCE_BODIES_4, GODWIT_SEQUENCE_BODIES_3, \
                          GODWIT_SEQUENCE_BODIES_2, unused)                                \
  (__VA_ARGS__)
#define GODWIT_DEFINE_SEQUENCE(...) \
  GODWIT_DEFINE_HANDLER(GODWIT_SEQUENCE_NAME(__VA_ARGS__), Sequence<GODWIT_SEQUENCE_BODIES(__VA_ARGS__)>)

// An op that stays in its frame, then one that leaves it: straight into that one's handler.
#define GODWIT_DEFINE_SEQUENCE_INTO(first, second)                                                 \
  GODWIT_HANDLER void first##__##second(GODWIT_HANDLER_PARAMS) {                                   \
    using namespace code::ops;                                                                     \
    Machine m{ip, fp, ctx, mem, acc, f64_acc, f32_acc, v128_acc};                                  \
    Flow flow = BodyOf<CellOp::first>::run(m);                                                     \
    GODWIT_WRITE_BACK(m);                                                                          \
    if (flow == Flow::Trap) [[unlikely]]                                                           \
      GODWIT_STOP(m.why);                                                                          \
    if (flow == Flow::Branch) GODWIT_GO_ON_AT(static_cast<int32_t>(ip->b));                        \
    [[clang::musttail]] return second(ip + 1, fp, ctx, mem, acc, f64_acc, aux, f32_acc, v128_acc); \
  }

}  // namespace godwit::interp::handlers
