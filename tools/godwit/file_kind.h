// What a file is that turned out to be no core module: for the error that says so.
#pragma once

#include <string>

namespace godwit::cli {

// A sentence without its full stop about what the file at `path` begins with and what to do; empty if it begins as a
// core module does, in binary or in text, or cannot be read.
std::string what_else_it_is(const char* path);

}  // namespace godwit::cli
