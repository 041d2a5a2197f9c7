// The version, from the file VERSION.
#include "godwit/version.h"

namespace godwit::v1 {

std::string_view version() { return GODWIT_VERSION; }

}  // namespace godwit::v1
