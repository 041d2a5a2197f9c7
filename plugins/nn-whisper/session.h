// Session: one execution context; Weights: what sessions of one model share.
#pragma once

#include <whisper.h>

#include <memory>
#include <string>
#include <vector>

#include "call.h"
#include "options.h"

namespace godwit::whisper {

struct FreeContext {
  void operator()(whisper_context* context) const { whisper_free(context); }
};
struct FreeState {
  void operator()(whisper_state* state) const { whisper_free_state(state); }
};

// Read-only once it is there. @threads any
using Weights = std::unique_ptr<whisper_context, FreeContext>;

class Session final {
 public:
  Session(std::shared_ptr<const Weights> weights, const Options& options)
      : weights_(std::move(weights)), options_(options) {}

  Result<> set_audio(std::vector<float> samples);
  Result<> set_options(std::string_view json);

  // Writes down what is said, piece by piece to the host if it wants that.
  // @errors GODWIT_NN_INVALID_ARGUMENT: there is no audio; GODWIT_NN_CANCELLED; GODWIT_NN_MISSING_MEMORY;
  // GODWIT_NN_RUNTIME_ERROR
  Result<> compute(const tensors::Call& call, const godwit_nn_call* from_host);

  // 0: the text; 1: the times, as JSON.
  Result<std::string_view> output(uint32_t index) const;

 private:
  struct Progress;

  whisper_full_params params(Progress& progress) const;
  void read_segments(int first, Progress& progress);
  void write_times();

  std::shared_ptr<const Weights> weights_;
  Options options_;
  std::unique_ptr<whisper_state, FreeState> state_;  // made by the first compute
  std::vector<float> samples_;
  bool has_audio_ = false;
  bool is_computed_ = false;
  std::string text_;
  std::string times_;
};

}  // namespace godwit::whisper
