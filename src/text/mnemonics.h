// Instructions by their names in the text format.
#pragma once

#include <optional>
#include <string_view>

#include "wasm/opcodes.h"

namespace godwit::text {

// The instruction called `text`. Where one name stands for several (`select`, `ref.test`, `ref.cast`), the first in
// opcodes.def: what comes after the name decides.
std::optional<wasm::Opcode> find_mnemonic(std::string_view text);

// The instruction whose name is nearest to `text`, or nothing if none is near.
std::optional<std::string_view> similar_mnemonic(std::string_view text);

}  // namespace godwit::text
