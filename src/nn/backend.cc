// Finds, loads and checks plug-ins.
#include "nn/backend.h"

#include <cstddef>

#include "async/signal.h"
#include "platform/plugins.h"

namespace godwit::nn {
namespace {

constexpr size_t kSizeOf1_0 = offsetof(godwit_nn_backend, start_compute);

std::string file_name_of(const Encoding& encoding) {
  return "godwit-nn-" + std::string(encoding.name) + ".so";
}

std::string version(uint32_t major, uint32_t minor) {
  return std::to_string(major) + "." + std::to_string(minor);
}

// The beginning of a sentence that goes on with another way.
std::string how_to_get(const Encoding& encoding) {
  if (encoding.name == "ggml") return "./dev build makes it, or ";
  constexpr std::pair<std::string_view, std::string_view> kSteps[] = {{"onnx", "onnx"},
                                                                      {"openvino", "openvino"},
                                                                      {"pytorch", "pytorch"},
                                                                      {"tensorflow", "tensorflow"},
                                                                      {"tensorflowlite", "tflite"},
                                                                      {"whisper", "whisper"}};
  for (const auto& [name, step] : kSteps)
    if (name == encoding.name)
      return "./dev setup --nn " + std::string(step) +
             " gets its library, and docs/nn.md says how it is built; or ";
  return "Godwit brings none: ";
}

Error not_found(const Encoding& encoding, std::span<const std::string> directories) {
  const std::string file = file_name_of(encoding);
  std::string sought;
  for (const std::string& directory : directories) sought += (sought.empty() ? "" : ", ") + directory;
  return Error(ErrorKind::NotFound, "there is no backend for the encoding " + std::string(encoding.name) +
                                        ": " + file + " is in none of " + sought + "; " +
                                        how_to_get(encoding) +
                                        "set GODWIT_PLUGIN_PATH to the folder that holds it");
}

// The checks that the ABI asks of a host before it looks at anything beyond the version.
Result<> check(const godwit_nn_backend* table, const Encoding& encoding, const std::string& path) {
  if (!table) return fail(ErrorKind::Unsupported, path + " gives no table of functions");
  if (table->abi_major != GODWIT_NN_ABI_MAJOR || table->abi_minor > GODWIT_NN_ABI_MINOR)
    return fail(ErrorKind::Unsupported, path + " was built for version " +
                                            version(table->abi_major, table->abi_minor) +
                                            " of the backend ABI, this godwit speaks version " +
                                            version(GODWIT_NN_ABI_MAJOR, GODWIT_NN_ABI_MINOR) +
                                            "; install a plug-in of the same release as godwit");
  if (table->struct_size_bytes < kSizeOf1_0)
    return fail(ErrorKind::Unsupported, path + " gives a table of " +
                                            std::to_string(table->struct_size_bytes) + " bytes where " +
                                            std::to_string(sizeof(godwit_nn_backend)) + " are needed");
  if (table->encoding != encoding.number)
    return fail(ErrorKind::Unsupported,
                path + " serves the encoding " + table->name + ", not " + std::string(encoding.name));
  return {};
}

bool is_missing(const Error& error) { return error.kind() == ErrorKind::NotFound; }

}  // namespace

Result<std::shared_ptr<const Backend>> Backend::load(const Encoding& encoding,
                                                     std::span<const std::string> directories) {
  for (const std::string& directory : directories) {
    const std::string path = directory + "/" + file_name_of(encoding);
    auto library = platform::Library::open(path);
    if (!library && is_missing(library.error())) continue;
    if (!library) return fail(std::move(library).error());
    auto symbol = library->symbol(GODWIT_NN_BACKEND_SYMBOL);
    if (!symbol)
      return fail(ErrorKind::Unsupported,
                  path +
                      " exports no " GODWIT_NN_BACKEND_SYMBOL
                      ": it is no Godwit backend, or one for another major version than " +
                      std::to_string(GODWIT_NN_ABI_MAJOR));
    const auto entry = reinterpret_cast<godwit_nn_backend_entry>(*symbol);
    const godwit_nn_backend* table = entry(GODWIT_NN_ABI_MAJOR, GODWIT_NN_ABI_MINOR);
    TRY(check(table, encoding, path));
    library->keep_loaded();  // tensor libraries leave threads and thread-locals behind
    std::shared_ptr<Backend> backend(new Backend);
    backend->path_ = path;
    backend->table_ = table;
    return backend;
  }
  return fail(not_found(encoding, directories));
}

bool Backend::has_starts() const {
  constexpr size_t kSizeOf1_1 =
      offsetof(godwit_nn_backend, start_step) + sizeof(godwit_nn_backend::start_step);
  return table_->struct_size_bytes >= kSizeOf1_1 && table_->start_compute && table_->start_step;
}

void Waiting::run(const std::function<void()>& work) const {
  if (parker) workers->run(*parker, work);
  else work();
}

std::vector<std::string> default_plugin_directories() { return platform::plugin_directories(); }

Outcome<std::shared_ptr<const Model>> Model::open(std::shared_ptr<const Backend> backend, Target target,
                                                  std::span<const godwit_nn_part> parts, Chooser chosen_by,
                                                  const CallOrigin& origin,
                                                  std::shared_ptr<const void> lease) {
  const godwit_nn_model_source source{.struct_size_bytes = sizeof source,
                                      .target = static_cast<uint32_t>(target),
                                      .parts = parts.data(),
                                      .part_count = static_cast<uint32_t>(parts.size()),
                                      .is_trusted = chosen_by == Chooser::Operator};
  BackendCall call(origin);
  godwit_nn_model* model = nullptr;
  if (auto done = call.outcome(backend->table().open_model(&source, call.get(), &model)); !done)
    return std::unexpected(std::move(done).error());
  return std::shared_ptr<const Model>(new Model(std::move(backend), model, std::move(lease)));
}

Outcome<std::shared_ptr<const Graph>> Graph::build(std::shared_ptr<const Model> model,
                                                   std::string_view config, const CallOrigin& origin,
                                                   std::string_view subject) {
  const Bytes bytes = as_bytes(config);
  BackendCall call(origin, subject);
  godwit_nn_graph* graph = nullptr;
  if (auto done = call.outcome(model->backend()->table().build_graph(
          model->get(), {bytes.data(), bytes.size()}, call.get(), &graph));
      !done)
    return std::unexpected(std::move(done).error());
  return std::shared_ptr<const Graph>(new Graph(std::move(model), graph));
}

Outcome<std::shared_ptr<Context>> Context::create(std::shared_ptr<const Graph> graph,
                                                  const CallOrigin& origin) {
  BackendCall call(origin);
  godwit_nn_context* context = nullptr;
  if (auto done =
          call.outcome(graph->model().backend()->table().create_context(graph->get(), call.get(), &context));
      !done)
    return std::unexpected(std::move(done).error());
  return std::shared_ptr<Context>(new Context(std::move(graph), context));
}

namespace {

// The fiber's end of a call that was started. The backend's last touch is raise(), which wait() waits for.
class Completion final {
 public:
  static Result<std::unique_ptr<Completion>> create() {
    ASSIGN_OR_RETURN(async::Signal signal, async::Signal::create());
    return std::unique_ptr<Completion>(new Completion(std::move(signal)));
  }

  const godwit_nn_completion* get() const { return &completion_; }

  // Not called off: the backend sees that the call is cancelled, and ends it.
  godwit_nn_status wait(platform::fs::Parker& parker) {
    while (!signal_.wait({.stop = {}, .parker = &parker}) || !is_done_.load(std::memory_order_acquire)) {
    }
    return status_;
  }

 private:
  explicit Completion(async::Signal signal) : signal_(std::move(signal)) {}

  static void done(void* self, godwit_nn_status status) {
    Completion& completion = *static_cast<Completion*>(self);
    completion.status_ = status;
    completion.is_done_.store(true, std::memory_order_release);
    completion.signal_.raise();
  }

  async::Signal signal_;
  godwit_nn_status status_ = GODWIT_NN_OK;
  std::atomic<bool> is_done_ = false;
  const godwit_nn_completion completion_{.user = this, .done = done};
};

}  // namespace

godwit_nn_status Context::run(Blocking blocking, Starting starting, Start start, const godwit_nn_call* call,
                              const Waiting& waiting) {
  if (!waiting.parker) return (table().*blocking)(get(), call);
  godwit_nn_status status = GODWIT_NN_RUNTIME_ERROR;
  const auto whole = [&] { status = (table().*blocking)(get(), call); };
  auto completion = Completion::create();
  if (!graph_->model().backend()->has_starts() || !completion) {
    waiting.run(whole);
    return status;
  }
  const auto begin = [&] { status = (table().*starting)(get(), call, (*completion)->get()); };
  if (start == Start::AtOnce) begin();
  else waiting.run(begin);
  return status == GODWIT_NN_OK ? (*completion)->wait(*waiting.parker) : status;
}

godwit_nn_status Context::set_input(uint32_t index, const godwit_nn_tensor& tensor,
                                    const godwit_nn_call* call, const Waiting& waiting) {
  is_stepping_ = false;
  godwit_nn_status status = GODWIT_NN_OK;
  waiting.run([&] { status = table().set_input(get(), index, &tensor, call); });
  return status;
}

godwit_nn_status Context::compute(const godwit_nn_call* call, const Waiting& waiting) {
  is_stepping_ = false;
  return run(&godwit_nn_backend::compute, &godwit_nn_backend::start_compute, Start::TakesLong, call, waiting);
}

godwit_nn_status Context::step(const godwit_nn_call* call, const Waiting& waiting) {
  const Start start = is_stepping_ ? Start::AtOnce : Start::TakesLong;
  const godwit_nn_status status =
      run(&godwit_nn_backend::step, &godwit_nn_backend::start_step, start, call, waiting);
  is_stepping_ = status == GODWIT_NN_OK;
  return status;
}

godwit_nn_status Context::finish_steps(const godwit_nn_call* call) {
  is_stepping_ = false;
  return table().finish_steps(get(), call);
}

}  // namespace godwit::nn
