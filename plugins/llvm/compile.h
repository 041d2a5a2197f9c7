// From a module to a code image.
#pragma once

#include <string>
#include <vector>

#include "godwit/abi/compiler.h"

namespace godwit::llvm_tier {

struct Compiled {
  godwit_compiler_status status = GODWIT_COMPILER_OK;
  std::string why;
  std::vector<uint8_t> image;
};
Compiled compile(const godwit_compiler_request& request);

}  // namespace godwit::llvm_tier
