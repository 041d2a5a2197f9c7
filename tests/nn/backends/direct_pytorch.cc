// libtorch, called directly.
#include <torch/script.h>

#include "direct.h"
#include "godwit/abi/nn_backend.h"

namespace direct {

std::vector<uint8_t> pytorch(const Question& question) {
  torch::jit::Module module = torch::jit::load(question.files[0]);
  const auto type = question.type == GODWIT_NN_F32   ? at::kFloat
                    : question.type == GODWIT_NN_I32 ? at::kInt
                                                     : at::kByte;
  std::vector<uint8_t> data = question.data;
  const std::vector<int64_t> dimensions(question.dimensions.begin(), question.dimensions.end());
  const at::Tensor output =
      module.forward({torch::from_blob(data.data(), dimensions, type)}).toTensor().contiguous();
  const auto* begin = static_cast<const uint8_t*>(output.data_ptr());
  return {begin, begin + output.nbytes()};
}

}  // namespace direct
