// BodyOf: the body of each op by its name; ops that change frames have none.
#pragma once

#include "code/cell_op.h"
#include "code/ops_atomic.h"
#include "code/ops_branch.h"
#include "code/ops_bulk.h"
#include "code/ops_fuel.h"
#include "code/ops_gc.h"
#include "code/ops_memory.h"
#include "code/ops_move.h"
#include "code/ops_numeric.h"
#include "code/ops_simd.h"
#include "code/ops_wide.h"

namespace godwit::code::ops {

using runtime::V128;

template <CellOp op>
struct BodyOf;

#define GODWIT_CELL(name, ...)  \
  template <>                   \
  struct BodyOf<CellOp::name> { \
    using Type = __VA_ARGS__;   \
  };
#include "code/cells.def"

}  // namespace godwit::code::ops
