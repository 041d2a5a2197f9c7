// Calls from outside into guests, without detours.
#pragma once

#include "runtime/direct_entry.h"

namespace godwit::peak {

// This processor's.
runtime::DirectCalls direct_calls();

}  // namespace godwit::peak
