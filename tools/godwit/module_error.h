// Errors of decoding and of reading files as people read them, for commands that look at modules without running them.
// (report.h is for errors of the public API.)
#pragma once

#include <string>

#include "base/error.h"

namespace godwit::cli {

// Says on standard error what is wrong with the module at `path`, where in it, or what else the file is; yields
// kExitError.
int report_module_error(const Error& error, const std::string& path);

}  // namespace godwit::cli
