// Session: an execution context, that is one sequence of tokens with its own key/value cache, inputs and outputs. What
// computes it is shared (batch.h).
#pragma once

#include <llama.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "batch.h"
#include "call.h"
#include "chat.h"
#include "engine.h"
#include "model.h"
#include "options.h"
#include "result.h"
#include "sampler.h"

namespace godwit::ggml {

// Not thread-safe: the host serialises calls on one context.
class Session final {
 public:
  explicit Session(std::shared_ptr<const Graph> graph);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Input 0: the prompt, UTF-8; special tokens written in it count as such.
  // @errors GODWIT_NN_PROMPT_TOO_LONG
  Result<> set_prompt(std::string_view text);
  // Input 1: options on top of those in force.
  Result<> set_options(std::string_view json, const Call& call);
  // Input 2, instead of input 0: a conversation, as JSON (chat.h).
  Result<> set_chat(std::string_view json);

  // The whole answer, or the embedding of the prompt. GODWIT_NN_CONTEXT_FULL leaves the answer so far.
  // What comes is emitted meanwhile: output 0 text, or of conversations output 2 what came to the message; before it, where
  // wanted, output 3 what is known of a token.
  Result<> compute(const Call& call);
  // One token more. @errors GODWIT_NN_END_OF_SEQUENCE, GODWIT_NN_CONTEXT_FULL: nothing comes any more
  Result<> step(const Call& call);
  void finish_steps();

  // The same without waiting for the model. `call` and the session live until `done` was called, with the outcome; it is
  // not, if these fail themselves.
  using Done = std::function<void(Result<>)>;
  Result<> start_compute(const Call& call, Done done);
  Result<> start_step(const Call& call, Done done);

  // Output 0: the answer so far; 1: counts as JSON; of conversations, 2: the message as JSON; where wanted, 3: what is
  // known of the tokens, as JSON. Valid until the next call that changes something.
  Result<std::string_view> output(uint32_t index);
  Result<std::string_view> step_output(uint32_t index);

 private:
  enum class Phase { Idle, Stepping, Ended };
  enum class Extent { Token, Whole };

  Result<> start(const Call& call);
  Result<> prepare_place(const Call& call);
  Result<> prepare_prompt();
  Result<> prepare_step(const Call& call);
  Result<> answer(Extent extent, const Call& call, Done done);
  Result<> wait_for_answer(Extent extent, const Call& call);
  bool has_enough() const { return options_.run.n_predict >= 0 && produced_ >= options_.run.n_predict; }
  bool take(std::optional<llama_token> token, std::span<const float> logits, Extent extent, const Call& call);
  Result<> answered(Result<> outcome, size_t reused, bool is_first);
  Result<> finish_compute(Result<> outcome, const Call& call);
  Result<> embed(const Call& call);
  int32_t context_size() const;
  bool ends_with_reverse_prompt(size_t piece_size) const;
  bool cut_at_stop(size_t piece_size);
  size_t settled_size(bool is_whole) const;
  void emit(bool is_whole, const Call& call);
  std::string about(llama_token token, std::span<const float> logits) const;

  std::shared_ptr<const Graph> graph_;
  std::shared_ptr<Weights> weights_;
  Options options_;

  std::optional<std::string> prompt_text_;
  std::optional<Chat> chat_;  // what prompt_text_ was made of
  std::vector<llama_token> prompt_;
  std::unique_ptr<Batch::Sequence>
      sequence_;                      // null until the first run, and after options that need another place
  std::unique_ptr<Engine> embedder_;  // instead of it, for embeddings
  ContextOptions embedder_options_;
  std::optional<Sampler> sampler_;

  Phase phase_ = Phase::Idle;
  std::vector<llama_token>
      tokens_;            // of the prompt and the answer; the last one may not have been computed yet
  int32_t produced_ = 0;  // tokens of the answer
  int32_t reused_ = 0;    // tokens of the prompt that were in the cache already
  const char* finish_reason_ = "";  // "stop", "length"; "" while more may come
  std::string output_;
  std::string step_output_;
  std::vector<std::string> stops_;  // where the answer ends
  size_t emitted_ = 0;              // bytes of output_
  common_chat_msg message_;         // as far as it was emitted
  std::string message_json_;
  std::string tokens_json_;
  std::string metadata_;
};

}  // namespace godwit::ggml
