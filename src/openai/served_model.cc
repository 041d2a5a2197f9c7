// Loads models, and keeps what embeddings are computed with.
#include "openai/served_model.h"

#include "nn/model_file.h"
#include "nn/model_list.h"
#include "openai/json.h"
#include "platform/clock.h"

namespace godwit::openai {
namespace {

constexpr size_t kMostIdleEmbedders = 2;

// As the registry takes it. A file goes before a model of the user's list that is called so.
Result<std::string> preload_of(const ModelSpec& spec) {
  const auto file = nn::ModelFile::open(spec.path);
  const bool may_be_listed =
      !file && file.error().kind() == ErrorKind::NotFound && nn::is_listed_name(spec.path);
  if (may_be_listed) {
    const auto list = nn::ModelList::of_user();
    if (list && list->find(spec.path)) return spec.name + "=" + spec.path;
  }
  const nn::Encoding* const encoding = file ? nn::encoding_of_file(file->first_bytes()) : nullptr;
  return spec.name + ":" + std::string(encoding ? encoding->name : "ggml") + ":AUTO:" + spec.path;
}

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
  ASSIGN_OR_RETURN(const std::string preload, preload_of(spec));
  TRY(registry.preload(preload));
  std::unique_ptr<ServedModel> model(new ServedModel(registry, spec));
  json::object config;
  if (spec.context_size != 0) config["ctx-size"] = spec.context_size;
  auto graph = registry.graph_by_name(spec.name, text_of(config), {.log = registry.log(), .interrupted = {}});
  if (!graph)
    return fail(ErrorKind::Io, "the model \"" + spec.name + "\": " + graph.error().text + " (" +
                                   std::string(nn::to_string(graph.error().code)) + ")");
  model->graph_ = std::move(*graph);
  const uint32_t encoding = model->graph_->model().backend()->table().encoding;
  if (encoding == nn::encoding_of("whisper")->number) model->kind_ = Kind::Speech;
  else if (encoding != nn::encoding_of("ggml")->number)
    return fail(ErrorKind::Usage, "the model \"" + spec.name +
                                      "\" is of a kind that is not served: GGUF and "
                                      "Whisper's are");
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
