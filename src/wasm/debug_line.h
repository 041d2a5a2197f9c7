// Lines of source text that instructions come from, as the DWARF section .debug_line of a module has them.
// spec: https://dwarfstd.org/doc/DWARF5.pdf (6.2), https://yurydelendik.github.io/webassembly-dwarf
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "wasm/module.h"

namespace godwit::wasm {

// A place in a source text; whatever the module says, which need not be true.
struct SourcePlace {
  std::string file;  // with its directory as far as the section says that; some bytes, at most a few thousand
  uint32_t line = 0;    // from 1
  uint32_t column = 0;  // from 1; 0: not known
};

// Where the instructions at these offsets in the module come from; nothing for those that no line is known of. What is
// damaged is passed over. Versions 2 to 5 of DWARF, in its 32-bit format.
// @cost linear in the size of the section; its names are read for the offsets only
std::vector<std::optional<SourcePlace>> source_places(const Module& module,
                                                      std::span<const uint64_t> offsets);

}  // namespace godwit::wasm
