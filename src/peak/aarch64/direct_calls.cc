// Direct calls into guests: there are none on aarch64.
#include "peak/direct_calls.h"

namespace godwit::peak {

runtime::DirectCalls direct_calls() { return {}; }

}  // namespace godwit::peak
