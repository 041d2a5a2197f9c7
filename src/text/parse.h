// Modules in the text format, to the binary format.
#pragma once

#include <vector>

#include "text/source.h"

namespace godwit::text {

// The binary of the module that is the whole text: `(module …)`, its fields alone, `(module binary "…")` or
// `(module quote "…")`. That it validates is for its validator to say.
// @errors Malformed: with the file, the line and a caret.
Result<std::vector<uint8_t>> parse_module(const Source& source);

// The same for the part [begin, end) of the text.
Result<std::vector<uint8_t>> parse_module(const Source& source, uint32_t begin, uint32_t end);

// An error about the binary of parse_module(source), one that has an offset, as an error about the text: with the file,
// the line and a caret. The error as it is, where the text does not say.
// @cost reads the text again.
Error error_in_text(const Source& source, Error error);

}  // namespace godwit::text
