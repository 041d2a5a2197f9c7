// The PyTorch backend: TorchScript models, encoding "pytorch". What libtorch throws is caught in table.cc.
//
// A TorchScript model is a program: one of a guest's is not run.
#include <cstring>

#include "module.h"
#include "network.h"

namespace godwit::pytorch {
namespace {

using namespace tensors;

// TorchScript does not say which types and shapes its tensors have: any are taken, and what does not fit is the program's
// to say.
TensorInfo any_tensor(std::string name) {
  return {.name = std::move(name), .type = kAnyType, .dimensions = {}, .has_rank = false};
}

class TorchNetwork final : public Network {
 public:
  explicit TorchNetwork(std::unique_ptr<const Module> module) : module_(std::move(module)) {}

  Result<> read_ports() {
    for (const std::string& name : module_->arguments()) {
      if (name.empty())
        return fail(GODWIT_NN_UNSUPPORTED_OPERATION,
                    "the model takes something that is no tensor; guests cannot pass it");
      inputs_.push_back(any_tensor(name));
    }
    for (size_t i = 0; i < module_->result_count(); ++i) outputs_.push_back(any_tensor("output"));
    return {};
  }

  const std::vector<TensorInfo>& inputs() const override { return inputs_; }
  const std::vector<TensorInfo>& outputs() const override { return outputs_; }
  Result<std::unique_ptr<Execution>> start() const override;

  const Module& module() const { return *module_; }

 private:
  std::unique_ptr<const Module> module_;
  std::vector<TensorInfo> inputs_;
  std::vector<TensorInfo> outputs_;
};

class TorchExecution final : public Execution {
 public:
  explicit TorchExecution(const TorchNetwork& network)
      : network_(network), inputs_(network.inputs().size()) {}

  Result<> set_input(uint32_t index, const godwit_nn_tensor& tensor) override {
    inputs_[index] = new_tensor(tensor.type, {tensor.dimensions, tensor.dimensions + tensor.dimension_count});
    std::memcpy(inputs_[index].data, tensor.data.data, tensor.data.size_bytes);
    return {};
  }

  // Not to be cancelled: libtorch has no way to.
  Result<> compute(const Call&) override {
    outputs_ = network_.module().forward(inputs_);
    return {};
  }

  Result<std::span<const uint8_t>> output(uint32_t index) override {
    if (index >= outputs_.size() || outputs_[index].type == kNoType)
      return fail(GODWIT_NN_UNSUPPORTED_OPERATION,
                  "output " + std::to_string(index) + " is no tensor of a type that guests know");
    return std::span<const uint8_t>(outputs_[index].data, outputs_[index].size_bytes);
  }

 private:
  const TorchNetwork& network_;
  std::vector<HeldTensor> inputs_;
  std::vector<HeldTensor> outputs_;
};

Result<std::unique_ptr<Execution>> TorchNetwork::start() const {
  return std::make_unique<TorchExecution>(*this);
}

class TorchLibrary final : public Library {
 public:
  Result<> recognise(const Source& source) const override {
    if (!source.is_trusted)
      return fail(GODWIT_NN_UNSUPPORTED_OPERATION,
                  "a TorchScript model is a program, and that of a guest is not run; register it with "
                  "--nn-preload NAME:PYTORCH:CPU:path");
    if (source.parts.size() != 1)
      return fail(GODWIT_NN_INVALID_ARGUMENT,
                  "a TorchScript model is one file, not " + std::to_string(source.parts.size()));
    if (!source.parts[0].text().starts_with("PK\3\4"))
      return fail(
          GODWIT_NN_INVALID_ENCODING,
          source.parts[0].name() + " is not a TorchScript model (no archive; save it by torch.jit.save)");
    return {};
  }

  Result<std::shared_ptr<const Network>> load(const Source& source, const Call& call) const override {
    if (source.target == GODWIT_NN_TARGET_GPU || source.target == GODWIT_NN_TARGET_TPU)
      call.log(GODWIT_NN_LOG_WARNING,
               "pytorch: this build has the CPU only; " + source.parts[0].name() + " runs there");
    auto network = std::make_shared<TorchNetwork>(Module::load(source.parts[0].text()));
    TENSORS_TRY(network->read_ports());
    return network;
  }
};

}  // namespace
}  // namespace godwit::pytorch

namespace godwit::tensors {

const Description& description() {
  static const std::string revision = "libtorch " + pytorch::library_version();
  static const Description about{.encoding = 3, .name = "pytorch", .revision = revision.c_str()};
  return about;
}

const Library& library() {
  static const pytorch::TorchLibrary only;
  return only;
}

}  // namespace godwit::tensors
