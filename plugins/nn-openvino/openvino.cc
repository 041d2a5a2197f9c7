// The OpenVINO backend: a network's description and its weights (.xml and .bin), encoding "openvino".
#include <openvino/c/openvino.h>

#include <cstring>
#include <mutex>

#include "network.h"
#include "watcher.h"
#include "xml.h"

namespace godwit::openvino {
namespace {

using namespace tensors;

template <auto kRelease>
struct Releaser {
  template <class T>
  void operator()(T* object) const {
    kRelease(object);
  }
};
template <class T, auto kRelease>
using Owned = std::unique_ptr<T, Releaser<kRelease>>;

using Core = Owned<ov_core_t, ov_core_free>;
using Model = Owned<ov_model_t, ov_model_free>;
using Compiled = Owned<ov_compiled_model_t, ov_compiled_model_free>;
using Port = Owned<ov_output_const_port_t, ov_output_const_port_free>;
using Tensor = Owned<ov_tensor_t, ov_tensor_free>;
using Request = Owned<ov_infer_request_t, ov_infer_request_free>;

Result<> good(ov_status_e status) {
  if (status == OK) return {};
  const char* words = ov_get_last_err_msg();  // this thread's
  std::string text = words && *words ? words : ov_get_error_info(status);
  for (char& c : text)
    if (c == '\n') c = ' ';
  return fail(GODWIT_NN_RUNTIME_ERROR, "OpenVINO: " + text);
}

std::optional<uint32_t> type_of(ov_element_type_e type) {
  switch (type) {
    case F16: return GODWIT_NN_F16;
    case F32: return GODWIT_NN_F32;
    case F64: return GODWIT_NN_F64;
    case BOOLEAN:
    case I8:
    case U8: return GODWIT_NN_U8;
    case I32: return GODWIT_NN_I32;
    case I64: return GODWIT_NN_I64;
    default: return std::nullopt;
  }
}

Result<TensorInfo> describe(const ov_output_const_port_t* port, size_t index, ov_element_type_e& type) {
  TensorInfo info{.name = "number " + std::to_string(index), .type = 0, .dimensions = {}};
  char* name = nullptr;
  if (ov_port_get_any_name(port, &name) == OK && name) {  // not each has one
    info.name = name;
    ov_free(name);
  }
  TENSORS_TRY(good(ov_port_get_element_type(port, &type)));
  const auto passed = type_of(type);
  if (!passed)
    return fail(GODWIT_NN_UNSUPPORTED_OPERATION,
                info.name + " has elements of a type that guests cannot pass (OpenVINO's number " +
                    std::to_string(type) + ")");
  info.type = *passed;
  ov_partial_shape_t shape{};
  TENSORS_TRY(good(ov_port_get_partial_shape(port, &shape)));
  info.has_rank = shape.rank.min == shape.rank.max;
  for (int64_t i = 0; info.has_rank && i < shape.rank.min; ++i) {
    const ov_dimension_t& dimension = shape.dims[i];
    info.dimensions.push_back(dimension.min == dimension.max && dimension.min > 0 ? dimension.min : kAnySize);
  }
  ov_partial_shape_free(&shape);
  return info;
}

class OpenVinoNetwork final : public Network {
 public:
  explicit OpenVinoNetwork(Compiled compiled) : compiled_(std::move(compiled)) {}

  Result<> read_ports() {
    size_t count = 0;
    TENSORS_TRY(good(ov_compiled_model_inputs_size(compiled_.get(), &count)));
    for (size_t i = 0; i < count; ++i) {
      ov_output_const_port_t* port = nullptr;
      TENSORS_TRY(good(ov_compiled_model_input_by_index(compiled_.get(), i, &port)));
      const Port owned(port);
      ov_element_type_e type{};
      auto info = describe(port, i, type);
      if (!info) return std::unexpected(std::move(info).error());
      inputs_.push_back(std::move(*info));
      types_.push_back(type);
    }
    TENSORS_TRY(good(ov_compiled_model_outputs_size(compiled_.get(), &count)));
    for (size_t i = 0; i < count; ++i) {
      ov_output_const_port_t* port = nullptr;
      TENSORS_TRY(good(ov_compiled_model_output_by_index(compiled_.get(), i, &port)));
      const Port owned(port);
      ov_element_type_e type{};
      auto info = describe(port, i, type);
      if (!info) return std::unexpected(std::move(info).error());
      outputs_.push_back(std::move(*info));
    }
    return {};
  }

  const std::vector<TensorInfo>& inputs() const override { return inputs_; }
  const std::vector<TensorInfo>& outputs() const override { return outputs_; }
  Result<std::unique_ptr<Execution>> start() const override;

  ov_element_type_e input_type(size_t index) const { return types_[index]; }

 private:
  Compiled compiled_;
  std::vector<TensorInfo> inputs_;
  std::vector<ov_element_type_e> types_;  // of the inputs
  std::vector<TensorInfo> outputs_;
};

class OpenVinoExecution final : public Execution {
 public:
  OpenVinoExecution(const OpenVinoNetwork& network, Request request)
      : network_(network),
        data_(network.inputs().size()),
        inputs_(network.inputs().size()),
        request_(std::move(request)) {}

  Result<> set_input(uint32_t index, const godwit_nn_tensor& tensor) override {
    // Of 8 bytes each, so that any element is aligned.
    std::vector<uint64_t>& data = data_[index];
    data.resize((tensor.data.size_bytes + 7) / 8);
    std::memcpy(data.data(), tensor.data.data, tensor.data.size_bytes);
    const TensorInfo& wanted = network_.inputs()[index];
    const bool is_scalar = wanted.has_rank && wanted.dimensions.empty();
    std::vector<int64_t> dimensions(tensor.dimensions,
                                    tensor.dimensions + (is_scalar ? 0 : tensor.dimension_count));
    const ov_shape_t shape{.rank = static_cast<int64_t>(dimensions.size()), .dims = dimensions.data()};
    ov_tensor_t* made = nullptr;
    TENSORS_TRY(good(ov_tensor_create_from_host_ptr(network_.input_type(index), shape, data.data(), &made)));
    Tensor owned(made);
    TENSORS_TRY(good(ov_infer_request_set_input_tensor_by_index(request_.get(), index, made)));
    inputs_[index] = std::move(owned);
    return {};
  }

  Result<> compute(const Call& call) override {
    outputs_.clear();
    outputs_.resize(network_.outputs().size());
    const Watch watch(call, [this] { (void)ov_infer_request_cancel(request_.get()); });
    const auto done = good(ov_infer_request_infer(request_.get()));
    if (!done && watch.cancelled()) return fail(GODWIT_NN_CANCELLED);
    return done;
  }

  Result<std::span<const uint8_t>> output(uint32_t index) override {
    ov_tensor_t* tensor = nullptr;
    TENSORS_TRY(good(ov_infer_request_get_output_tensor_by_index(request_.get(), index, &tensor)));
    outputs_[index].reset(tensor);
    size_t size = 0;
    void* data = nullptr;
    TENSORS_TRY(good(ov_tensor_get_byte_size(tensor, &size)));
    TENSORS_TRY(good(ov_tensor_data(tensor, &data)));
    return std::span(static_cast<const uint8_t*>(data), size);
  }

 private:
  const OpenVinoNetwork& network_;
  std::vector<std::vector<uint64_t>> data_;
  std::vector<Tensor> inputs_;   // over `data_`
  std::vector<Tensor> outputs_;  // those that were lent
  Request request_;              // the first to go: it uses the inputs
};

Result<std::unique_ptr<Execution>> OpenVinoNetwork::start() const {
  ov_infer_request_t* request = nullptr;
  TENSORS_TRY(good(ov_compiled_model_create_infer_request(compiled_.get(), &request)));
  return std::make_unique<OpenVinoExecution>(*this, Request(request));
}

// One for the process, made when a model is first read: it finds out which devices there are.
Result<ov_core_t*> core() {
  static std::mutex mutex;
  static Core* const only = new Core;  // not destroyed: the library's own statics may be gone by then
  const std::lock_guard lock(mutex);
  if (!*only) {
    ov_core_t* made = nullptr;
    TENSORS_TRY(good(ov_core_create(&made)));
    only->reset(made);
  }
  return only->get();
}

bool has_device(const ov_core_t* core, std::string_view kind) {
  ov_available_devices_t devices{};
  if (ov_core_get_available_devices(core, &devices) != OK) return false;
  bool found = false;
  for (size_t i = 0; i < devices.size; ++i) found |= std::string_view(devices.devices[i]).starts_with(kind);
  ov_available_devices_free(&devices);
  return found;
}

const char* device_of(const Source& source, const ov_core_t* core, const Call& call) {
  const char* wanted = source.target == GODWIT_NN_TARGET_GPU   ? "GPU"
                       : source.target == GODWIT_NN_TARGET_TPU ? "NPU"
                                                               : "CPU";
  if (has_device(core, wanted)) return wanted;
  call.log(GODWIT_NN_LOG_WARNING, "openvino: there is no device " + std::string(wanted) + "; " +
                                      source.parts[0].name() + " runs on the CPU");
  return "CPU";
}

class OpenVinoLibrary final : public Library {
 public:
  Result<> recognise(const Source& source) const override {
    const ModelBytes& description = source.parts[0];
    if (source.parts.size() > 2)
      return fail(GODWIT_NN_INVALID_ARGUMENT, "an OpenVINO model is an .xml file and a .bin file, not " +
                                                  std::to_string(source.parts.size()) + " files");
    if (!is_network(description.text()))
      return fail(GODWIT_NN_INVALID_ENCODING,
                  description.name() +
                      " is not OpenVINO's description of a network (XML with the root <net>); "
                      "name the .xml file first, the .bin file second");
    return {};
  }

  Result<std::shared_ptr<const Network>> load(const Source& source, const Call& call) const override {
    auto of = core();
    if (!of) return std::unexpected(std::move(of).error());
    Tensor weights;
    if (source.parts.size() == 2) {
      const auto bytes = source.parts[1].get();
      int64_t dimensions[] = {static_cast<int64_t>(bytes.size())};
      ov_tensor_t* made = nullptr;  // over the file's bytes, which it does not change
      TENSORS_TRY(good(ov_tensor_create_from_host_ptr(U8, {.rank = 1, .dims = dimensions},
                                                      const_cast<uint8_t*>(bytes.data()), &made)));
      weights.reset(made);
    }
    const std::string_view text = source.parts[0].text();
    ov_model_t* read = nullptr;
    TENSORS_TRY(
        good(ov_core_read_model_from_memory_buffer(*of, text.data(), text.size(), weights.get(), &read)));
    const Model model(read);
    ov_compiled_model_t* compiled = nullptr;
    // As exact as the model says, on processors that could be quicker with less.
    TENSORS_TRY(good(ov_core_compile_model(*of, read, device_of(source, *of, call), 2, &compiled,
                                           "INFERENCE_PRECISION_HINT", "f32")));
    auto network = std::make_shared<OpenVinoNetwork>(Compiled(compiled));
    TENSORS_TRY(network->read_ports());
    return network;
  }
};

std::string revision_text() {
  ov_version_t version{};
  if (ov_get_openvino_version(&version) != OK) return "OpenVINO";
  std::string text = std::string("OpenVINO ") + version.buildNumber;
  ov_version_free(&version);
  return text;
}

}  // namespace
}  // namespace godwit::openvino

namespace godwit::tensors {

const Description& description() {
  static const std::string revision = openvino::revision_text();
  static const Description about{.encoding = 0, .name = "openvino", .revision = revision.c_str()};
  return about;
}

const Library& library() {
  static const openvino::OpenVinoLibrary only;
  return only;
}

}  // namespace godwit::tensors
