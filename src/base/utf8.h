// UTF-8: validation as the specification wants it for names.
#pragma once

#include "base/bytes.h"

namespace godwit {

// True if `bytes` is well-formed UTF-8 (no surrogates, no overlong forms, at most U+10FFFF).
// spec: https://webassembly.github.io/spec/core/binary/values.html#names
bool is_utf8(Bytes bytes);

}  // namespace godwit
