// Makes llama.cpp contexts as options say.
#include "engine.h"

#include <algorithm>
#include <string>

#include "cores.h"
#include "memory.h"

namespace godwit::ggml {
namespace {

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

// Threads of its own spare llama.cpp making new ones for every token. A short wait between tokens is spun through; after
// that they sleep.
ggml_threadpool* make_threads(int32_t count) {
  ggml_threadpool_params pool = ggml_threadpool_params_default(count);
  pool.poll = 1;
  return ggml_threadpool_new(&pool);
}

llama_context_params params_of(const Weights& weights, const ContextOptions& wanted, uint32_t sequences) {
  llama_context_params params = llama_context_default_params();
  params.n_ctx = static_cast<uint32_t>(context_size(weights, wanted)) * sequences;
  params.n_seq_max = sequences;
  // One set of cells for all: a sequence's state then fits into a context for more of them (Batch::resize). Attention
  // skips the cells of others.
  params.kv_unified = true;
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
  return params;
}

}  // namespace

int32_t context_size(const Weights& weights, const ContextOptions& options) {
  const int32_t trained = weights.trained_context();
  if (options.size == 0) return std::min(trained, kDefaultContextSize);
  return static_cast<int32_t>(std::min<int64_t>(options.size, trained * kMostStretch));
}

Result<std::unique_ptr<Engine>> Engine::create(const Weights& weights, const ContextOptions& options,
                                               uint32_t sequences, const Call& call) {
  std::unique_ptr<Engine> engine(new Engine);
  llama_context_params params = params_of(weights, options, sequences);
  params.abort_callback = [](void* self) {
    const auto& aborts = static_cast<Engine*>(self)->aborts_;
    return aborts && aborts();
  };
  params.abort_callback_data = engine.get();

  GGML_TRY(check_room(cache_bytes(weights.model(), params.n_ctx, params.type_k, params.type_v)));
  engine->context_ = llama_init_from_model(weights.model(), params);
  if (!engine->context_)
    return fail(GODWIT_NN_RUNTIME_ERROR, "llama.cpp cannot make a context of " +
                                             std::to_string(params.n_ctx) +
                                             " tokens: " + LogScope::first_error());
  engine->room_ = std::min<size_t>(llama_n_ctx_seq(engine->context_), params.n_ctx / sequences);
  engine->threads_ = make_threads(params.n_threads);
  engine->threads_batch_ =
      params.n_threads_batch == params.n_threads ? engine->threads_ : make_threads(params.n_threads_batch);
  if (engine->threads_ && engine->threads_batch_)
    llama_attach_threadpool(engine->context_, engine->threads_, engine->threads_batch_);
  call.log(GODWIT_NN_LOG_DEBUG, "context of " + std::to_string(sequences) + " × " +
                                    std::to_string(params.n_ctx / sequences) + " tokens, " +
                                    std::to_string(params.n_threads) + " threads");
  return engine;
}

Engine::~Engine() {
  if (context_) llama_free(context_);
  if (threads_batch_ != threads_) ggml_threadpool_free(threads_batch_);
  if (threads_) ggml_threadpool_free(threads_);
}

bool Engine::truncate(llama_seq_id sequence, size_t from) {
  llama_memory_t memory = llama_get_memory(context_);
  return memory && llama_memory_seq_rm(memory, sequence, static_cast<llama_pos>(from), -1);
}

void Engine::forget(llama_seq_id sequence) {
  if (llama_memory_t memory = llama_get_memory(context_)) llama_memory_seq_rm(memory, sequence, -1, -1);
}

void Engine::copy_beginning(llama_seq_id from, llama_seq_id to, size_t count) {
  if (llama_memory_t memory = llama_get_memory(context_))
    llama_memory_seq_cp(memory, from, to, 0, static_cast<llama_pos>(count));
}

bool Engine::shares_beginnings() const {
  const llama_model* model = llama_get_model(context_);
  return llama_get_memory(context_) && !llama_model_is_recurrent(model) && !llama_model_is_hybrid(model);
}

void Engine::forget_all() {
  if (llama_memory_t memory = llama_get_memory(context_)) llama_memory_clear(memory, false);
}

}  // namespace godwit::ggml
