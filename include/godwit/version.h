// The version of the library.
#pragma once

#include <string_view>

#include "godwit/namespace.h"

namespace godwit::GODWIT_V1 {

/// "MAJOR.MINOR.PATCH" of the library that is linked. @spec https://semver.org
std::string_view version();

}  // namespace godwit::GODWIT_V1
