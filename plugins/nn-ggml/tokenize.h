// Tokens of a text that nobody has looked at yet.
#pragma once

#include <llama.h>

#include <string_view>
#include <vector>

#include "model.h"
#include "result.h"

namespace godwit::ggml {

// The tokens of `text`; special tokens written in it count as such. An empty text becomes the token that begins texts,
// if the model has one.
// @param context_size tokens that there is room for; a text that has more for certain is not read at all.
// @errors GODWIT_NN_PROMPT_TOO_LONG: such a text; GODWIT_NN_MISSING_MEMORY.
// @cost linear in the text; not to be cancelled.
Result<std::vector<llama_token>> tokenize(const Weights& weights, std::string_view text,
                                          int32_t context_size);

}  // namespace godwit::ggml
