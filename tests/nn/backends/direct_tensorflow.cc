// TensorFlow, called directly.
#include <tensorflow/c/c_api.h>

#include <cstring>

#include "direct.h"
#include "table.h"

namespace direct {
namespace {

TF_Session* open(const std::string& path, TF_Graph* graph, TF_Status* status) {
  TF_SessionOptions* const options = TF_NewSessionOptions();
  TF_Session* session = nullptr;
  if (path.ends_with("/saved_model.pb")) {
    const char* const tags[] = {"serve"};
    session = TF_LoadSessionFromSavedModel(options, nullptr, path.substr(0, path.rfind('/')).c_str(), tags, 1,
                                           graph, nullptr, status);
  } else {
    const std::string bytes = backends::read_file(path);
    TF_Buffer* const buffer = TF_NewBufferFromString(bytes.data(), bytes.size());
    TF_ImportGraphDefOptions* const import_options = TF_NewImportGraphDefOptions();
    TF_GraphImportGraphDef(graph, buffer, import_options, status);
    if (TF_GetCode(status) == TF_OK) session = TF_NewSession(graph, options, status);
    TF_DeleteImportGraphDefOptions(import_options);
    TF_DeleteBuffer(buffer);
  }
  TF_DeleteSessionOptions(options);
  return session;
}

}  // namespace

std::vector<uint8_t> tensorflow(const Question& question) {
  TF_Status* const status = TF_NewStatus();
  TF_Graph* const graph = TF_NewGraph();
  TF_Session* const session = open(question.files[0], graph, status);
  std::vector<uint8_t> result;
  if (session) {
    const TF_Output x{TF_GraphOperationByName(graph, "x"), 0}, y{TF_GraphOperationByName(graph, "y"), 0};
    const std::vector<int64_t> dimensions(question.dimensions.begin(), question.dimensions.end());
    TF_Tensor* const input = TF_AllocateTensor(TF_OperationOutputType(x), dimensions.data(),
                                               static_cast<int>(dimensions.size()), question.data.size());
    std::memcpy(TF_TensorData(input), question.data.data(), question.data.size());
    TF_Tensor* output = nullptr;
    TF_SessionRun(session, nullptr, &x, &input, 1, &y, &output, 1, nullptr, 0, nullptr, status);
    if (output) {
      const auto* data = static_cast<const uint8_t*>(TF_TensorData(output));
      result.assign(data, data + TF_TensorByteSize(output));
      TF_DeleteTensor(output);
    }
    TF_DeleteTensor(input);
    TF_CloseSession(session, status);
    TF_DeleteSession(session, status);
  }
  TF_DeleteGraph(graph);
  TF_DeleteStatus(status);
  return result;
}

}  // namespace direct
