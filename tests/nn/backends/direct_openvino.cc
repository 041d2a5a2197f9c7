// OpenVINO, called directly.
#include <openvino/c/openvino.h>

#include "direct.h"
#include "godwit/abi/nn_backend.h"

namespace direct {

std::vector<uint8_t> openvino(const Question& question) {
  ov_core_t* core = nullptr;
  ov_model_t* model = nullptr;
  ov_compiled_model_t* compiled = nullptr;
  ov_infer_request_t* request = nullptr;
  ov_tensor_t* input = nullptr;
  ov_tensor_t* output = nullptr;
  std::vector<int64_t> dimensions(question.dimensions.begin(), question.dimensions.end());
  std::vector<uint8_t> data = question.data;
  const ov_element_type_e type = question.type == GODWIT_NN_F32   ? F32
                                 : question.type == GODWIT_NN_I32 ? I32
                                                                  : U8;
  const char* weights = question.files.size() > 1 ? question.files[1].c_str() : nullptr;
  size_t size = 0;
  void* bytes = nullptr;
  if (ov_core_create(&core) || ov_core_read_model(core, question.files[0].c_str(), weights, &model) ||
      ov_core_compile_model(core, model, "CPU", 0, &compiled) ||
      ov_compiled_model_create_infer_request(compiled, &request) ||
      ov_tensor_create_from_host_ptr(
          type, {.rank = static_cast<int64_t>(dimensions.size()), .dims = dimensions.data()}, data.data(),
          &input) ||
      ov_infer_request_set_input_tensor(request, input) || ov_infer_request_infer(request) ||
      ov_infer_request_get_output_tensor(request, &output) || ov_tensor_get_byte_size(output, &size) ||
      ov_tensor_data(output, &bytes))
    return {};
  const auto* begin = static_cast<const uint8_t*>(bytes);
  std::vector<uint8_t> result(begin, begin + size);
  ov_tensor_free(output);
  ov_infer_request_free(request);
  ov_tensor_free(input);
  ov_compiled_model_free(compiled);
  ov_model_free(model);
  ov_core_free(core);
  return result;
}

}  // namespace direct
