// Sampler: chooses the next token as SamplingOptions say.
#pragma once

#include <llama.h>

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "options.h"
#include "result.h"

namespace godwit::ggml {

// One per run: it remembers what it chose.
class Sampler final {
 public:
  // @param context_size what a `last-n` option of -1 stands for, in tokens
  // @errors GODWIT_NN_INVALID_ARGUMENT: the grammar or the JSON schema cannot be read
  static Result<Sampler> create(const llama_vocab* vocab, const SamplingOptions& options,
                                int32_t context_size);

  // The next token by the logits that the last pass of `context` gives at `index`; none if the grammar allows none.
  std::optional<llama_token> sample(llama_context* context, int32_t index);

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
};

}  // namespace godwit::ggml
