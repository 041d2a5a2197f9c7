// Compressing what is put aside.
#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"

namespace godwit::agent {

// As one frame of Zstandard's. spec: https://www.rfc-editor.org/rfc/rfc8878
std::string compress(Bytes bytes);
// @param most_bytes of what comes out.
// @errors Malformed: that is no such frame, or it does not say how large it is. Exhausted: it is larger.
Result<std::vector<uint8_t>> decompress(Bytes frame, uint64_t most_bytes);

}  // namespace godwit::agent
