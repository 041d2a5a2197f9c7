// The TensorFlow Lite backend: encoding "tensorflowlite".
#include "tflite.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <thread>

#include "network.h"
#include "options_check.h"
#include "watcher.h"

namespace godwit::tflite_backend {
namespace {

using namespace tensors;

template <auto kRelease>
struct Releaser {
  template <class T>
  void operator()(T* object) const {
    kRelease(object);
  }
};
using Model = std::unique_ptr<TfLiteModel, Releaser<TfLiteModelDelete>>;
using Options = std::unique_ptr<TfLiteInterpreterOptions, Releaser<TfLiteInterpreterOptionsDelete>>;
using Interpreter = std::unique_ptr<TfLiteInterpreter, Releaser<TfLiteInterpreterDelete>>;

// What the library said last on this thread: its functions say no more than that they failed.
thread_local std::string last_error;

void report(void*, const char* format, va_list arguments) {
  char line[512];
  std::vsnprintf(line, sizeof line, format, arguments);
  last_error = line;
}

std::unexpected<Failure> failed(const std::string& what) {
  return fail(GODWIT_NN_RUNTIME_ERROR,
              "TensorFlow Lite " + what + (last_error.empty() ? "" : ": " + std::exchange(last_error, {})));
}

// Of the library's numbers of types.
std::optional<uint32_t> type_of(const TfLiteTensor* tensor) {
  switch (TfLiteTensorType(tensor)) {
    case 1: return GODWIT_NN_F32;
    case 2: return GODWIT_NN_I32;
    case 3:                       // u8
    case 6:                       // truth values
    case 9: return GODWIT_NN_U8;  // i8
    case 4: return GODWIT_NN_I64;
    case 10: return GODWIT_NN_F16;
    case 11: return GODWIT_NN_F64;
    default: return std::nullopt;
  }
}

Result<TensorInfo> describe(const TfLiteTensor* tensor) {
  if (!tensor) return failed("gives no tensor");
  const char* name = TfLiteTensorName(tensor);
  TensorInfo info{.name = name ? name : "", .type = 0, .dimensions = {}};
  const auto type = type_of(tensor);
  if (!type)
    return fail(GODWIT_NN_UNSUPPORTED_OPERATION,
                info.name + " has elements of a type that guests cannot pass (TensorFlow Lite's number " +
                    std::to_string(TfLiteTensorType(tensor)) + ")");
  info.type = *type;
  for (int32_t i = 0; i < TfLiteTensorNumDims(tensor); ++i)
    info.dimensions.push_back(TfLiteTensorDim(tensor, i));
  int32_t count = 0;
  if (TfLiteOpaqueTensorGetNumDimsSignature(tensor, &count) == 0 && count == TfLiteTensorNumDims(tensor))
    for (int32_t i = 0, size = 0; i < count; ++i)
      if (TfLiteOpaqueTensorGetDimSignature(tensor, i, &size) == 0 && size == -1)
        info.dimensions[static_cast<size_t>(i)] = kAnySize;
  return info;
}

class TfliteNetwork final : public Network {
 public:
  explicit TfliteNetwork(Model model) : model_(std::move(model)) {}

  Result<> prepare() {
    options_.reset(TfLiteInterpreterOptionsCreate());
    const uint32_t threads = std::max(1u, std::thread::hardware_concurrency());
    TfLiteInterpreterOptionsSetNumThreads(options_.get(), static_cast<int32_t>(threads));
    TfLiteInterpreterOptionsSetErrorReporter(options_.get(), report, nullptr);
    (void)TfLiteInterpreterOptionsEnableCancellation(options_.get(), true);
    auto made = interpreter();  // to see what it takes and gives
    if (!made) return std::unexpected(std::move(made).error());
    for (int32_t i = 0; i < TfLiteInterpreterGetInputTensorCount(made->get()); ++i) {
      auto info = describe(TfLiteInterpreterGetInputTensor(made->get(), i));
      if (!info) return std::unexpected(std::move(info).error());
      inputs_.push_back(std::move(*info));
    }
    for (int32_t i = 0; i < TfLiteInterpreterGetOutputTensorCount(made->get()); ++i) {
      auto info = describe(TfLiteInterpreterGetOutputTensor(made->get(), i));
      if (!info) return std::unexpected(std::move(info).error());
      outputs_.push_back(std::move(*info));
    }
    return {};
  }

  const std::vector<TensorInfo>& inputs() const override { return inputs_; }
  const std::vector<TensorInfo>& outputs() const override { return outputs_; }
  Result<std::unique_ptr<Execution>> start() const override;

 private:
  Result<Interpreter> interpreter() const {
    last_error.clear();
    Interpreter made(TfLiteInterpreterCreate(model_.get(), options_.get()));
    if (!made) return failed("cannot run the model");
    if (TfLiteInterpreterAllocateTensors(made.get()) != 0) return failed("cannot prepare the model");
    return made;
  }

  Model model_;
  Options options_;
  std::vector<TensorInfo> inputs_;
  std::vector<TensorInfo> outputs_;
};

class TfliteExecution final : public Execution {
 public:
  TfliteExecution(const TfliteNetwork& network, Interpreter interpreter)
      : network_(network), interpreter_(std::move(interpreter)), shapes_(network.inputs().size()) {}

  Result<> set_input(uint32_t index, const godwit_nn_tensor& tensor) override {
    const auto number = static_cast<int32_t>(index);
    last_error.clear();
    if (is_broken_) return broken();
    TENSORS_TRY(
        resize(index, std::vector<int>(tensor.dimensions, tensor.dimensions + tensor.dimension_count)));
    const TfLiteTensor* to = TfLiteInterpreterGetInputTensor(interpreter_.get(), number);
    if (!to || TfLiteTensorByteSize(to) != tensor.data.size_bytes || !TfLiteTensorData(to))
      return failed("has no room of the tensor's size for input " + std::to_string(index));
    std::memcpy(TfLiteTensorData(to), tensor.data.data, tensor.data.size_bytes);
    return {};
  }

  Result<> compute(const Call& call) override {
    last_error.clear();
    if (is_broken_) return broken();
    const Watch watch(call, [this] { (void)TfLiteInterpreterCancel(interpreter_.get()); });
    const TfLiteStatus status = TfLiteInterpreterInvoke(interpreter_.get());
    if (status == 0) return {};
    if (watch.cancelled()) return fail(GODWIT_NN_CANCELLED);
    return failed("cannot compute");
  }

  Result<std::span<const uint8_t>> output(uint32_t index) override {
    const TfLiteTensor* from =
        TfLiteInterpreterGetOutputTensor(interpreter_.get(), static_cast<int32_t>(index));
    if (!from || !TfLiteTensorData(from)) return failed("gives no output " + std::to_string(index));
    return std::span(static_cast<const uint8_t*>(TfLiteTensorData(from)), TfLiteTensorByteSize(from));
  }

 private:
  // Gives an input whose dimensions can be chosen those of the tensor. What was set before of other inputs stays.
  Result<> resize(uint32_t index, const std::vector<int>& shape) {
    const auto& wanted = network_.inputs()[index].dimensions;
    if (std::ranges::find(wanted, kAnySize) == wanted.end() || shapes_[index] == shape) return {};
    std::vector<std::vector<uint8_t>> kept(network_.inputs().size());
    for (size_t i = 0; i < kept.size(); ++i) {
      const TfLiteTensor* input =
          TfLiteInterpreterGetInputTensor(interpreter_.get(), static_cast<int32_t>(i));
      if (i == index || !input || !TfLiteTensorData(input)) continue;
      const auto* data = static_cast<const uint8_t*>(TfLiteTensorData(input));
      kept[i].assign(data, data + TfLiteTensorByteSize(input));
    }
    is_broken_ = true;  // what was prepared is gone, and may not be touched unless all goes well
    if (TfLiteInterpreterResizeInputTensor(interpreter_.get(), static_cast<int32_t>(index), shape.data(),
                                           static_cast<int32_t>(shape.size())) != 0 ||
        TfLiteInterpreterAllocateTensors(interpreter_.get()) != 0)
      return failed("cannot take this shape for input " + std::to_string(index));
    for (size_t i = 0; i < kept.size(); ++i) {
      const TfLiteTensor* input =
          TfLiteInterpreterGetInputTensor(interpreter_.get(), static_cast<int32_t>(i));
      if (!kept[i].empty() && TfLiteTensorByteSize(input) == kept[i].size())
        std::ranges::copy(kept[i], static_cast<uint8_t*>(TfLiteTensorData(input)));
    }
    shapes_[index] = shape;
    is_broken_ = false;
    return {};
  }

  static std::unexpected<Failure> broken() {
    return fail(GODWIT_NN_RUNTIME_ERROR,
                "the model took a shape badly before; make another execution context");
  }

  const TfliteNetwork& network_;
  Interpreter interpreter_;
  std::vector<std::vector<int>> shapes_;  // of inputs that were resized
  bool is_broken_ = false;
};

Result<std::unique_ptr<Execution>> TfliteNetwork::start() const {
  auto made = interpreter();
  if (!made) return std::unexpected(std::move(made).error());
  return std::make_unique<TfliteExecution>(*this, std::move(*made));
}

class TfliteLibrary final : public Library {
 public:
  Result<> recognise(const Source& source) const override {
    if (source.parts.size() != 1)
      return fail(GODWIT_NN_INVALID_ARGUMENT,
                  "a TensorFlow Lite model is one file, not " + std::to_string(source.parts.size()));
    const ModelBytes& bytes = source.parts[0];
    if (bytes.text().size() < 8 || bytes.text().substr(4, 4) != "TFL3")
      return fail(GODWIT_NN_INVALID_ENCODING,
                  bytes.name() + " is not a TensorFlow Lite model (no letters TFL3)");
    return {};
  }

  Result<std::shared_ptr<const Network>> load(const Source& source, const Call& call) const override {
    if (source.target == GODWIT_NN_TARGET_GPU || source.target == GODWIT_NN_TARGET_TPU)
      call.log(GODWIT_NN_LOG_WARNING,
               "tensorflowlite: this build has the CPU only; " + source.parts[0].name() + " runs there");
    constexpr int kSilent = 4;
    ::tflite::LoggerOptions::SetMinimumLogSeverity(static_cast<::tflite::LogSeverity>(kSilent));
    const auto bytes = source.parts[0].get();
    Model model(TfLiteModelCreate(bytes.data(), bytes.size()));
    if (!model)
      return fail(GODWIT_NN_RUNTIME_ERROR,
                  "TensorFlow Lite cannot read " + source.parts[0].name() + ": it is damaged, or cut short");
    if (const std::string wrong = check_options(bytes); !wrong.empty())
      return fail(GODWIT_NN_RUNTIME_ERROR, source.parts[0].name() + ": " + wrong);
    auto network = std::make_shared<TfliteNetwork>(std::move(model));
    TENSORS_TRY(network->prepare());
    return network;
  }
};

}  // namespace
}  // namespace godwit::tflite_backend

namespace godwit::tensors {

const Description& description() {
  static const std::string revision = std::string("TensorFlow Lite ") + TfLiteVersion();
  static const Description about{.encoding = 4, .name = "tensorflowlite", .revision = revision.c_str()};
  return about;
}

const Library& library() {
  static const tflite_backend::TfliteLibrary only;
  return only;
}

}  // namespace godwit::tensors
