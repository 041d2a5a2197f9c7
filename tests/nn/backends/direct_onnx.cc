// ONNX Runtime, called directly.
#include "direct.h"
#include "godwit/abi/nn_backend.h"
#include "ort.h"
#include "table.h"

namespace direct {

std::vector<uint8_t> onnx(const Question& question) {
  namespace ort = godwit::onnx::ort;
  const std::string model = backends::read_file(question.files[0]);
  OrtEnv* env = nullptr;
  OrtSessionOptions* options = nullptr;
  OrtSession* session = nullptr;
  OrtMemoryInfo* memory = nullptr;
  OrtValue* input = nullptr;
  OrtValue* output = nullptr;
  OrtTensorTypeAndShapeInfo* shape = nullptr;
  std::vector<uint8_t> data = question.data;
  const std::vector<int64_t> dimensions(question.dimensions.begin(), question.dimensions.end());
  const int type = question.type == GODWIT_NN_F32 ? 1 : question.type == GODWIT_NN_I32 ? 6 : 2;
  const char* input_name = "x";
  const char* output_name = "y";
  size_t count = 0;
  void* bytes = nullptr;
  if (ort::create_env(ort::kFatal, "direct", &env) || ort::create_session_options(&options) ||
      ort::create_session_from_array(env, model.data(), model.size(), options, &session) ||
      ort::create_cpu_memory_info(ort::kArena, ort::kDefaultMemory, &memory) ||
      ort::create_tensor_with_data(memory, data.data(), data.size(), dimensions.data(), dimensions.size(),
                                   type, &input) ||
      ort::run(session, nullptr, &input_name, &input, 1, &output_name, 1, &output) ||
      ort::get_tensor_type_and_shape(output, &shape) || ort::get_tensor_shape_element_count(shape, &count) ||
      ort::get_tensor_mutable_data(output, &bytes))
    return {};
  constexpr size_t kElement_bytes = 4;  // of all the outputs here
  const auto* begin = static_cast<const uint8_t*>(bytes);
  std::vector<uint8_t> result(begin, begin + count * kElement_bytes);
  ort::release_tensor_type_and_shape_info(shape);
  ort::release_value(output);
  ort::release_value(input);
  ort::release_memory_info(memory);
  ort::release_session(session);
  ort::release_session_options(options);
  return result;
}

}  // namespace direct
