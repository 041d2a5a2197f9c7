// What this process is.
#pragma once

#include <string>

#include "base/error.h"

namespace godwit::platform {

// The absolute path of the running executable: what lies beside it (plug-ins) is found from there.
// @errors Io: the system does not tell.
Result<std::string> executable_path();

}  // namespace godwit::platform
