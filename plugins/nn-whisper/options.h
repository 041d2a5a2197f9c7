// What a guest may choose, as JSON.
#pragma once

#include <string>
#include <string_view>

#include "result.h"

namespace godwit::whisper {

using tensors::fail;
using tensors::Result;

// The keys are those of WasmEdge's backend; the numbers' meanings are whisper.cpp's.
struct Options {
  std::string language = "en";  // "auto": found out
  std::string prompt;
  bool detect_language = false;  // nothing else
  bool translate = false;        // into English
  bool no_timestamps = false;
  bool split_on_word = false;
  int threads = 0;  // 0: as many as the machine has, 8 at most
  int offset_ms = 0;
  int duration_ms = 0;  // 0: to the end
  int max_context = 16384;
  int max_len = 0;
  int best_of = 5;
  int beam_size = 5;
  int audio_context = 0;
  float temperature = 0;
  float temperature_inc = 0.2f;
  float entropy_threshold = 2.4f;
  float logprob_threshold = -1;
};

// `base` with the keys of `text`. Keys that are not known are ignored.
// @errors GODWIT_NN_INVALID_ARGUMENT: no JSON object, or a value that is wrong; GODWIT_NN_UNSUPPORTED_OPERATION: a key
// that would write files or tell speakers apart
Result<Options> merged(const Options& base, std::string_view text);

}  // namespace godwit::whisper
