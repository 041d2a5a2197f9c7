// write_file: a command's output, for those who speak the public API, whose errors have other types.
#pragma once

#include <string>
#include <string_view>

namespace godwit::cli {

// Writes a whole file, or nothing (OutputFile). Yields kExitOk, or an exit status after saying what is wrong.
int write_file(const std::string& path, std::string_view contents);

}  // namespace godwit::cli
