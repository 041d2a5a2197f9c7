// Hints: what to do about an error in a module, where that can be said.
#pragma once

#include <string>
#include <string_view>

#include "wasm/module.h"

namespace godwit::cli {

// A sentence without its full stop about an error with this message, or nothing. The module could be decoded.
std::string hint_for(std::string_view message, const wasm::Module& module);

}  // namespace godwit::cli
