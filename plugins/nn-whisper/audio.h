// What a guest gives to be heard, as samples.
#pragma once

#include <vector>

#include "call.h"
#include "result.h"

namespace godwit::whisper {

using tensors::fail;
using tensors::Result;

inline constexpr int kSampleRate = 16000;
// Two hours: whisper.cpp's own memory for them is twice that of the samples.
inline constexpr size_t kMostSamples = size_t{2} * 60 * 60 * kSampleRate;

// The samples of a tensor: f32, one channel at 16 kHz; or u8, the bytes of a WAV file of any rate and 8 channels at most
// (8, 16, 24 or 32 bits, or f32), whose channels are mixed and which is brought to 16 kHz.
// @errors GODWIT_NN_INVALID_ARGUMENT: no such audio, or a sample that is no number; GODWIT_NN_TOO_LARGE: over two hours
Result<std::vector<float>> samples_of(const godwit_nn_tensor& tensor, const tensors::Call& call);

}  // namespace godwit::whisper
