// What files in the user's own folders need.
#pragma once

#include <string>

#include "base/error.h"

namespace godwit::platform {

// The error that errno says, about `path`. @errors NotFound, Io.
Error system_error(const std::string& path);

// The folder "godwit" in what the environment variable names, or in `below_home` of the user's home.
// @errors NotFound: HOME is not set.
Result<std::string> user_directory(const char* variable, const std::string& below_home);

// Makes the directory and those above it, the last one for the user alone.
void make_directories(const std::string& path);

}  // namespace godwit::platform
