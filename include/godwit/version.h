// The version of the library.
#pragma once

#include <string_view>

#include "godwit/namespace.h"

namespace godwit {
GODWIT_API_NAMESPACE {
  /// "MAJOR.MINOR.PATCH" of the library that is linked. @spec https://semver.org
  std::string_view version();

}  // namespace v1
}  // namespace godwit
