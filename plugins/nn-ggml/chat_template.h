// Tells which of the well-known chat templates a model has.
#pragma once

#include <string>

struct llama_model;

namespace godwit::ggml {

// @returns "chatml", "llama3", … as llama.cpp names them; "" for a model without a template; "other" for one that is
// none of those a guest is likely to know.
std::string chat_template_name(const llama_model* model);

}  // namespace godwit::ggml
