// The form of stencils: one function per op, compiled to an object file that is never linked. Its code, with holes
// where the cell's fields belong, is what the compiler of register code copies.
//
// A stencil has the whole machine in registers, the same as the interpreter's handlers (interp/handler.h), and goes on
// by a tail call of a hole. It keeps nothing on the native stack and calls nothing: an op that needs more is done by
// the interpreter's handler. What differs between processors is in <processor>/stencils/machine.h:
//
//   GODWIT_STENCIL_PARAMS, GODWIT_STENCIL_STATE     the registers, and how they are handed on
//   GODWIT_NUMBER, GODWIT_FAR_HOLE                  numbers of 32 and of 64 bits in the code
//   Machine                                         the machine of code/machine.h, on the registers and holes
//   is_beyond_stack(end)                            a frame that ends there has no room
#pragma once

#include GODWIT_STENCIL_MACHINE  // room.cmake names the file

namespace godwit::jit {

using Code = __attribute__((preserve_none)) void(GODWIT_STENCIL_PARAMS);

#define GODWIT_STENCIL(name)                                                               \
  extern "C" [[clang::preserve_none, gnu::used, gnu::flatten]] void godwit_stencil_##name( \
      GODWIT_STENCIL_PARAMS)

// Goes on at an address, or at a hole.
#define GODWIT_GO_ON(code)                                           \
  [[clang::musttail]] return reinterpret_cast<::godwit::jit::Code*>( \
      const_cast<void*>(static_cast<const void*>(code)))(GODWIT_STENCIL_STATE)
#define GODWIT_GO_ON_AT(hole) GODWIT_GO_ON(godwit_hole_##hole)

// Defines the stencil of the op `name` with the op body.
#define GODWIT_DEFINE_STENCIL(name, ...)                               \
  GODWIT_STENCIL(name) {                                               \
    using namespace code::ops;                                         \
    Machine m{{fp, ctx, mem, acc, f64_acc, f32_acc, v128_acc}};        \
    Flow flow = __VA_ARGS__::run(m);                                   \
    acc = m.int_acc;                                                   \
    f64_acc = m.f64_acc;                                               \
    f32_acc = m.f32_acc;                                               \
    v128_acc = m.v128_acc;                                             \
    if (flow == Flow::Trap) [[unlikely]] {                             \
      aux = static_cast<uint64_t>(m.why);                              \
      GODWIT_GO_ON_AT(trap);                                           \
    }                                                                  \
    if (flow == Flow::Branch) GODWIT_GO_ON_AT(branch);                 \
    if (flow == Flow::Jump && m.is_table_jump) GODWIT_GO_ON(m.target); \
    if (flow == Flow::Jump) GODWIT_GO_ON_AT(step_branch);              \
    GODWIT_GO_ON_AT(next);                                             \
  }

}  // namespace godwit::jit
