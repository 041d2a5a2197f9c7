// Sampler: chooses the next token as SamplingOptions say.
#pragma once

#include <llama.h>

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "chat.h"
#include "options.h"
#include "result.h"

namespace godwit::ggml {

// One per run: it remembers what it chose.
class Sampler final {
 public:
  // @param context_size what a `last-n` option of -1 stands for, in tokens
  // @param chat the conversation's grammar; used when the options have none. May be null.
  // @errors GODWIT_NN_INVALID_ARGUMENT: the grammar or the JSON schema cannot be read
  static Result<Sampler> create(const llama_vocab* vocab, const SamplingOptions& options,
                                int32_t context_size, const ChatGrammar* chat = nullptr);

  // The next token by the logits that the last pass of `context` gives at `index`; none if the grammar allows none.
  std::optional<llama_token> sample(llama_context* context, int32_t index);

  // What the last token was chosen by; valid until the context's next pass.
  std::span<const float> logits() const { return logits_; }

  // Reading what it says takes as much stack as the answer is long.
  bool needs_stack() const { return needs_stack_; }

  // Tells the sampler what came before the answer; repetition penalties look at it.
  void begin_after(std::span<const llama_token> prompt);

 private:
  struct Free {
    void operator()(llama_sampler* sampler) const { llama_sampler_free(sampler); }
  };
  using Owned = std::unique_ptr<llama_sampler, Free>;

  std::optional<llama_token> choose(const float* logits, bool by_grammar_first);

  Owned chain_;
  Owned grammar_;  // null without one
  int32_t vocabulary_size_ = 0;
  std::vector<llama_token_data> candidates_;
  std::span<const float> logits_;
  bool needs_stack_ = false;
};

}  // namespace godwit::ggml
