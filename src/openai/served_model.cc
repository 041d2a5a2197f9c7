// Loads models, and keeps what embeddings are computed with.
#include "openai/served_model.h"

#include "openai/json.h"
#include "platform/clock.h"

namespace godwit::openai {
namespace {

constexpr size_t kMostIdleEmbedders = 2;

}  // namespace

Result<ModelSpec> parse_model(std::string_view text) {
  ModelSpec spec;
  const size_t equals = text.find('=');
  spec.path = text.substr(equals == std::string_view::npos ? 0 : equals + 1);
  if (equals != std::string_view::npos) {
    spec.name = text.substr(0, equals);
  } else {
    spec.name = spec.path.substr(spec.path.find_last_of('/') + 1);
    if (spec.name.ends_with(".gguf")) spec.name.resize(spec.name.size() - std::string_view(".gguf").size());
  }
  // the name is a part of a registered model's, whose parts are separated by colons
  if (spec.name.empty() || spec.path.empty() || spec.name.find(':') != std::string::npos)
    return fail(ErrorKind::Usage, "the model \"" + std::string(text) +
                                      "\": write PATH, or NAME=PATH with a name without colons");
  return spec;
}

Result<std::unique_ptr<ServedModel>> ServedModel::load(nn::Registry& registry, const ModelSpec& spec) {
  TRY(registry.preload(spec.name + ":GGML:AUTO:" + spec.path));
  std::unique_ptr<ServedModel> model(new ServedModel(registry, spec));
  json::object config;
  if (spec.context_size != 0) config["ctx-size"] = spec.context_size;
  auto graph = registry.graph_by_name(spec.name, text_of(config), {.log = registry.log(), .interrupted = {}});
  if (!graph)
    return fail(ErrorKind::Io, "the model \"" + spec.name + "\": " + graph.error().text + " (" +
                                   std::string(nn::to_string(graph.error().code)) + ")");
  model->graph_ = std::move(*graph);
  model->loaded_s_ = static_cast<int64_t>(platform::now_ns(platform::Clock::Realtime) / 1'000'000'000);
  return model;
}

nn::Outcome<std::shared_ptr<nn::Context>> ServedModel::take_embedder(const nn::CallOrigin& origin) {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_embedders_.empty()) {
      auto embedder = std::move(idle_embedders_.back());
      idle_embedders_.pop_back();
      return embedder;
    }
  }
  json::object config{{"embedding", true}};
  if (spec_.context_size != 0) config["ctx-size"] = spec_.context_size;
  auto graph = registry_.graph_by_name(spec_.name, text_of(config), origin);
  if (!graph) return std::unexpected(std::move(graph).error());
  return nn::Context::create(std::move(*graph), origin);
}

void ServedModel::give_back(std::shared_ptr<nn::Context> embedder) {
  const std::lock_guard lock(mutex_);
  if (idle_embedders_.size() < kMostIdleEmbedders) idle_embedders_.push_back(std::move(embedder));
}

}  // namespace godwit::openai
