// Backend: a tensor library behind the C11 ABI, loaded when it is first needed; and what it makes.
#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "godwit/abi/nn_backend.h"
#include "nn/call.h"
#include "nn/types.h"
#include "platform/library.h"

namespace godwit::nn {

// Immutable once loaded. @threads any.
class Backend final {
 public:
  // Loads godwit-nn-<encoding's name>.so from the first of the directories that has it.
  // @errors NotFound: none has it; says where it was sought and how to get it. Unsupported: it is no backend, one for
  //         another encoding, or one built for an ABI that this host does not speak (both versions are named).
  static Result<std::shared_ptr<const Backend>> load(const Encoding& encoding,
                                                     std::span<const std::string> directories);

  const godwit_nn_backend& table() const { return *table_; }
  const std::string& path() const { return path_; }

 private:
  Backend() = default;

  std::string path_;
  const godwit_nn_backend* table_ = nullptr;
};

// Where plug-ins are sought: the folders of GODWIT_PLUGIN_PATH (separated by colons), then that of the executable, its
// plugins/ and its ../lib/godwit/.
std::vector<std::string> default_plugin_directories();

// What the backend's ABI calls a model. @threads any.
class Model final {
 public:
  static Outcome<std::shared_ptr<const Model>> open(std::shared_ptr<const Backend> backend, Target target,
                                                    std::span<const godwit_nn_part> parts,
                                                    const CallOrigin& origin);
  ~Model() { backend_->table().release_model(model_); }
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;

  const std::shared_ptr<const Backend>& backend() const { return backend_; }
  godwit_nn_model* get() const { return model_; }

 private:
  Model(std::shared_ptr<const Backend> backend, godwit_nn_model* model)
      : backend_(std::move(backend)), model_(model) {}

  std::shared_ptr<const Backend> backend_;
  godwit_nn_model* model_;
};

// A model with a config. @threads any.
class Graph final {
 public:
  // @param subject the model's name, for lines about progress
  static Outcome<std::shared_ptr<const Graph>> build(std::shared_ptr<const Model> model,
                                                     std::string_view config, const CallOrigin& origin,
                                                     std::string_view subject);
  ~Graph() { model_->backend()->table().release_graph(graph_); }
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;

  const Model& model() const { return *model_; }
  godwit_nn_graph* get() const { return graph_; }

 private:
  Graph(std::shared_ptr<const Model> model, godwit_nn_graph* graph)
      : model_(std::move(model)), graph_(graph) {}

  std::shared_ptr<const Model> model_;
  godwit_nn_graph* graph_;
};

// One sequence. @threads one at a time: `busy` is held around every call.
class Context final {
 public:
  static Outcome<std::shared_ptr<Context>> create(std::shared_ptr<const Graph> graph,
                                                  const CallOrigin& origin);
  ~Context() { table().release_context(context_); }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  const godwit_nn_backend& table() const { return graph_->model().backend()->table(); }
  godwit_nn_context* get() const { return context_; }
  std::mutex& busy() { return busy_; }

 private:
  Context(std::shared_ptr<const Graph> graph, godwit_nn_context* context)
      : graph_(std::move(graph)), context_(context) {}

  std::shared_ptr<const Graph> graph_;
  godwit_nn_context* context_;
  std::mutex busy_;
};

}  // namespace godwit::nn
