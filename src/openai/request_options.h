// What requests say of how an answer is to be chosen, in the backend's words.
#pragma once

#include <cstdint>
#include <optional>

#include "openai/json.h"

namespace godwit::openai {

struct AnswerOptions {
  json::object backend;  // options of the model's context
  uint32_t answers = 1;
  std::optional<int64_t> seed;
  bool streams = false;
  bool tells_usage = false;   // in a stream, at its end
  bool tells_tokens = false;  // with their probabilities
};

// Reads the fields that chats and completions have in common. What is not supported is refused, unless it asks for what
// happens anyway.
Outcome<AnswerOptions> read_answer_options(const FieldReader& fields);

}  // namespace godwit::openai
