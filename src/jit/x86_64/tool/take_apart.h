// Taking a stencil's code apart into the instructions that it consists of.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "jit/x86_64/stencil.h"

namespace godwit::jit::tool {

struct Parts {
  std::vector<Step> steps;
  RegisterSet accs_read, accs_written;  // as in Stencil
};

// Nothing if some instruction is not known here, or may not be changed: the stencil is then copied as it is.
// @param begins where the instructions begin in `code`.
// @param holes sorted by place; those of slots that have moves as their instructions become Operand::AnyMove.
std::optional<Parts> take_apart(std::span<const uint8_t> code, std::span<const uint32_t> begins,
                                std::vector<Hole>& holes);

}  // namespace godwit::jit::tool
