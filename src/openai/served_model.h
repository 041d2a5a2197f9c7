// ServedModel: a model that the server answers with.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/error.h"
#include "nn/registry.h"

namespace godwit::openai {

struct ModelSpec {
  std::string name;  // as requests name it
  std::string path;  // of a file: GGUF, or one of Whisper's; or the name of a model of the user's list
  uint32_t context_size =
      0;  // tokens of a prompt and its answer; 0: what the model was trained for, 4096 at most
};

// "NAME=PATH", or a path (or what stands for one), whose file's name is then the model's. @errors Usage: an empty part.
Result<ModelSpec> parse_model(std::string_view text);

// @threads any.
class ServedModel final {
 public:
  enum class Kind : uint8_t { Language, Speech };

  // Reads the weights. @errors of the registry and the backend, with the reason.
  static Result<std::unique_ptr<ServedModel>> load(nn::Registry& registry, const ModelSpec& spec);

  const std::string& name() const { return spec_.name; }
  Kind kind() const { return kind_; }
  // When it was loaded, in seconds since 1970.
  int64_t loaded_s() const { return loaded_s_; }
  const std::shared_ptr<const nn::Graph>& graph() const { return graph_; }

  // A context for embeddings: one that was given back, or a new one.
  nn::Outcome<std::shared_ptr<nn::Context>> take_embedder(const nn::CallOrigin& origin);
  void give_back(std::shared_ptr<nn::Context> embedder);

 private:
  ServedModel(nn::Registry& registry, ModelSpec spec) : registry_(registry), spec_(std::move(spec)) {}

  nn::Registry& registry_;
  const ModelSpec spec_;
  Kind kind_ = Kind::Language;
  int64_t loaded_s_ = 0;
  std::shared_ptr<const nn::Graph> graph_;
  std::mutex mutex_;
  std::vector<std::shared_ptr<nn::Context>> idle_embedders_;  // guarded by mutex_
};

}  // namespace godwit::openai
