// Library: the TLS library behind the C11 ABI.
#pragma once

#include <span>
#include <string>

#include "base/error.h"
#include "godwit/abi/net.h"

namespace godwit::tls {

// Loads godwit-net.so from the first of the directories that has it. It stays loaded.
// @errors NotFound: none has it; says where it was sought and how to get it. Unsupported: it cannot be loaded, is no such
//   library, or was built for an ABI that this host does not speak (both versions are named).
Result<const godwit_net*> load_library(std::span<const std::string> directories);

}  // namespace godwit::tls
