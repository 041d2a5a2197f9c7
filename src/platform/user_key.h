// A secret of the user's, by which a program knows again what it has made itself.
#pragma once

#include <array>
#include <cstdint>

#include "base/error.h"

namespace godwit::platform {

using UserKey = std::array<uint8_t, 32>;

// The key in $XDG_DATA_HOME/godwit/key (or ~/.local/share/godwit/key), which only the user may read.
// @errors NotFound: there is none. Io: the system refuses. Unsupported: others could read or write it.
Result<UserKey> read_user_key();

// The same; makes the key if there is none. @threads any, also of several processes: all get the same key.
Result<UserKey> make_user_key();

}  // namespace godwit::platform
