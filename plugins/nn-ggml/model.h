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
struct common_chat_templates;

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
  // @param is_trusted whether programs in the file (templates) may be run: they may never end
  Weights(llama_model* model, bool is_trusted);
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
  // The model's template for conversations, read when it is first needed. Null if there is none, or it may not be run.
  const common_chat_templates* chat_templates() const;

 private:
  llama_model* model_;
  std::string chat_template_;
  size_t longest_token_bytes_;
  mutable Batches batches_;
  const bool is_trusted_;
  struct FreeTemplates {
    void operator()(common_chat_templates* templates) const;
  };
  mutable std::once_flag templates_once_;
  mutable std::unique_ptr<common_chat_templates, FreeTemplates> templates_;
};

// A GGUF file (or the parts of a split one), held open. Thread-safe.
class Model final {
 public:
  // @param target GODWIT_NN_TARGET_CPU and the like
  // @errors GODWIT_NN_INVALID_ENCODING: does not begin as a GGUF file; GODWIT_NN_RUNTIME_ERROR: cannot be read
  // @param is_trusted as that of Weights
  static Result<std::shared_ptr<Model>> open(std::span<const godwit_nn_part> parts, uint32_t target,
                                             bool is_trusted);

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
  bool is_trusted_ = false;
  std::mutex mutex_;  // guards what follows; held while reading, so that two graphs do not read twice
  std::shared_ptr<Weights> latest_;
  std::vector<std::pair<WeightOptions, std::weak_ptr<Weights>>> loaded_;
};

// Immutable, but for the batch.
struct Graph {
  std::shared_ptr<Model> model;
  std::shared_ptr<Weights> weights;
  Options options;

  // The batch that contexts with the graph's own options run in: what it remembers for tenants stays as long as the graph.
  std::shared_ptr<Batch> keep(std::shared_ptr<Batch> batch) const {
    const std::lock_guard lock(mutex);
    return kept = std::move(batch);
  }
  mutable std::mutex mutex = {};
  mutable std::shared_ptr<Batch> kept = {};  // guarded by `mutex`; goes before the weights
};

}  // namespace godwit::ggml
