// The TensorFlow backend: SavedModels and frozen graphs, encoding "tensorflow".
#include <fcntl.h>
#include <sys/stat.h>
#include <tensorflow/c/c_api.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "network.h"
#include "saved_model.h"

namespace godwit::tensorflow {
namespace {

using namespace tensors;

template <auto kRelease>
struct Releaser {
  template <class T>
  void operator()(T* object) const {
    kRelease(object);
  }
};
using Status = std::unique_ptr<TF_Status, Releaser<TF_DeleteStatus>>;
using GraphHandle = std::unique_ptr<TF_Graph, Releaser<TF_DeleteGraph>>;
using Buffer = std::unique_ptr<TF_Buffer, Releaser<TF_DeleteBuffer>>;
using Options = std::unique_ptr<TF_SessionOptions, Releaser<TF_DeleteSessionOptions>>;
using ImportOptions = std::unique_ptr<TF_ImportGraphDefOptions, Releaser<TF_DeleteImportGraphDefOptions>>;
using TensorHandle = std::unique_ptr<TF_Tensor, Releaser<TF_DeleteTensor>>;

struct CloseSession {
  void operator()(TF_Session* session) const {
    const Status status(TF_NewStatus());
    TF_CloseSession(session, status.get());
    TF_DeleteSession(session, status.get());
  }
};
using Session = std::unique_ptr<TF_Session, CloseSession>;

Result<> good(const Status& status) {
  if (TF_GetCode(status.get()) == TF_OK) return {};
  return fail(
      TF_GetCode(status.get()) == TF_RESOURCE_EXHAUSTED ? GODWIT_NN_MISSING_MEMORY : GODWIT_NN_RUNTIME_ERROR,
      std::string("TensorFlow: ") + TF_Message(status.get()));
}

std::optional<uint32_t> type_of(TF_DataType type) {
  switch (type) {
    case TF_FLOAT: return GODWIT_NN_F32;
    case TF_DOUBLE: return GODWIT_NN_F64;
    case TF_HALF: return GODWIT_NN_F16;
    case TF_INT32: return GODWIT_NN_I32;
    case TF_INT64: return GODWIT_NN_I64;
    case TF_UINT8:
    case TF_INT8:
    case TF_BOOL: return GODWIT_NN_U8;
    default: return std::nullopt;
  }
}

// A folder that goes with all that is in it.
class ScratchFolder final {
 public:
  ScratchFolder() {
    std::error_code error;
    std::string pattern = std::filesystem::temp_directory_path(error).string() + "/godwit-model-XXXXXX";
    if (!error && ::mkdtemp(pattern.data())) path_ = pattern;  // for the user alone
  }
  ~ScratchFolder() {
    std::error_code error;
    if (!path_.empty()) std::filesystem::remove_all(path_, error);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  // Empty: the system has none.
  const std::string& path() const { return path_; }

  Result<> write(const std::string& name, std::span<const uint8_t> bytes) const {
    const std::string path = path_ + "/" + name;
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    while (fd >= 0 && !bytes.empty()) {
      const ssize_t count = ::write(fd, bytes.data(), bytes.size());
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) break;
      bytes = bytes.subspan(static_cast<size_t>(count));
    }
    const int error = errno;
    if (fd >= 0) ::close(fd);
    if (fd >= 0 && bytes.empty()) return {};
    return fail(GODWIT_NN_RUNTIME_ERROR, "cannot copy the model to " + path + ": " + std::strerror(error));
  }

 private:
  std::string path_;
};

// "00003-of-00010"
std::string shard(size_t number, size_t count) {
  const auto padded = [](size_t value) {
    const std::string digits = std::to_string(value);
    return std::string(digits.size() < 5 ? 5 - digits.size() : 0, '0') + digits;
  };
  return padded(number) + "-of-" + padded(count);
}

class TensorflowNetwork final : public Network {
 public:
  TensorflowNetwork() : graph_(TF_NewGraph()), options_(TF_NewSessionOptions()) {}

  // All operations that nothing flows into are inputs, those that nothing reads are outputs, in the graph's order.
  Result<> load_frozen(std::span<const uint8_t> bytes) {
    const Status status(TF_NewStatus());
    const Buffer buffer(TF_NewBufferFromString(bytes.data(), bytes.size()));
    const ImportOptions import_options(TF_NewImportGraphDefOptions());
    TF_GraphImportGraphDef(graph_.get(), buffer.get(), import_options.get(), status.get());
    TENSORS_TRY(good(status));
    session_.reset(TF_NewSession(graph_.get(), options_.get(), status.get()));
    TENSORS_TRY(good(status));
    size_t position = 0;
    while (TF_Operation* operation = TF_GraphNextOperation(graph_.get(), &position)) {
      const std::string_view type = TF_OperationOpType(operation);
      if (type == "Placeholder") {
        TENSORS_TRY(add(inputs_, input_ports_, {operation, 0}, TF_OperationName(operation)));
        continue;
      }
      for (int i = 0; type != "Const" && i < TF_OperationNumOutputs(operation); ++i)
        if (TF_OperationOutputNumConsumers({operation, i}) == 0)
          TENSORS_TRY(add(outputs_, output_ports_, {operation, i}, TF_OperationName(operation)));
    }
    return check_ports();
  }

  // Its folder is made anew: the library takes it by its path.
  Result<> load_saved(std::span<const ModelBytes> parts) {
    const ScratchFolder folder;
    std::error_code error;
    if (folder.path().empty() || !std::filesystem::create_directory(folder.path() + "/variables", error))
      return fail(GODWIT_NN_RUNTIME_ERROR, "there is no folder for temporary files (TMPDIR)");
    TENSORS_TRY(folder.write("saved_model.pb", parts[0].get()));
    if (parts.size() > 1) TENSORS_TRY(folder.write("variables/variables.index", parts[1].get()));
    for (size_t i = 2; i < parts.size(); ++i)
      TENSORS_TRY(folder.write("variables/variables.data-" + shard(i - 2, parts.size() - 2), parts[i].get()));
    const Status status(TF_NewStatus());
    const Buffer meta_graph(TF_NewBuffer());
    const char* const tags[] = {"serve"};
    session_.reset(TF_LoadSessionFromSavedModel(options_.get(), nullptr, folder.path().c_str(), tags, 1,
                                                graph_.get(), meta_graph.get(), status.get()));
    TENSORS_TRY(good(status));
    const auto signature =
        signature_of({static_cast<const uint8_t*>(meta_graph->data), meta_graph->length}, "serving_default");
    if (!signature)
      return fail(GODWIT_NN_UNSUPPORTED_OPERATION,
                  parts[0].name() + " has no signature \"serving_default\" of tensors: export it with one");
    for (const Port& port : signature->inputs) TENSORS_TRY(add(inputs_, input_ports_, port));
    for (const Port& port : signature->outputs) TENSORS_TRY(add(outputs_, output_ports_, port));
    return check_ports();
  }

  const std::vector<TensorInfo>& inputs() const override { return inputs_; }
  const std::vector<TensorInfo>& outputs() const override { return outputs_; }
  Result<std::unique_ptr<Execution>> start() const override;

  TF_Session* session() const { return session_.get(); }
  const std::vector<TF_Output>& input_ports() const { return input_ports_; }
  const std::vector<TF_Output>& output_ports() const { return output_ports_; }

 private:
  Result<> check_ports() const {
    if (!outputs_.empty()) return {};
    return fail(GODWIT_NN_UNSUPPORTED_OPERATION, "the graph has no output");
  }

  Result<> add(std::vector<TensorInfo>& infos, std::vector<TF_Output>& ports, const Port& port) {
    TF_Operation* const operation = TF_GraphOperationByName(graph_.get(), port.operation.c_str());
    if (!operation || port.index >= TF_OperationNumOutputs(operation))
      return fail(GODWIT_NN_RUNTIME_ERROR, "the signature names " + port.operation + ":" +
                                               std::to_string(port.index) + ", which is not in the graph");
    return add(infos, ports, {operation, port.index}, port.key);
  }

  Result<> add(std::vector<TensorInfo>& infos, std::vector<TF_Output>& ports, TF_Output port,
               const std::string& name) {
    const auto type = type_of(TF_OperationOutputType(port));
    if (!type)
      return fail(GODWIT_NN_UNSUPPORTED_OPERATION,
                  name + " has elements of a type that guests cannot pass (TensorFlow's number " +
                      std::to_string(TF_OperationOutputType(port)) + ")");
    TensorInfo info{.name = name, .type = *type, .dimensions = {}};
    const Status status(TF_NewStatus());
    const int count = TF_GraphGetTensorNumDims(graph_.get(), port, status.get());
    TENSORS_TRY(good(status));
    info.has_rank = count >= 0;
    if (count > 0) {
      info.dimensions.resize(static_cast<size_t>(count));
      TF_GraphGetTensorShape(graph_.get(), port, info.dimensions.data(), count, status.get());
      TENSORS_TRY(good(status));
    }
    for (int64_t& dimension : info.dimensions)
      if (dimension <= 0) dimension = kAnySize;
    infos.push_back(std::move(info));
    ports.push_back(port);
    return {};
  }

  GraphHandle graph_;
  Options options_;
  Session session_;  // the first to go
  std::vector<TensorInfo> inputs_;
  std::vector<TensorInfo> outputs_;
  std::vector<TF_Output> input_ports_;
  std::vector<TF_Output> output_ports_;
};

class TensorflowExecution final : public Execution {
 public:
  explicit TensorflowExecution(const TensorflowNetwork& network)
      : network_(network), inputs_(network.inputs().size()) {}

  Result<> set_input(uint32_t index, const godwit_nn_tensor& tensor) override {
    outputs_.clear();
    const TensorInfo& wanted = network_.inputs()[index];
    const bool is_scalar = wanted.has_rank && wanted.dimensions.empty();
    const std::vector<int64_t> shape(tensor.dimensions,
                                     tensor.dimensions + (is_scalar ? 0 : tensor.dimension_count));
    inputs_[index].reset(TF_AllocateTensor(TF_OperationOutputType(network_.input_ports()[index]),
                                           shape.data(), static_cast<int>(shape.size()),
                                           tensor.data.size_bytes));
    TF_Tensor* const to = inputs_[index].get();
    if (!to || TF_TensorByteSize(to) != tensor.data.size_bytes)
      return fail(GODWIT_NN_MISSING_MEMORY, "TensorFlow has no memory for the tensor");
    std::memcpy(TF_TensorData(to), tensor.data.data, tensor.data.size_bytes);
    return {};
  }

  Result<> compute(const Call&) override {
    std::vector<TF_Tensor*> values, results(network_.output_ports().size());
    for (const TensorHandle& input : inputs_) values.push_back(input.get());
    const Status status(TF_NewStatus());
    outputs_.clear();
    TF_SessionRun(network_.session(), nullptr, network_.input_ports().data(), values.data(),
                  static_cast<int>(values.size()), network_.output_ports().data(), results.data(),
                  static_cast<int>(results.size()), nullptr, 0, nullptr, status.get());
    for (TF_Tensor* result : results) outputs_.emplace_back(result);
    return good(status);
  }

  Result<std::span<const uint8_t>> output(uint32_t index) override {
    const TF_Tensor* const from = outputs_[index].get();
    return std::span(static_cast<const uint8_t*>(TF_TensorData(from)), TF_TensorByteSize(from));
  }

 private:
  const TensorflowNetwork& network_;
  std::vector<TensorHandle> inputs_;
  std::vector<TensorHandle> outputs_;
};

Result<std::unique_ptr<Execution>> TensorflowNetwork::start() const {
  return std::make_unique<TensorflowExecution>(*this);
}

class TensorflowLibrary final : public Library {
 public:
  Result<> recognise(const Source& source) const override {
    if (!source.is_trusted)
      return fail(
          GODWIT_NN_UNSUPPORTED_OPERATION,
          "a graph of TensorFlow is a program, which may read and write files, and that of a guest is "
          "not run; register it with --nn-preload NAME:TENSORFLOW:CPU:path");
    const ModelBytes& first = source.parts[0];
    switch (examine(first.get())) {
      case FileIs::SavedModel: return {};
      case FileIs::FrozenGraph:
        if (source.parts.size() == 1) return {};
        return fail(GODWIT_NN_INVALID_ARGUMENT,
                    "a frozen graph is one file, not " + std::to_string(source.parts.size()));
      default:
        return fail(GODWIT_NN_INVALID_ENCODING,
                    first.name() + " is neither a SavedModel's saved_model.pb nor a frozen graph");
    }
  }

  Result<std::shared_ptr<const Network>> load(const Source& source, const Call& call) const override {
    if (source.target == GODWIT_NN_TARGET_GPU || source.target == GODWIT_NN_TARGET_TPU)
      call.log(GODWIT_NN_LOG_WARNING,
               "tensorflow: this build has the CPU only; " + source.parts[0].name() + " runs there");
    auto network = std::make_shared<TensorflowNetwork>();
    if (examine(source.parts[0].get()) == FileIs::FrozenGraph)
      TENSORS_TRY(network->load_frozen(source.parts[0].get()));
    else TENSORS_TRY(network->load_saved(source.parts));
    return network;
  }
};

}  // namespace
}  // namespace godwit::tensorflow

namespace godwit::tensors {

const Description& description() {
  static const std::string revision = std::string("TensorFlow ") + TF_Version();
  static const Description about{.encoding = 2, .name = "tensorflow", .revision = revision.c_str()};
  return about;
}

const Library& library() {
  static const tensorflow::TensorflowLibrary only;
  return only;
}

}  // namespace godwit::tensors
