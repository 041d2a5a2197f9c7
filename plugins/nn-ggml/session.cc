// Runs one sequence through llama.cpp.
#include "session.h"

#include <common/build-info.h>
#include <common/common.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <future>
#include <limits>
#include <nlohmann/json.hpp>
#include <numeric>

#include "tokenize.h"

namespace godwit::ggml {
namespace {

// Room for an answer that a prompt must leave in the context, in tokens.
constexpr int32_t kRoomForAnswer = 4;

std::string piece_of(const llama_vocab* vocab, llama_token token, bool special = true) {
  std::string piece(32, '\0');
  int32_t length =
      llama_token_to_piece(vocab, token, piece.data(), static_cast<int32_t>(piece.size()), 0, special);
  if (length < 0) {
    piece.resize(static_cast<size_t>(-length));
    length = llama_token_to_piece(vocab, token, piece.data(), static_cast<int32_t>(piece.size()), 0, special);
  }
  piece.resize(static_cast<size_t>(std::max(length, 0)));
  return piece;
}

// How many of the first `size` bytes of a text are whole characters: at its end one may be cut off.
size_t whole_characters(std::string_view text, size_t size) {
  constexpr size_t kLongestCharacter = 4;
  for (size_t back = 1; back <= std::min(size, kLongestCharacter); ++back) {
    const auto byte = static_cast<uint8_t>(text[size - back]);
    if ((byte & 0xc0) == 0x80) continue;
    const size_t length = byte < 0x80 ? 1 : byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? size - back : size;
  }
  return size;
}

// Runs what may throw inside of a callback.
template <class Function>
Result<> caught(Function function) {
  try {
    return function();
  } catch (const std::bad_alloc&) {
    return fail(GODWIT_NN_MISSING_MEMORY, "out of memory");
  } catch (const std::exception& error) {
    return fail(GODWIT_NN_RUNTIME_ERROR, std::string("llama.cpp: ") + error.what());
  }
}

}  // namespace

Session::Session(std::shared_ptr<const Graph> graph)
    : graph_(std::move(graph)), weights_(graph_->weights), options_(graph_->options) {}

Session::~Session() = default;

int32_t Session::context_size() const { return ggml::context_size(*weights_, options_.context); }

Result<> Session::set_prompt(std::string_view text) {
  finish_steps();
  chat_.reset();
  prompt_text_ = std::string(text);
  return prepare_prompt();
}

Result<> Session::set_chat(std::string_view json) {
  finish_steps();
  auto chat = Chat::read(*weights_, json);
  if (!chat) return std::unexpected(std::move(chat).error());
  prompt_text_ = chat->prompt();
  chat_ = std::move(*chat);
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
  auto batch = Batch::of(*weights_, options_.context);
  const bool is_kept = call.tenant() != 0 && options_.context.continuous_batching &&
                       options_.context == graph_->options.context && weights_ == graph_->weights;
  auto sequence = Batch::Sequence::join(is_kept ? graph_->keep(batch) : batch, call);
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
  tokens_json_.clear();
  message_json_.clear();
  message_ = {};
  emitted_ = 0;
  produced_ = 0;
  finish_reason_ = "";
  if (options_.context.embedding) return {};
  GGML_TRY(prepare_place(call));
  stops_ = options_.run.stop;
  if (chat_) stops_.insert(stops_.end(), chat_->stops().begin(), chat_->stops().end());
  auto sampler = Sampler::create(weights_->vocab(), options_.sampling, context_size(),
                                 chat_ ? &chat_->grammar() : nullptr);
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

// Ends the answer before the earliest stop that the new piece completes.
bool Session::cut_at_stop(size_t piece_size) {
  size_t cut = std::string::npos;
  for (const std::string& text : stops_) {
    const size_t window = std::min(output_.size(), text.size() - 1 + piece_size);
    cut = std::min(cut, output_.find(text, output_.size() - window));
  }
  if (cut == std::string::npos) return false;
  output_.resize(cut);
  return true;
}

// How many bytes of the answer stay as they are, whatever comes.
size_t Session::settled_size(bool is_whole) const {
  if (is_whole) return output_.size();
  size_t size = output_.size();
  for (const std::string& text : stops_)
    for (size_t begun = std::min(text.size() - 1, output_.size()); begun > 0; --begun) {
      if (!std::string_view(output_).ends_with(std::string_view(text).substr(0, begun))) continue;
      size = std::min(size, output_.size() - begun);
      break;
    }
  return whole_characters(output_, size);
}

void Session::emit(bool is_whole, const Call& call) {
  if (!call.takes_pieces()) return;
  const size_t settled = settled_size(is_whole);
  if (settled <= emitted_ && !is_whole) return;
  if (!chat_) {
    if (settled > emitted_) call.emit(0, std::string_view(output_).substr(emitted_, settled - emitted_));
    emitted_ = settled;
    return;
  }
  emitted_ = settled;
  common_chat_msg message = chat_->parse(output_.substr(0, settled), !is_whole);
  for (const std::string& change : changes(message_, message)) call.emit(2, change);
  message_ = std::move(message);
}

// The token, how probable it was, and what else was, as OpenAI's API has it.
std::string Session::about(llama_token token, std::span<const float> logits) const {
  double highest = -std::numeric_limits<double>::infinity();
  for (const float logit : logits) highest = std::max<double>(highest, logit);
  double sum = 0;
  for (const float logit : logits) sum += std::exp(logit - highest);
  const double log_sum = highest + std::log(sum);
  const auto entry = [&](llama_token which) {
    const std::string text = piece_of(weights_->vocab(), which);
    constexpr double kLowest = -9999;
    nlohmann::ordered_json json{{"token", text},
                                {"logprob", std::max(kLowest, logits[static_cast<size_t>(which)] - log_sum)}};
    for (const char byte : text) json["bytes"].push_back(static_cast<uint8_t>(byte));
    return json;
  };
  nlohmann::ordered_json json = entry(token);
  json["top_logprobs"] = nlohmann::ordered_json::array();
  std::vector<llama_token> best(logits.size());
  std::iota(best.begin(), best.end(), 0);
  const auto count = std::min(static_cast<size_t>(options_.run.logprobs), best.size());
  std::ranges::partial_sort(best, best.begin() + static_cast<std::ptrdiff_t>(count), std::greater(),
                            [&](llama_token which) { return logits[static_cast<size_t>(which)]; });
  for (size_t at = 0; at < count; ++at) json["top_logprobs"].push_back(entry(best[at]));
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

// @returns whether another token is wanted
bool Session::take(std::optional<llama_token> token, std::span<const float> logits, Extent extent,
                   const Call& call) {
  if (!token || llama_vocab_is_eog(weights_->vocab(), *token)) {
    phase_ = Phase::Ended;
    finish_reason_ = "stop";
    return false;
  }
  tokens_.push_back(*token);
  ++produced_;
  step_output_ = piece_of(weights_->vocab(), *token);
  if (chat_ && llama_vocab_is_control(weights_->vocab(), *token) && !chat_->preserves(step_output_))
    step_output_.clear();
  output_ += step_output_;
  if (options_.run.logprobs >= 0 && !logits.empty()) {
    const std::string known = about(*token, logits);
    tokens_json_ += (tokens_json_.empty() ? "" : ",") + known;
    if (call.takes_pieces()) call.emit(3, known);
  }
  if (cut_at_stop(step_output_.size()) || ends_with_reverse_prompt(step_output_.size())) {
    phase_ = Phase::Ended;
    finish_reason_ = "stop";
  } else if (has_enough()) {
    finish_reason_ = "length";
  }
  if (phase_ != Phase::Ended) emit(false, call);
  return phase_ != Phase::Ended && extent == Extent::Whole && !has_enough();
}

// @param done told of the outcome, unless this fails itself
Result<> Session::answer(Extent extent, const Call& call, Done done) {
  step_output_.clear();
  if (phase_ == Phase::Ended || has_enough()) {
    phase_ = Phase::Ended;
    if (*finish_reason_ == '\0') finish_reason_ = "length";
    return fail(GODWIT_NN_END_OF_SEQUENCE);
  }
  const bool is_first = produced_ == 0;
  sequence_->start(
      tokens_, *sampler_,
      [this, extent, &call](std::optional<llama_token> token, std::span<const float> logits) {
        return take(token, logits, extent, call);
      },
      call,
      [this, is_first, done = std::move(done)](Result<> outcome, size_t reused) {
        done(answered(std::move(outcome), reused, is_first));
      });
  return {};
}

Result<> Session::answered(Result<> outcome, size_t reused, bool is_first) {
  if (is_first) reused_ = static_cast<int32_t>(reused);
  if (!outcome) {
    phase_ = Phase::Ended;
    if (outcome.error().status == GODWIT_NN_CONTEXT_FULL) finish_reason_ = "length";
    return outcome;
  }
  return phase_ == Phase::Ended ? fail(GODWIT_NN_END_OF_SEQUENCE) : Result<>();
}

// The same in the caller's thread, where that has the stack for it.
Result<> Session::wait_for_answer(Extent extent, const Call& call) {
  if (sampler_->needs_stack() || (chat_ && !chat_->is_plain())) {
    std::promise<Result<>> outcome;
    GGML_TRY(answer(extent, call, [&](Result<> result) { outcome.set_value(std::move(result)); }));
    return outcome.get_future().get();
  }
  step_output_.clear();
  if (phase_ == Phase::Ended || has_enough()) {
    phase_ = Phase::Ended;
    if (*finish_reason_ == '\0') finish_reason_ = "length";
    return fail(GODWIT_NN_END_OF_SEQUENCE);
  }
  const bool is_first = produced_ == 0;
  size_t reused = 0;
  Result<> outcome = sequence_->run(
      tokens_, *sampler_,
      [this, extent, &call](std::optional<llama_token> token, std::span<const float> logits) {
        return take(token, logits, extent, call);
      },
      call, &reused);
  return answered(std::move(outcome), reused, is_first);
}

// What a whole answer ends with.
Result<> Session::finish_compute(Result<> outcome, const Call& call) {
  phase_ = Phase::Idle;
  step_output_.clear();
  const godwit_nn_status status = outcome ? GODWIT_NN_OK : outcome.error().status;
  const bool has_answer =
      status == GODWIT_NN_OK || status == GODWIT_NN_END_OF_SEQUENCE || status == GODWIT_NN_CONTEXT_FULL;
  if (has_answer) emit(true, call);
  return status == GODWIT_NN_END_OF_SEQUENCE ? Result<>() : outcome;
}

Result<> Session::compute(const Call& call) {
  phase_ = Phase::Idle;
  GGML_TRY(start(call));
  if (options_.context.embedding) return embed(call);
  return finish_compute(wait_for_answer(Extent::Whole, call), call);
}

Result<> Session::start_compute(const Call& call, Done done) {
  phase_ = Phase::Idle;
  GGML_TRY(start(call));
  if (options_.context.embedding) {
    GGML_TRY(embed(call));
    done({});
    return {};
  }
  const auto finish = [this, &call, done = std::move(done)](Result<> outcome) {
    done(caught([&] { return finish_compute(std::move(outcome), call); }));
  };
  // Nothing to compute is an outcome, too.
  if (auto begun = answer(Extent::Whole, call, finish); !begun) finish(std::move(begun));
  return {};
}

Result<> Session::prepare_step(const Call& call) {
  if (phase_ != Phase::Idle) return {};
  if (options_.context.embedding)
    return fail(GODWIT_NN_UNSUPPORTED_OPERATION, "an embedding has no steps: use compute");
  GGML_TRY(start(call));
  phase_ = Phase::Stepping;
  return {};
}

Result<> Session::step(const Call& call) {
  GGML_TRY(prepare_step(call));
  return wait_for_answer(Extent::Token, call);
}

Result<> Session::start_step(const Call& call, Done done) {
  GGML_TRY(prepare_step(call));
  return answer(Extent::Token, call, std::move(done));
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
  if (!call.spend(prompt_.size())) return fail(GODWIT_NN_CANCELLED);
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
  if (index == 2 && chat_) {
    if (message_json_.empty()) message_json_ = json_of(chat_->parse(output_, false));
    return message_json_;
  }
  if (index == 3 && options_.run.logprobs >= 0) {
    metadata_ = "[" + tokens_json_ + "]";
    return metadata_;
  }
  if (index != 1)
    return fail(GODWIT_NN_INVALID_ARGUMENT,
                "outputs are 0 (the text), 1 (counts, as JSON), of a chat 2 (the message, as JSON), and with "
                "the option \"logprobs\" 3 (the tokens, as JSON)");
  metadata_ = nlohmann::ordered_json{{"input_tokens", prompt_.size()},
                                     {"output_tokens", produced_},
                                     {"llama_build_number", llama_build_number()},
                                     {"llama_commit", llama_commit()},
                                     {"chat_template", weights_->chat_template()},
                                     {"context_size", context_size()},
                                     {"reused_tokens", reused_},
                                     {"finish_reason", finish_reason_}}
                  .dump();
  return metadata_;
}

Result<std::string_view> Session::step_output(uint32_t index) {
  if (index == 1) return output(index);
  if (index != 0)
    return fail(GODWIT_NN_INVALID_ARGUMENT, "a step has outputs 0 (its text) and 1 (counts, as JSON)");
  return step_output_;
}

}  // namespace godwit::ggml
