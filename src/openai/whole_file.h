// Files that are read and written as a whole.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace godwit::openai {

// What the system has just complained of, as an error of kind Io.
Error io_error(const std::string& what);

// Nothing if it cannot be read, or is a link.
std::optional<std::string> read_whole(const std::string& path);

// Beside its place, then renamed: it is whole or absent, for this machine's owner only. @errors Io
Result<> write_whole(const std::string& path, std::string_view content);

}  // namespace godwit::openai
