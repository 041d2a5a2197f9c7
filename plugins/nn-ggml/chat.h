// Chat: a conversation as JSON, turned into a prompt by the model's own template; and the way back, from what the model
// says to a message with tool calls.
#pragma once

#include <common/chat.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model.h"
#include "result.h"

namespace godwit::ggml {

// What of a conversation the sampler must know: immutable.
struct ChatGrammar {
  std::string grammar;   // GBNF; empty: any text
  bool is_lazy = false;  // from the first trigger on only
  std::string before;    // the end of the prompt, where the grammar describes that, too
  std::vector<common_grammar_trigger> triggers;
};

// Immutable.
class Chat final {
 public:
  // Reads a conversation as OpenAI's API writes it: an object with `messages`, and if wanted `tools`, `tool_choice`,
  // `parallel_tool_calls`, `response_format`, `chat_template_kwargs`.
  // @errors GODWIT_NN_INVALID_ARGUMENT: not of that form, or nothing that the template accepts.
  static Result<Chat> read(const Weights& weights, std::string_view json);

  const std::string& prompt() const { return params_.prompt; }
  const ChatGrammar& grammar() const { return grammar_; }
  const std::vector<std::string>& stops() const { return params_.additional_stops; }
  // Whether a special token is a part of what is to be read.
  bool preserves(std::string_view token) const;
  // Whatever the model says is the message's content.
  bool is_plain() const { return reading_ == Reading::Plain; }

  // What `text` says so far. @param is_partial more may come
  common_chat_msg parse(const std::string& text, bool is_partial) const;

 private:
  enum class Reading : uint8_t { ByParser, Plain, ToldTools };

  Chat() = default;
  void apply(const common_chat_templates* templates, common_chat_templates_inputs inputs);

  common_chat_params params_;
  common_chat_parser_params parser_;
  ChatGrammar grammar_;
  Reading reading_ = Reading::ByParser;
};

// A message as JSON, in OpenAI's form: `role`, `content`, `reasoning_content`, `tool_calls`.
std::string json_of(const common_chat_msg& message);

// What came to a message, as JSON: `content`, `reasoning_content`, `tool_calls` with indices. Empty if nothing did.
std::vector<std::string> changes(const common_chat_msg& before, const common_chat_msg& after);

}  // namespace godwit::ggml
