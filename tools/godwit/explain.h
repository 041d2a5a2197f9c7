// Explanations: where in a module an error is, for errors that name a byte of it.
#pragma once

#include <cstdint>
#include <string>

namespace godwit::cli {

// Lines that follow the message, each after a newline: the section that byte `offset` of the file lies in, or the function
// and the last instructions up to it. Empty if the file cannot be read any more, or has no such byte.
std::string explain_place(const std::string& path, uint64_t offset);

}  // namespace godwit::cli
