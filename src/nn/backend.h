// Backend: a tensor library behind the C11 ABI, loaded when it is first needed; and what it makes.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "godwit/abi/nn_backend.h"
#include "nn/call.h"
#include "nn/types.h"
#include "nn/workers.h"
#include "platform/fs_wait.h"
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

  // What is beyond version 1.0 may be absent: has_starts().
  const godwit_nn_backend& table() const { return *table_; }
  // Whether calls can be started without waiting for them.
  bool has_starts() const;
  const std::string& path() const { return path_; }

 private:
  Backend() = default;

  std::string path_;
  const godwit_nn_backend* table_ = nullptr;
};

// Where plug-ins are sought: the folders of GODWIT_PLUGIN_PATH (separated by colons), then that of the executable, its
// plugins/ and its ../lib/godwit/.
std::vector<std::string> default_plugin_directories();

enum class Chooser : uint8_t { Operator, Guest };

// How a call waits for a backend: null where its thread shall.
struct Waiting {
  platform::fs::Parker* parker = nullptr;
  Workers* workers = nullptr;  // set where `parker` is

  // Runs what may take long but is no computing: on another thread, where there is a parker.
  void run(const std::function<void()>& work) const;
};

// What the backend's ABI calls a model. @threads any.
class Model final {
 public:
  // @param chosen_by who says that the file is good; programs inside of a guest's are not run
  // @param lease of the memory that it takes; held as long as the model
  static Outcome<std::shared_ptr<const Model>> open(std::shared_ptr<const Backend> backend, Target target,
                                                    std::span<const godwit_nn_part> parts, Chooser chosen_by,
                                                    const CallOrigin& origin,
                                                    std::shared_ptr<const void> lease = {});
  ~Model() { backend_->table().release_model(model_); }
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;

  const std::shared_ptr<const Backend>& backend() const { return backend_; }
  godwit_nn_model* get() const { return model_; }

 private:
  Model(std::shared_ptr<const Backend> backend, godwit_nn_model* model, std::shared_ptr<const void> lease)
      : lease_(std::move(lease)), backend_(std::move(backend)), model_(model) {}

  std::shared_ptr<const void> lease_;
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

// One sequence. @threads one at a time: whoever calls holds a Hold.
class Context final {
 public:
  static Outcome<std::shared_ptr<Context>> create(std::shared_ptr<const Graph> graph,
                                                  const CallOrigin& origin);
  ~Context() { table().release_context(context_); }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  const godwit_nn_backend& table() const { return graph_->model().backend()->table(); }
  godwit_nn_context* get() const { return context_; }

  // The right to call. False: somebody else has it, who may be parked on the same thread.
  class Hold final {
   public:
    explicit Hold(Context& context) : context_(context), is_held_(!context.is_busy_.exchange(true)) {}
    ~Hold() {
      if (is_held_) context_.is_busy_.store(false);
    }
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;
    explicit operator bool() const { return is_held_; }

   private:
    Context& context_;
    const bool is_held_;
  };

  // The backend's functions of these names, waited for as `waiting` says.
  godwit_nn_status set_input(uint32_t index, const godwit_nn_tensor& tensor, const godwit_nn_call* call,
                             const Waiting& waiting);
  godwit_nn_status compute(const godwit_nn_call* call, const Waiting& waiting);
  godwit_nn_status step(const godwit_nn_call* call, const Waiting& waiting);
  godwit_nn_status finish_steps(const godwit_nn_call* call);

 private:
  using Blocking = godwit_nn_status (*const godwit_nn_backend::*)(godwit_nn_context*, const godwit_nn_call*);
  using Starting = godwit_nn_status (*const godwit_nn_backend::*)(godwit_nn_context*, const godwit_nn_call*,
                                                                  const godwit_nn_completion*);
  enum class Start : uint8_t { TakesLong, AtOnce };
  godwit_nn_status run(Blocking blocking, Starting starting, Start start, const godwit_nn_call* call,
                       const Waiting& waiting);

  Context(std::shared_ptr<const Graph> graph, godwit_nn_context* context)
      : graph_(std::move(graph)), context_(context) {}

  std::shared_ptr<const Graph> graph_;
  godwit_nn_context* context_;
  std::atomic<bool> is_busy_ = false;
  bool is_stepping_ = false;  // the last call was a step that gave something
};

}  // namespace godwit::nn
