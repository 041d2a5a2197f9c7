// TensorFlow Lite, called directly.
#include <cstring>

#include "direct.h"
#include "table.h"
#include "tflite.h"

namespace direct {

std::vector<uint8_t> tensorflowlite(const Question& question) {
  const std::string bytes = backends::read_file(question.files[0]);
  TfLiteModel* model = TfLiteModelCreate(bytes.data(), bytes.size());
  TfLiteInterpreterOptions* options = TfLiteInterpreterOptionsCreate();
  TfLiteInterpreter* interpreter = model ? TfLiteInterpreterCreate(model, options) : nullptr;
  std::vector<uint8_t> result;
  const std::vector<int> dimensions(question.dimensions.begin(), question.dimensions.end());
  if (interpreter &&
      TfLiteInterpreterResizeInputTensor(interpreter, 0, dimensions.data(),
                                         static_cast<int32_t>(dimensions.size())) == 0 &&
      TfLiteInterpreterAllocateTensors(interpreter) == 0) {
    TfLiteTensor* input = TfLiteInterpreterGetInputTensor(interpreter, 0);
    if (TfLiteTensorByteSize(input) == question.data.size()) {
      std::memcpy(TfLiteTensorData(input), question.data.data(), question.data.size());
      if (TfLiteInterpreterInvoke(interpreter) == 0) {
        const TfLiteTensor* output = TfLiteInterpreterGetOutputTensor(interpreter, 0);
        const auto* data = static_cast<const uint8_t*>(TfLiteTensorData(output));
        result.assign(data, data + TfLiteTensorByteSize(output));
      }
    }
  }
  if (interpreter) TfLiteInterpreterDelete(interpreter);
  TfLiteInterpreterOptionsDelete(options);
  if (model) TfLiteModelDelete(model);
  return result;
}

}  // namespace direct
