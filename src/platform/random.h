// Random bytes from the system.
#pragma once

#include "base/bytes.h"
#include "base/error.h"

namespace godwit::platform {

// Fills `into` with bytes fit for keys. May block until the system has gathered entropy (early in boot).
// @errors Io: the system has no source.
Result<> fill_random(MutableBytes into);

}  // namespace godwit::platform
