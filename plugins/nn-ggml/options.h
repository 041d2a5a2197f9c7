// Options: what a guest's JSON says about weights, context, sampling and the run.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "result.h"

namespace godwit::ggml {

struct WeightOptions {
  int32_t gpu_layers = -1;  // -1: all of them, unless the target is the CPU
  int32_t main_gpu = 0;
  std::string split_mode;           // "", "none", "layer", "row"
  std::vector<float> tensor_split;  // share of each GPU
  bool use_mmap = true;
  bool use_mlock = false;
  bool check_tensors = false;
  bool cpu_moe = false;        // experts of all layers stay on the CPU
  int32_t cpu_moe_layers = 0;  // … of the first so many layers
  bool operator==(const WeightOptions&) const = default;
};

struct ContextOptions {
  int32_t size = 0;  // tokens; 0: what the model was trained for, but no more than kDefaultContextSize
  int32_t batch_size = 2048;
  int32_t ubatch_size = 512;
  int32_t threads = -1;        // below 1: the physical cores
  int32_t threads_batch = -1;  // below 1: as threads
  bool embedding = false;
  bool continuous_batching = true;       // passes through the weights are shared with other sequences
  std::string flash_attention = "auto";  // "on", "off", "auto"
  bool no_kv_offload = false;
  std::string cache_type_k = "f16";
  std::string cache_type_v = "f16";
  std::string pooling_type;    // "" as the model says, "none", "mean", "cls", "last", "rank"
  std::string attention_type;  // "" as the model says, "causal", "non-causal"
  std::string rope_scaling;    // "" as the model says, "none", "linear", "yarn"
  float rope_freq_base = 0;    // 0: as the model says
  float rope_freq_scale = 0;
  float yarn_ext_factor = -1;  // below 0: as the model says
  float yarn_attn_factor = -1;
  float yarn_beta_fast = -1;
  float yarn_beta_slow = -1;
  int32_t yarn_orig_ctx = 0;
  bool operator==(const ContextOptions&) const = default;
};

struct SamplingOptions {
  int64_t seed = -1;  // -1: another one each time
  float temperature = 0.8f;
  float dynatemp_range = 0;
  float dynatemp_exponent = 1;
  int32_t top_k = 40;
  float top_p = 0.95f;
  float min_p = 0.05f;
  float typical_p = 1;
  float xtc_probability = 0;
  float xtc_threshold = 0.1f;
  int32_t penalty_last_n = 64;  // -1: the whole context
  float penalty_repeat = 1;
  float penalty_present = 0;
  float penalty_freq = 0;
  float dry_multiplier = 0;
  float dry_base = 1.75f;
  int32_t dry_allowed_length = 2;
  int32_t dry_penalty_last_n = -1;
  int32_t mirostat = 0;
  float mirostat_tau = 5;
  float mirostat_eta = 0.1f;
  bool ignore_eos = false;
  std::map<int32_t, float> logit_bias;  // added to the logits of tokens
  std::string grammar;                  // GBNF
  std::string json_schema;              // JSON text; used when there is no grammar
};

struct RunOptions {
  int32_t n_predict = -1;                   // tokens; below 0: until the model ends or the context is full
  std::vector<std::string> reverse_prompt;  // the answer ends after one of these
  std::vector<std::string> stop;            // the answer ends before one of these
  int32_t logprobs = -1;       // alternatives that are told of each token; below 0: not even its own
  int32_t embd_normalize = 2;  // -1 none, 0 max absolute, 2 Euclidean, else the p-norm
  bool enable_log = false;
  bool enable_debug_log = false;
};

struct Options {
  WeightOptions weights;
  ContextOptions context;
  SamplingOptions sampling;
  RunOptions run;

  bool verbose() const { return run.enable_log || run.enable_debug_log; }
};

// The most tokens of a context that was asked for without a size: 4096 keep a small machine small.
inline constexpr int32_t kDefaultContextSize = 4096;

// The options `json` asks for, on top of `base`. Empty text changes nothing.
// @errors GODWIT_NN_INVALID_ARGUMENT: not a JSON object, a value of the wrong type or out of bounds;
//         GODWIT_NN_UNSUPPORTED_OPERATION: asks for images or speech, which this backend does not have
Result<Options> merged(const Options& base, std::string_view json);

}  // namespace godwit::ggml
