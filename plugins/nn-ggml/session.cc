// Runs one sequence through llama.cpp.
#include "session.h"

#include <common/build-info.h>
#include <common/common.h>
#include <ggml-cpu.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "cores.h"
#include "memory.h"
#include "tokenize.h"

namespace godwit::ggml {
namespace {

// Room for an answer that a prompt must leave in the context, in tokens.
constexpr int32_t kRoomForAnswer = 4;
// How much longer than trained a context may be asked for (by stretching positions): a bound on a guest's appetite.
constexpr int64_t kMostStretch = 16;

ggml_type cache_type_of(const std::string& name) {
  for (const ggml_type type : {GGML_TYPE_F32, GGML_TYPE_BF16, GGML_TYPE_Q8_0, GGML_TYPE_Q5_1, GGML_TYPE_Q5_0,
                               GGML_TYPE_Q4_1, GGML_TYPE_Q4_0, GGML_TYPE_IQ4_NL})
    if (name == ggml_type_name(type)) return type;
  return GGML_TYPE_F16;
}

llama_flash_attn_type flash_attention_of(const std::string& name) {
  if (name == "on") return LLAMA_FLASH_ATTN_TYPE_ENABLED;
  if (name == "off") return LLAMA_FLASH_ATTN_TYPE_DISABLED;
  return LLAMA_FLASH_ATTN_TYPE_AUTO;
}

enum llama_pooling_type pooling_of(const std::string& name) {
  if (name == "none") return LLAMA_POOLING_TYPE_NONE;
  if (name == "mean") return LLAMA_POOLING_TYPE_MEAN;
  if (name == "cls") return LLAMA_POOLING_TYPE_CLS;
  if (name == "last") return LLAMA_POOLING_TYPE_LAST;
  if (name == "rank") return LLAMA_POOLING_TYPE_RANK;
  return LLAMA_POOLING_TYPE_UNSPECIFIED;
}

llama_attention_type attention_of(const std::string& name) {
  if (name == "causal") return LLAMA_ATTENTION_TYPE_CAUSAL;
  if (name == "non-causal") return LLAMA_ATTENTION_TYPE_NON_CAUSAL;
  return LLAMA_ATTENTION_TYPE_UNSPECIFIED;
}

llama_rope_scaling_type rope_scaling_of(const std::string& name) {
  if (name == "none") return LLAMA_ROPE_SCALING_TYPE_NONE;
  if (name == "linear") return LLAMA_ROPE_SCALING_TYPE_LINEAR;
  if (name == "yarn") return LLAMA_ROPE_SCALING_TYPE_YARN;
  return LLAMA_ROPE_SCALING_TYPE_UNSPECIFIED;
}

int threads_of(int32_t wanted, int otherwise) {
  return wanted < 1 ? otherwise : std::min(wanted, usable_cpus());
}

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

struct Session::Engine {
  llama_context* context = nullptr;
  ggml_threadpool* threads = nullptr;
  ggml_threadpool* threads_batch = nullptr;  // may be the same
  ContextOptions options;
  std::vector<llama_token> cached;
  const Call* call = nullptr;  // during a Run

  // While it lives, llama.cpp asks `call` whether to go on; also when what runs throws.
  class Run final {
   public:
    Run(Engine& engine, const Call& call) : engine_(engine) { engine_.call = &call; }
    ~Run() { engine_.call = nullptr; }
    Run(const Run&) = delete;
    Run& operator=(const Run&) = delete;

   private:
    Engine& engine_;
  };

  ~Engine() {
    if (context) llama_free(context);
    if (threads_batch != threads) ggml_threadpool_free(threads_batch);
    if (threads) ggml_threadpool_free(threads);
  }
  void forget() {
    cached.clear();
    if (llama_memory_t memory = llama_get_memory(context)) llama_memory_clear(memory, false);
  }
};

Session::Session(std::shared_ptr<const Graph> graph)
    : graph_(std::move(graph)), weights_(graph_->weights), options_(graph_->options) {}

Session::~Session() = default;

int32_t Session::context_size() const {
  const int32_t trained = weights_->trained_context();
  if (options_.context.size == 0) return std::min(trained, kDefaultContextSize);
  return static_cast<int32_t>(std::min<int64_t>(options_.context.size, trained * kMostStretch));
}

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
    if (*weights != weights_) engine_.reset();
    weights_ = std::move(*weights);
  }
  options_ = std::move(*options);
  return {};
}

Result<> Session::prepare_engine(const Call& call) {
  if (engine_ && engine_->options == options_.context) return {};
  engine_.reset();
  const ContextOptions& wanted = options_.context;
  auto engine = std::make_unique<Engine>();
  engine->options = wanted;

  llama_context_params params = llama_context_default_params();
  params.n_ctx = static_cast<uint32_t>(context_size());
  params.n_batch = static_cast<uint32_t>(wanted.batch_size);
  // Without a causal mask (embedding models) a prompt must go through in one piece.
  params.n_ubatch = static_cast<uint32_t>(wanted.embedding ? wanted.batch_size : wanted.ubatch_size);
  params.n_threads = threads_of(wanted.threads, physical_cores());
  params.n_threads_batch = threads_of(wanted.threads_batch, params.n_threads);
  params.embeddings = wanted.embedding;
  params.flash_attn_type = flash_attention_of(wanted.flash_attention);
  params.offload_kqv = !wanted.no_kv_offload;
  params.type_k = cache_type_of(wanted.cache_type_k);
  params.type_v = cache_type_of(wanted.cache_type_v);
  params.pooling_type = pooling_of(wanted.pooling_type);
  params.attention_type = attention_of(wanted.attention_type);
  params.rope_scaling_type = rope_scaling_of(wanted.rope_scaling);
  params.rope_freq_base = wanted.rope_freq_base;
  params.rope_freq_scale = wanted.rope_freq_scale;
  if (wanted.yarn_ext_factor >= 0) params.yarn_ext_factor = wanted.yarn_ext_factor;
  if (wanted.yarn_attn_factor >= 0) params.yarn_attn_factor = wanted.yarn_attn_factor;
  if (wanted.yarn_beta_fast >= 0) params.yarn_beta_fast = wanted.yarn_beta_fast;
  if (wanted.yarn_beta_slow >= 0) params.yarn_beta_slow = wanted.yarn_beta_slow;
  params.yarn_orig_ctx = static_cast<uint32_t>(wanted.yarn_orig_ctx);
  params.abort_callback = [](void* self) {
    const Call* current = static_cast<Engine*>(self)->call;
    return current && current->cancelled();
  };
  params.abort_callback_data = engine.get();

  GGML_TRY(check_room(cache_bytes(weights_->model(), params.n_ctx, params.type_k, params.type_v)));
  engine->context = llama_init_from_model(weights_->model(), params);
  if (!engine->context)
    return fail(GODWIT_NN_RUNTIME_ERROR, "llama.cpp cannot make a context of " +
                                             std::to_string(params.n_ctx) +
                                             " tokens: " + LogScope::first_error());

  // Threads of its own spare llama.cpp making new ones for every token. A short wait between tokens is spun through;
  // after that they sleep.
  const auto pool_of = [](int32_t count) {
    ggml_threadpool_params pool = ggml_threadpool_params_default(count);
    pool.poll = 1;
    return ggml_threadpool_new(&pool);
  };
  engine->threads = pool_of(params.n_threads);
  engine->threads_batch =
      params.n_threads_batch == params.n_threads ? engine->threads : pool_of(params.n_threads_batch);
  if (engine->threads && engine->threads_batch)
    llama_attach_threadpool(engine->context, engine->threads, engine->threads_batch);
  call.log(GODWIT_NN_LOG_DEBUG, "context of " + std::to_string(params.n_ctx) + " tokens, " +
                                    std::to_string(params.n_threads) + " threads");
  engine_ = std::move(engine);
  return {};
}

Result<> Session::decode(std::span<const llama_token> tokens, const Call& call) {
  // No more at once than one pass computes: without a causal mask llama.cpp stops the process over more.
  const size_t most = std::min(llama_n_batch(engine_->context), llama_n_ubatch(engine_->context));
  const Engine::Run run(*engine_, call);
  for (size_t at = 0; at < tokens.size(); at += most) {
    const std::span<const llama_token> piece = tokens.subspan(at, std::min(most, tokens.size() - at));
    // llama_decode only reads the tokens, whatever the batch's type says.
    const llama_batch batch =
        llama_batch_get_one(const_cast<llama_token*>(piece.data()), static_cast<int32_t>(piece.size()));
    const int32_t outcome = llama_decode(engine_->context, batch);
    if (outcome == 0) {
      engine_->cached.insert(engine_->cached.end(), piece.begin(), piece.end());
      continue;
    }
    if (outcome == 1) return fail(GODWIT_NN_CONTEXT_FULL);
    engine_->forget();
    if (outcome == 2) return fail(GODWIT_NN_CANCELLED);
    return fail(GODWIT_NN_RUNTIME_ERROR, "llama.cpp cannot run the model: " + LogScope::first_error());
  }
  return {};
}

// Computes what the cache does not hold yet: a prompt that goes on where the last run ended costs its new part only.
Result<> Session::decode_prompt(const Call& call) {
  std::vector<llama_token>& cached = engine_->cached;
  size_t common = static_cast<size_t>(std::ranges::mismatch(cached, prompt_).in1 - cached.begin());
  common =
      std::min(common, prompt_.size() - 1);  // the last token gives the logits that the answer begins with
  if (common < cached.size()) {
    llama_memory_t memory = llama_get_memory(engine_->context);
    if (memory && llama_memory_seq_rm(memory, 0, static_cast<llama_pos>(common), -1)) {
      cached.resize(common);
    } else {
      engine_->forget();  // models with a recurrent state cannot go back
      common = 0;
    }
  }
  reused_ = static_cast<int32_t>(common);
  return decode(std::span(prompt_).subspan(common), call);
}

Result<> Session::start(const Call& call) {
  if (!prompt_text_)
    return fail(GODWIT_NN_INVALID_ARGUMENT,
                "there is no prompt: set input 0 to a tensor of u8 with its text");
  LogScope::set_verbose(options_.verbose());
  GGML_TRY(prepare_prompt());
  GGML_TRY(prepare_engine(call));
  output_.clear();
  step_output_.clear();
  pending_.reset();
  produced_ = 0;
  if (options_.context.embedding) return {};
  auto sampler = Sampler::create(weights_->vocab(), options_.sampling, context_size());
  if (!sampler) return std::unexpected(std::move(sampler).error());
  sampler_ = std::move(*sampler);
  sampler_->begin_after(prompt_);
  return decode_prompt(call);
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

Result<> Session::next(const Call& call) {
  step_output_.clear();
  if (phase_ == Phase::Ended) return fail(GODWIT_NN_END_OF_SEQUENCE);
  const int32_t most = options_.run.n_predict;
  if (most >= 0 && produced_ >= most) {
    phase_ = Phase::Ended;
    return fail(GODWIT_NN_END_OF_SEQUENCE);
  }
  if (pending_) {
    if (engine_->cached.size() >= static_cast<size_t>(llama_n_ctx(engine_->context))) {
      phase_ = Phase::Ended;
      return fail(GODWIT_NN_CONTEXT_FULL);
    }
    const llama_token token = *pending_;
    pending_.reset();
    if (auto decoded = decode(std::span(&token, 1), call); !decoded) {
      phase_ = Phase::Ended;
      return decoded;
    }
  }
  const std::optional<llama_token> token = sampler_->sample(engine_->context);
  if (!token || llama_vocab_is_eog(weights_->vocab(), *token)) {
    phase_ = Phase::Ended;
    return fail(GODWIT_NN_END_OF_SEQUENCE);
  }
  pending_ = token;
  ++produced_;
  step_output_ = piece_of(weights_->vocab(), *token);
  output_ += step_output_;
  if (ends_with_reverse_prompt(step_output_.size())) {
    phase_ = Phase::Ended;
    return fail(GODWIT_NN_END_OF_SEQUENCE);
  }
  return {};
}

Result<> Session::compute(const Call& call) {
  phase_ = Phase::Idle;
  GGML_TRY(start(call));
  if (options_.context.embedding) return embed(call);
  phase_ = Phase::Stepping;
  Result<> outcome;
  do outcome = call.cancelled() ? fail(GODWIT_NN_CANCELLED) : next(call);
  while (outcome);
  phase_ = Phase::Idle;
  step_output_.clear();
  if (outcome.error().status == GODWIT_NN_END_OF_SEQUENCE) return {};
  return outcome;
}

Result<> Session::step(const Call& call) {
  if (phase_ == Phase::Idle) {
    if (options_.context.embedding)
      return fail(GODWIT_NN_UNSUPPORTED_OPERATION, "an embedding has no steps: use compute");
    GGML_TRY(start(call));
    phase_ = Phase::Stepping;
  }
  return next(call);
}

void Session::finish_steps() { phase_ = Phase::Idle; }

Result<> Session::embed(const Call& call) {
  engine_->forget();
  const Engine::Run run(*engine_, call);
  const llama_batch batch = llama_batch_get_one(prompt_.data(), static_cast<int32_t>(prompt_.size()));
  const bool encodes = llama_model_has_encoder(weights_->model());
  const int32_t outcome =
      encodes ? llama_encode(engine_->context, batch) : llama_decode(engine_->context, batch);
  if (outcome == 2) return fail(GODWIT_NN_CANCELLED);
  if (outcome != 0)
    return fail(GODWIT_NN_RUNTIME_ERROR,
                "llama.cpp cannot compute the embedding: " + LogScope::first_error());
  const enum llama_pooling_type pooling = llama_pooling_type(engine_->context);
  const float* values = pooling == LLAMA_POOLING_TYPE_NONE ? llama_get_embeddings_ith(engine_->context, -1)
                                                           : llama_get_embeddings_seq(engine_->context, 0);
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
