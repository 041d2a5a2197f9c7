// Where plug-ins are looked for.
#pragma once

#include <string>
#include <vector>

namespace godwit::platform {

// In this order: those that GODWIT_PLUGIN_PATH names, separated by colons, and those around the executable.
std::vector<std::string> plugin_directories();

}  // namespace godwit::platform
