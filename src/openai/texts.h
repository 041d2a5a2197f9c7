// Texts to and from a model's context, as tensors of bytes.
#pragma once

#include <string>
#include <string_view>

#include "nn/registry.h"

namespace godwit::openai {

// Gives `text` to the context's input `index`.
nn::Outcome<> set_text(nn::Context& context, uint32_t index, std::string_view text, nn::BackendCall& call,
                       const nn::Waiting& waiting);
// A copy of the context's output `index`.
nn::Outcome<std::string> get_text(nn::Context& context, uint32_t index, nn::BackendCall& call);

}  // namespace godwit::openai
