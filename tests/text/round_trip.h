// The round trip: a module, its text, the module that the text says, and its text again.
#pragma once

#include <optional>
#include <string>

#include "wasm/module.h"

namespace godwit::text {

// What goes wrong when `module`, which is valid, is printed and parsed, flat, folded and with comments; nothing if the
// text stays the same and the modules say the same.
std::optional<std::string> round_trip_fault(const wasm::Module& module);

// The first difference between two modules in what they declare and do, custom sections included; encodings, names and
// the places of branch hints aside.
std::optional<std::string> difference(const wasm::Module& one, const wasm::Module& other);

}  // namespace godwit::text
