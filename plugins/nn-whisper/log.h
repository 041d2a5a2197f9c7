// Where whisper.cpp's and ggml's lines go.
#pragma once

#include "call.h"

namespace godwit::whisper {

// While it lives, what they say on this thread goes to the call's host, as no more than information: what fails is
// explained in our own words. Lines of other threads go nowhere.
class LogScope final {
 public:
  explicit LogScope(const tensors::Call& call);
  ~LogScope();
  LogScope(const LogScope&) = delete;
  LogScope& operator=(const LogScope&) = delete;
};

}  // namespace godwit::whisper
