// The files of the official test suite.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace godwit::spec {

// The .wast files below `folder`, by their paths in it without the ending: "wasm-v1/address". Sorted.
// @errors Io: the folder cannot be read. NotFound: it holds none.
Result<std::vector<std::string>> find_scripts(const std::filesystem::path& folder);

// @errors Io
Result<std::string> read_file(const std::filesystem::path& path);

// How many parentheses a text has that lie in no other, threads' commands besides: what a script has commands. Counted
// without its parser, so that no command is lost unnoticed. The fields of a module without `(module` count as one.
uint32_t count_forms(std::string_view text);

}  // namespace godwit::spec
