// The ONNX Runtime backend: ONNX models, encoding "onnx".
#include <algorithm>
#include <cstring>
#include <thread>

#include "external_data.h"
#include "network.h"
#include "ort.h"
#include "watcher.h"

namespace godwit::onnx {
namespace {

using namespace tensors;

// ONNXTensorElementDataType, in the order of its numbers; 0xff: cannot be passed.
constexpr uint8_t kNot = 0xff;
constexpr uint8_t kTypes[] = {kNot, GODWIT_NN_F32, GODWIT_NN_U8,  GODWIT_NN_U8,
                              kNot, kNot,          GODWIT_NN_I32, GODWIT_NN_I64,
                              kNot, GODWIT_NN_U8,  GODWIT_NN_F16, GODWIT_NN_F64};

struct Port {
  TensorInfo info;
  int type;  // ONNX Runtime's number
};

Result<> describe(const OrtTensorTypeAndShapeInfo* shape, Port& port) {
  TENSORS_TRY(good(ort::get_tensor_element_type(shape, &port.type)));
  if (port.type < 0 || static_cast<size_t>(port.type) >= std::size(kTypes) || kTypes[port.type] == kNot)
    return fail(GODWIT_NN_UNSUPPORTED_OPERATION,
                port.info.name + " has elements of a type that guests cannot pass (ONNX's number " +
                    std::to_string(port.type) + ")");
  port.info.type = kTypes[port.type];
  size_t count = 0;
  TENSORS_TRY(good(ort::get_dimensions_count(shape, &count)));
  port.info.dimensions.resize(count);
  TENSORS_TRY(good(ort::get_dimensions(shape, port.info.dimensions.data(), count)));
  for (int64_t& dimension : port.info.dimensions)
    if (dimension <= 0) dimension = kAnySize;
  return {};
}

template <const auto& kName, const auto& kType>
Result<Port> port_of(const OrtSession* session, size_t index) {
  OrtAllocator* allocator = nullptr;  // the library's, not given back
  TENSORS_TRY(good(ort::get_allocator_with_default_options(&allocator)));
  char* name = nullptr;
  TENSORS_TRY(good(kName(session, index, allocator, &name)));
  Port port{.info = {.name = name, .type = 0, .dimensions = {}}, .type = 0};
  TENSORS_TRY(good(ort::allocator_free(allocator, name)));
  OrtTypeInfo* type = nullptr;
  TENSORS_TRY(good(kType(session, index, &type)));
  const TypeInfo owned(type);
  const OrtTensorTypeAndShapeInfo* shape = nullptr;  // a part of `type`
  TENSORS_TRY(good(ort::cast_type_info_to_tensor_info(type, &shape)));
  if (!shape)
    return fail(GODWIT_NN_UNSUPPORTED_OPERATION,
                port.info.name + " is no tensor; guests can pass tensors only");
  TENSORS_TRY(describe(shape, port));
  return port;
}

class OnnxNetwork final : public Network {
 public:
  explicit OnnxNetwork(Session session) : session_(std::move(session)) {}

  Result<> read_ports() {
    size_t count = 0;
    TENSORS_TRY(good(ort::session_get_input_count(session_.get(), &count)));
    for (size_t i = 0; i < count; ++i) {
      auto port = port_of<ort::session_get_input_name, ort::session_get_input_type_info>(session_.get(), i);
      if (!port) return std::unexpected(std::move(port).error());
      inputs_.push_back(port->info);
      input_types_.push_back(port->type);
    }
    TENSORS_TRY(good(ort::session_get_output_count(session_.get(), &count)));
    for (size_t i = 0; i < count; ++i) {
      auto port = port_of<ort::session_get_output_name, ort::session_get_output_type_info>(session_.get(), i);
      if (!port) return std::unexpected(std::move(port).error());
      outputs_.push_back(port->info);
    }
    return {};
  }

  const std::vector<TensorInfo>& inputs() const override { return inputs_; }
  const std::vector<TensorInfo>& outputs() const override { return outputs_; }
  Result<std::unique_ptr<Execution>> start() const override;

  OrtSession* session() const { return session_.get(); }
  int input_type(size_t index) const { return input_types_[index]; }

 private:
  Session session_;
  std::vector<TensorInfo> inputs_;
  std::vector<int> input_types_;
  std::vector<TensorInfo> outputs_;
};

class OnnxExecution final : public Execution {
 public:
  explicit OnnxExecution(const OnnxNetwork& network)
      : network_(network), data_(network.inputs().size()), inputs_(network.inputs().size()) {}

  Result<> prepare() {
    OrtMemoryInfo* memory = nullptr;
    TENSORS_TRY(good(ort::create_cpu_memory_info(ort::kArena, ort::kDefaultMemory, &memory)));
    memory_.reset(memory);
    return {};
  }

  Result<> set_input(uint32_t index, const godwit_nn_tensor& tensor) override {
    outputs_.clear();
    // Of 8 bytes each, so that any element is aligned.
    std::vector<uint64_t>& data = data_[index];
    data.resize((tensor.data.size_bytes + 7) / 8);
    std::memcpy(data.data(), tensor.data.data, tensor.data.size_bytes);
    const auto& wanted = network_.inputs()[index].dimensions;
    const std::vector<int64_t> shape(tensor.dimensions,
                                     tensor.dimensions + (wanted.empty() ? 0 : tensor.dimension_count));
    OrtValue* value = nullptr;
    TENSORS_TRY(
        good(ort::create_tensor_with_data(memory_.get(), data.data(), tensor.data.size_bytes, shape.data(),
                                          shape.size(), network_.input_type(index), &value)));
    inputs_[index].reset(value);
    return {};
  }

  Result<> compute(const Call& call) override {
    std::vector<const char*> input_names, output_names;
    std::vector<const OrtValue*> values;
    for (const TensorInfo& info : network_.inputs()) input_names.push_back(info.name.c_str());
    for (const TensorInfo& info : network_.outputs()) output_names.push_back(info.name.c_str());
    for (const Value& value : inputs_) values.push_back(value.get());
    OrtRunOptions* options = nullptr;
    TENSORS_TRY(good(ort::create_run_options(&options)));
    const RunOptions owned(options);
    std::vector<OrtValue*> outputs(output_names.size());
    outputs_.clear();
    const Watch watch(call, [options] { (void)good(ort::run_options_set_terminate(options)); });
    const auto done = good(ort::run(network_.session(), options, input_names.data(), values.data(),
                                    values.size(), output_names.data(), output_names.size(), outputs.data()));
    for (OrtValue* output : outputs) outputs_.emplace_back(output);
    if (!done && watch.cancelled()) return fail(GODWIT_NN_CANCELLED);
    return done;
  }

  Result<std::span<const uint8_t>> output(uint32_t index) override {
    OrtTensorTypeAndShapeInfo* shape = nullptr;
    TENSORS_TRY(good(ort::get_tensor_type_and_shape(outputs_[index].get(), &shape)));
    const ShapeInfo owned(shape);
    size_t count = 0;
    TENSORS_TRY(good(ort::get_tensor_shape_element_count(shape, &count)));
    void* data = nullptr;
    TENSORS_TRY(good(ort::get_tensor_mutable_data(outputs_[index].get(), &data)));
    return std::span(static_cast<const uint8_t*>(data),
                     count * element_size_bytes(network_.outputs()[index].type));
  }

 private:
  const OnnxNetwork& network_;
  MemoryInfo memory_;
  std::vector<std::vector<uint64_t>> data_;
  std::vector<Value> inputs_;  // over `data_`
  std::vector<Value> outputs_;
};

Result<std::unique_ptr<Execution>> OnnxNetwork::start() const {
  auto execution = std::make_unique<OnnxExecution>(*this);
  TENSORS_TRY(execution->prepare());
  return execution;
}

class OnnxLibrary final : public Library {
 public:
  Result<> recognise(const Source& source) const override {
    if (source.parts.size() != 1)
      return fail(GODWIT_NN_INVALID_ARGUMENT,
                  "an ONNX model is one file, not " + std::to_string(source.parts.size()));
    const ModelBytes& bytes = source.parts[0];
    switch (examine(bytes.get())) {
      case ModelBytesAre::Whole: return {};
      case ModelBytesAre::WithExternalData:
        return fail(
            GODWIT_NN_UNSUPPORTED_OPERATION,
            bytes.name() + " keeps tensors in other files, which are not opened; save it as one file");
      default: return fail(GODWIT_NN_INVALID_ENCODING, bytes.name() + " is not an ONNX model");
    }
  }

  Result<std::shared_ptr<const Network>> load(const Source& source, const Call& call) const override {
    if (!api_table())
      return fail(GODWIT_NN_UNSUPPORTED_OPERATION, "ONNX Runtime " + library_version() +
                                                       " has no functions of version " +
                                                       std::to_string(kApiVersion));
    if (source.target == GODWIT_NN_TARGET_GPU || source.target == GODWIT_NN_TARGET_TPU)
      call.log(GODWIT_NN_LOG_WARNING,
               "onnx: this build has the CPU only; " + source.parts[0].name() + " runs there");
    static OrtEnv* const env = [] {
      OrtEnv* made = nullptr;  // one for the process
      return good(ort::create_env(ort::kFatal, "godwit", &made)) ? made : nullptr;
    }();
    if (!env) return fail(GODWIT_NN_RUNTIME_ERROR, "ONNX Runtime does not start");
    OrtSessionOptions* made = nullptr;
    TENSORS_TRY(good(ort::create_session_options(&made)));
    const SessionOptions options(made);
    const int threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
    TENSORS_TRY(good(ort::set_intra_op_num_threads(made, threads)));
    TENSORS_TRY(good(ort::set_session_log_severity_level(made, ort::kFatal)));  // errors come back as such
    // Its other format has not been looked at.
    TENSORS_TRY(good(ort::add_session_config_entry(made, "session.load_model_format", "ONNX")));
    // Threads that wait for work in loops take time from the guests.
    TENSORS_TRY(good(ort::add_session_config_entry(made, "session.intra_op.allow_spinning", "0")));
    OrtSession* session = nullptr;
    const auto bytes = source.parts[0].get();
    TENSORS_TRY(good(ort::create_session_from_array(env, bytes.data(), bytes.size(), made, &session)));
    auto network = std::make_shared<OnnxNetwork>(Session(session));
    TENSORS_TRY(network->read_ports());
    return network;
  }
};

}  // namespace
}  // namespace godwit::onnx

namespace godwit::tensors {

const Description& description() {
  static const std::string revision = "ONNX Runtime " + onnx::library_version();
  static const Description about{.encoding = 1, .name = "onnx", .revision = revision.c_str()};
  return about;
}

const Library& library() {
  static const onnx::OnnxLibrary only;
  return only;
}

}  // namespace godwit::tensors
