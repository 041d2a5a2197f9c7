// The licence that a GGUF file tells.
#pragma once

#include <string>

namespace godwit::nn {

// The value of "general.license", without what is no printable text, at most 200 bytes of it; "" if the file does not
// tell, or is no whole GGUF file.
// @param fd open for reading; its position is not used
std::string gguf_license(int fd);

}  // namespace godwit::nn
