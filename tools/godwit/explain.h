// Explanations: where in a module an error is, for errors that name a byte of it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace godwit::cli {

// Lines that follow the message, each after a newline: the section that byte `offset` of the file lies in, or the function
// and the last instructions up to it; and what to do, if that can be said. Empty if the file cannot be read any more, or
// has no such byte.
std::string explain_place(const std::string& path, std::string_view message, uint64_t offset);

}  // namespace godwit::cli
