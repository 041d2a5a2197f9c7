// What a file must be before whisper.cpp reads it: it trusts sizes, and some files would end the process.
#pragma once

#include <cstdint>
#include <span>

#include "result.h"

namespace godwit::whisper {

using tensors::fail;
using tensors::Result;

// Whether `bytes` are a whole model of Whisper in ggml's format: the header's numbers are those that such models have,
// and each tensor of them is there once, with its shape, its type and all its bytes.
// @errors GODWIT_NN_INVALID_ENCODING: says what is wrong, and at which byte
Result<> check_model(std::span<const uint8_t> bytes);

}  // namespace godwit::whisper
