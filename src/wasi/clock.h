// The clocks a guest can name.
#pragma once

#include "platform/clock.h"
#include "wasi/errno.h"

namespace godwit::wasi {

// @errors Inval: no such clock.
Expected<platform::Clock> to_clock(uint32_t id);

}  // namespace godwit::wasi
