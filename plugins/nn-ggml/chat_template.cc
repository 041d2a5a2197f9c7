// Compares what a model's template makes of a probe with what the well-known ones make of it: two templates that are
// written differently but say the same are the same for a guest.
#include "chat_template.h"

#include <llama.h>

#include <optional>

namespace godwit::ggml {
namespace {

// The templates that guests in the wild write themselves, most frequent first.
constexpr const char* kKnown[] = {"chatml",     "llama3",
                                  "gemma",      "phi3",
                                  "phi4",       "mistral-v7-tekken",
                                  "mistral-v7", "mistral-v3-tekken",
                                  "mistral-v3", "mistral-v1",
                                  "llama2",     "llama2-sys",
                                  "zephyr",     "vicuna",
                                  "openchat",   "deepseek3",
                                  "deepseek2",  "deepseek",
                                  "command-r",  "granite",
                                  "llama4",     "falcon3",
                                  "exaone3",    "chatglm4"};

std::optional<std::string> render(const char* chat_template) {
  const llama_chat_message chat[] = {{"user", "one"}, {"assistant", "two"}, {"user", "three"}};
  char text[2048];
  const int32_t length =
      llama_chat_apply_template(chat_template, chat, std::size(chat), true, text, sizeof text);
  if (length < 0 || static_cast<size_t>(length) > sizeof text) return std::nullopt;
  return std::string(text, static_cast<size_t>(length));
}

}  // namespace

std::string chat_template_name(const llama_model* model) {
  const char* own = llama_model_chat_template(model, nullptr);
  if (!own) return "";
  const std::optional<std::string> wanted = render(own);
  if (!wanted) return "other";
  for (const char* name : kKnown)
    if (render(name) == wanted) return name;
  return "other";
}

}  // namespace godwit::ggml
