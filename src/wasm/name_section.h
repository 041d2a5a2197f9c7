// Reading the custom section "name".
// spec: https://webassembly.github.io/spec/core/appendix/custom.html#name-section
#pragma once

#include "wasm/module.h"

namespace godwit::wasm {

// The module's and the functions' names in `contents`, a range of `module`. A section that is malformed makes no
// module malformed: what could be read before the first error is returned.
NameMap read_names(Bytes module, ByteRange contents);

}  // namespace godwit::wasm
