// Model: where weights are; Weights: weights in memory; Graph: weights with the options to run them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "call.h"
#include "options.h"
#include "result.h"

struct llama_model;
struct llama_vocab;

namespace godwit::ggml {

class Batch;

// The batches that run one model, by their options. Thread-safe.
class Batches final {
 public:
  std::shared_ptr<Batch> get(const ContextOptions& options,
                             const std::function<std::shared_ptr<Batch>()>& make);

 private:
  std::mutex mutex_;
  std::vector<std::pair<ContextOptions, std::weak_ptr<Batch>>> batches_;
};

// A llama.cpp model. Immutable once loaded; contexts of any number may use it at once.
class Weights final {
 public:
  explicit Weights(llama_model* model);
  ~Weights();
  Weights(const Weights&) = delete;
  Weights& operator=(const Weights&) = delete;

  llama_model* model() const { return model_; }
  const llama_vocab* vocab() const;
  // The name of the model's chat template as guests know it ("chatml", "llama3", …); "" without one, "other" where it
  // is none of those.
  const std::string& chat_template() const { return chat_template_; }
  // Tokens the model was trained for.
  int32_t trained_context() const;
  // At least as many bytes of text as any one token stands for.
  size_t longest_token_bytes() const { return longest_token_bytes_; }
  Batches& batches() const { return batches_; }

 private:
  llama_model* model_;
  std::string chat_template_;
  size_t longest_token_bytes_;
  mutable Batches batches_;
};

// A GGUF file (or the parts of a split one), held open. Thread-safe.
class Model final {
 public:
  // @param target GODWIT_NN_TARGET_CPU and the like
  // @errors GODWIT_NN_INVALID_ENCODING: does not begin as a GGUF file; GODWIT_NN_RUNTIME_ERROR: cannot be read
  static Result<std::shared_ptr<Model>> open(std::span<const godwit_nn_part> parts, uint32_t target);

  ~Model();
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;

  // The weights as `options` want them: shared with whoever has asked for the same, else read now.
  // The latest ones stay in memory as long as the model, so that the next graph starts at once.
  // @errors GODWIT_NN_RUNTIME_ERROR: not a model that llama.cpp can run; GODWIT_NN_CANCELLED
  Result<std::shared_ptr<Weights>> weights(WeightOptions options, const Call& call);

 private:
  struct Part {
    int fd;  // ours
    std::string name;
  };
  Model() = default;
  Result<std::shared_ptr<Weights>> load(const WeightOptions& options, const Call& call);

  std::vector<Part> parts_;
  uint32_t target_ = GODWIT_NN_TARGET_AUTO;
  std::mutex mutex_;  // guards what follows; held while reading, so that two graphs do not read twice
  std::shared_ptr<Weights> latest_;
  std::vector<std::pair<WeightOptions, std::weak_ptr<Weights>>> loaded_;
};

// Immutable.
struct Graph {
  std::shared_ptr<Model> model;
  std::shared_ptr<Weights> weights;
  Options options;
};

}  // namespace godwit::ggml
