// Runs one sequence through llama.cpp.
#include "session.h"

#include <common/build-info.h>
#include <common/common.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "tokenize.h"

namespace godwit::ggml {
namespace {

// Room for an answer that a prompt must leave in the context, in tokens.
constexpr int32_t kRoomForAnswer = 4;

std::string piece_of(const llama_vocab* vocab, llama_token token) {
  std::string piece(32, '\0');
  int32_t length =
      llama_token_to_piece(vocab, token, piece.data(), static_cast<int32_t>(piece.size()), 0, true);
  if (length < 0) {
    piece.resize(static_cast<size_t>(-length));
    length = llama_token_to_piece(vocab, token, piece.data(), static_cast<int32_t>(piece.size()), 0, true);
  }
  piece.resize(static_cast<size_t>(std::max(length, 0)));
  return piece;
}

}  // namespace

Session::Session(std::shared_ptr<const Graph> graph)
    : graph_(std::move(graph)), weights_(graph_->weights), options_(graph_->options) {}

Session::~Session() = default;

int32_t Session::context_size() const { return ggml::context_size(*weights_, options_.context); }

Result<> Session::set_prompt(std::string_view text) {
  finish_steps();
  prompt_text_ = std::string(text);
  return prepare_prompt();
}

Result<> Session::prepare_prompt() {
  auto tokens = tokenize(*weights_, *prompt_text_, context_size());
  if (!tokens) return std::unexpected(std::move(tokens).error());
  prompt_ = std::move(*tokens);
  if (prompt_.empty()) return fail(GODWIT_NN_INVALID_ARGUMENT, "the prompt is empty");
  const int32_t most = options_.context.embedding ? std::min(context_size(), options_.context.batch_size)
                                                  : context_size() - kRoomForAnswer;
  if (prompt_.size() > static_cast<size_t>(std::max(most, 0)))
    return fail(GODWIT_NN_PROMPT_TOO_LONG,
                "the prompt has " + std::to_string(prompt_.size()) + " tokens, the context has room for " +
                    std::to_string(most) + "; a larger \"ctx-size\"" +
                    (options_.context.embedding ? " and \"batch-size\"" : "") + " may help");
  return {};
}

Result<> Session::set_options(std::string_view json, const Call& call) {
  auto options = merged(options_, json);
  if (!options) return std::unexpected(std::move(options).error());
  finish_steps();
  LogScope::set_verbose(options->verbose());
  if (options->weights != options_.weights) {
    auto weights = graph_->model->weights(options->weights, call);
    if (!weights) return std::unexpected(std::move(weights).error());
    if (*weights != weights_) {
      sequence_.reset();
      embedder_.reset();
    }
    weights_ = std::move(*weights);
  }
  options_ = std::move(*options);
  return {};
}

// Finds a place where the model runs, unless there is one already: among others, or alone where they have no room for one
// more.
Result<> Session::prepare_place(const Call& call) {
  if (sequence_ && sequence_->options() == options_.context) return {};
  sequence_.reset();
  auto sequence = Batch::Sequence::join(Batch::of(*weights_, options_.context), call);
  if (!sequence) sequence = Batch::Sequence::join(std::make_shared<Batch>(*weights_, options_.context), call);
  if (!sequence) return std::unexpected(std::move(sequence).error());
  sequence_ = std::move(*sequence);
  return {};
}

Result<> Session::start(const Call& call) {
  if (!prompt_text_)
    return fail(GODWIT_NN_INVALID_ARGUMENT,
                "there is no prompt: set input 0 to a tensor of u8 with its text");
  LogScope::set_verbose(options_.verbose());
  GGML_TRY(prepare_prompt());
  output_.clear();
  step_output_.clear();
  produced_ = 0;
  if (options_.context.embedding) return {};
  GGML_TRY(prepare_place(call));
  auto sampler = Sampler::create(weights_->vocab(), options_.sampling, context_size());
  if (!sampler) return std::unexpected(std::move(sampler).error());
  sampler_ = std::move(*sampler);
  sampler_->begin_after(prompt_);
  tokens_ = prompt_;
  return {};
}

bool Session::ends_with_reverse_prompt(size_t piece_size) const {
  for (const std::string& text : options_.run.reverse_prompt) {
    // A match can only end in the new piece.
    const size_t window = std::min(output_.size(), text.size() - 1 + piece_size);
    if (std::string_view(output_).substr(output_.size() - window).find(text) != std::string_view::npos)
      return true;
  }
  return false;
}

Result<> Session::answer(Extent extent, const Call& call) {
  step_output_.clear();
  const int32_t most = options_.run.n_predict;
  const auto has_enough = [&] { return most >= 0 && produced_ >= most; };
  if (phase_ == Phase::Ended || has_enough()) {
    phase_ = Phase::Ended;
    return fail(GODWIT_NN_END_OF_SEQUENCE);
  }
  const auto take = [&](std::optional<llama_token> token) {
    if (!token || llama_vocab_is_eog(weights_->vocab(), *token)) {
      phase_ = Phase::Ended;
      return false;
    }
    tokens_.push_back(*token);
    ++produced_;
    step_output_ = piece_of(weights_->vocab(), *token);
    output_ += step_output_;
    if (ends_with_reverse_prompt(step_output_.size())) phase_ = Phase::Ended;
    return phase_ != Phase::Ended && extent == Extent::Whole && !has_enough();
  };
  size_t reused = 0;
  const bool is_first = produced_ == 0;
  Result<> outcome = sequence_->run(tokens_, *sampler_, take, call, &reused);
  if (is_first) reused_ = static_cast<int32_t>(reused);
  if (!outcome) {
    phase_ = Phase::Ended;
    return outcome;
  }
  return phase_ == Phase::Ended ? fail(GODWIT_NN_END_OF_SEQUENCE) : Result<>();
}

Result<> Session::compute(const Call& call) {
  phase_ = Phase::Idle;
  GGML_TRY(start(call));
  if (options_.context.embedding) return embed(call);
  Result<> outcome = answer(Extent::Whole, call);
  phase_ = Phase::Idle;
  step_output_.clear();
  if (!outcome && outcome.error().status == GODWIT_NN_END_OF_SEQUENCE) return {};
  return outcome;
}

Result<> Session::step(const Call& call) {
  if (phase_ == Phase::Idle) {
    if (options_.context.embedding)
      return fail(GODWIT_NN_UNSUPPORTED_OPERATION, "an embedding has no steps: use compute");
    GGML_TRY(start(call));
    phase_ = Phase::Stepping;
  }
  return answer(Extent::Token, call);
}

void Session::finish_steps() { phase_ = Phase::Idle; }

Result<> Session::embed(const Call& call) {
  if (!embedder_ || embedder_options_ != options_.context) {
    embedder_.reset();
    auto made = Engine::create(*weights_, options_.context, 1, call);
    if (!made) return std::unexpected(std::move(made).error());
    embedder_ = std::move(*made);
    embedder_options_ = options_.context;
  }
  embedder_->forget_all();
  const Engine::Run run(*embedder_, [&call] { return call.cancelled(); });
  const llama_batch batch = llama_batch_get_one(prompt_.data(), static_cast<int32_t>(prompt_.size()));
  const bool encodes = llama_model_has_encoder(weights_->model());
  const int32_t outcome =
      encodes ? llama_encode(embedder_->context(), batch) : llama_decode(embedder_->context(), batch);
  if (outcome == 2) return fail(GODWIT_NN_CANCELLED);
  if (outcome != 0)
    return fail(GODWIT_NN_RUNTIME_ERROR,
                "llama.cpp cannot compute the embedding: " + LogScope::first_error());
  const enum llama_pooling_type pooling = llama_pooling_type(embedder_->context());
  const float* values = pooling == LLAMA_POOLING_TYPE_NONE
                            ? llama_get_embeddings_ith(embedder_->context(), -1)
                            : llama_get_embeddings_seq(embedder_->context(), 0);
  if (!values) return fail(GODWIT_NN_RUNTIME_ERROR, "the model gives no embedding");
  const int32_t size = pooling == LLAMA_POOLING_TYPE_RANK
                           ? static_cast<int32_t>(llama_model_n_cls_out(weights_->model()))
                           : llama_model_n_embd_out(weights_->model());
  // A rank is a score: its length carries the meaning.
  const int32_t normalization = pooling == LLAMA_POOLING_TYPE_RANK ? -1 : options_.run.embd_normalize;
  std::vector<float> normal(static_cast<size_t>(size));
  common_embd_normalize(values, normal.data(), size, normalization);
  output_ = "{\"n_embedding\":" + std::to_string(size) + ",\"embedding\":[";
  for (int32_t at = 0; at < size; ++at) {
    char text[32];
    std::snprintf(text, sizeof text, at ? ",%.10g" : "%.10g",
                  static_cast<double>(normal[static_cast<size_t>(at)]));
    output_ += text;
  }
  output_ += "]}";
  return {};
}

Result<std::string_view> Session::output(uint32_t index) {
  if (index == 0) return output_;
  if (index != 1) return fail(GODWIT_NN_INVALID_ARGUMENT, "outputs are 0 (the text) and 1 (counts, as JSON)");
  metadata_ = nlohmann::ordered_json{
      {"input_tokens", prompt_.size()},
      {"output_tokens", produced_},
      {"llama_build_number", llama_build_number()},
      {"llama_commit", llama_commit()},
      {"chat_template", weights_->chat_template()},
      {"context_size", context_size()},
      {"reused_tokens",
       reused_}}.dump();
  return metadata_;
}

Result<std::string_view> Session::step_output(uint32_t index) {
  if (index == 1) return output(index);
  if (index != 0)
    return fail(GODWIT_NN_INVALID_ARGUMENT, "a step has outputs 0 (its text) and 1 (counts, as JSON)");
  return step_output_;
}

}  // namespace godwit::ggml
