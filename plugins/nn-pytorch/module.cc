// The part that sees libtorch.
#include "module.h"

#include <torch/script.h>
#include <torch/version.h>

#include <istream>
#include <stdexcept>
#include <streambuf>

#include "godwit/abi/nn_backend.h"

namespace godwit::pytorch {
namespace {

at::ScalarType scalar_type(uint32_t type) {
  switch (type) {
    case GODWIT_NN_F16: return at::kHalf;
    case GODWIT_NN_F64: return at::kDouble;
    case GODWIT_NN_U8: return at::kByte;
    case GODWIT_NN_I32: return at::kInt;
    case GODWIT_NN_I64: return at::kLong;
    default: return at::kFloat;
  }
}

uint32_t type_of(at::ScalarType type) {
  switch (type) {
    case at::kHalf: return GODWIT_NN_F16;
    case at::kFloat: return GODWIT_NN_F32;
    case at::kDouble: return GODWIT_NN_F64;
    case at::kByte:
    case at::kChar:
    case at::kBool: return GODWIT_NN_U8;
    case at::kInt: return GODWIT_NN_I32;
    case at::kLong: return GODWIT_NN_I64;
    default: return kNoType;
  }
}

HeldTensor held(at::Tensor tensor) {
  tensor = tensor.contiguous();
  HeldTensor made;
  made.type = type_of(tensor.scalar_type());
  made.data = static_cast<uint8_t*>(tensor.data_ptr());
  made.size_bytes = tensor.nbytes();
  made.holder = std::make_shared<at::Tensor>(std::move(tensor));
  return made;
}

// Calls `body`; what libtorch throws is thrown again as one line, without the backtrace behind it.
template <class Body>
auto in_one_line(Body body) {
  try {
    return body();
  } catch (const std::exception& error) {
    std::string text = error.what();
    constexpr size_t kMost_bytes = 400;
    text.resize(std::min(text.size(), kMost_bytes));
    for (char& c : text)
      if (c == '\n') c = ' ';
    throw std::runtime_error("libtorch: " + text);
  }
}

// Reads bytes that somebody else holds.
class Memory final : public std::streambuf {
 public:
  explicit Memory(std::string_view bytes) {
    char* const begin = const_cast<char*>(bytes.data());  // only read
    setg(begin, begin, begin + bytes.size());
  }

 protected:
  pos_type seekoff(off_type by, std::ios_base::seekdir from, std::ios_base::openmode) override {
    const off_type size = egptr() - eback();
    const off_type at = by + (from == std::ios_base::beg   ? 0
                              : from == std::ios_base::cur ? gptr() - eback()
                                                           : size);
    if (at < 0 || at > size) return pos_type(off_type(-1));
    setg(eback(), eback() + at, egptr());
    return pos_type(at);
  }
  pos_type seekpos(pos_type at, std::ios_base::openmode mode) override {
    return seekoff(off_type(at), std::ios_base::beg, mode);
  }
};

class TorchModule final : public Module {
 public:
  explicit TorchModule(torch::jit::Module module) : module_(std::move(module)) {
    module_.eval();
    const auto method = module_.find_method("forward");
    if (!method) throw std::runtime_error("the model has no function forward");
    schema_ = method->function().getSchema();
  }

  std::vector<std::string> arguments() const override {
    std::vector<std::string> names;
    const auto& list = schema_.arguments();
    for (size_t i = 1; i < list.size(); ++i)  // the first is the module
      names.push_back(list[i].type()->isSubtypeOf(*c10::TensorType::get()) ? list[i].name() : "");
    return names;
  }

  size_t result_count() const override {
    const auto& results = schema_.returns();
    if (results.size() != 1) return results.size();
    const auto tuple = results[0].type()->cast<c10::TupleType>();
    return tuple ? tuple->elements().size() : 1;
  }

  std::vector<HeldTensor> forward(const std::vector<HeldTensor>& arguments) const override {
    return in_one_line([&] {
      const c10::InferenceMode inference;
      std::vector<c10::IValue> values;
      for (const HeldTensor& argument : arguments)
        values.emplace_back(*static_cast<at::Tensor*>(argument.holder.get()));
      const c10::IValue result = module_.forward(std::move(values));
      std::vector<HeldTensor> outputs;
      if (result.isTensor()) outputs.push_back(held(result.toTensor()));
      if (result.isTuple())
        for (const c10::IValue& element : result.toTupleRef().elements())
          outputs.push_back(element.isTensor() ? held(element.toTensor()) : HeldTensor());
      return outputs;
    });
  }

 private:
  mutable torch::jit::Module
      module_;  // forward is not const, and changes nothing in a model that is not trained
  c10::FunctionSchema schema_{"", "", {}, {}};
};

}  // namespace

HeldTensor new_tensor(uint32_t type, const std::vector<int64_t>& shape) {
  return held(torch::empty(shape, scalar_type(type)));
}

std::unique_ptr<const Module> Module::load(std::string_view bytes) {
  return in_one_line([&]() -> std::unique_ptr<const Module> {
    Memory memory(bytes);
    std::istream stream(&memory);
    return std::make_unique<TorchModule>(torch::jit::load(stream, at::kCPU));
  });
}

std::string library_version() { return TORCH_VERSION; }

}  // namespace godwit::pytorch
