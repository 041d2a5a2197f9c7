// From wasm bytes to register code, one function at a time, in one pass.
#pragma once

#include "base/error.h"
#include "base/work_meter.h"
#include "code/translation.h"
#include "runtime/module.h"

namespace godwit::code {

struct TranslateOptions {
  // False keeps every value in its slot and fuses nothing: slow, simple code to hold the other against.
  bool fold = true;
  // True puts a `count` where functions and loops begin.
  bool count = false;
  // True takes fuel for what runs.
  bool charge = false;
  Interrupt interrupt = {};
};

// Translates own function `func`, whose body is valid.
// @errors Exhausted: the frame needs more than kMaxFrameSlots, the code more than kMaxCells, translation more steps than
// a body of this size may take; or it was interrupted. Unsupported: an instruction that has no ops.
Result<Translation> translate(const runtime::Module& module, wasm::FuncIdx func,
                              const TranslateOptions& options = {});

}  // namespace godwit::code
