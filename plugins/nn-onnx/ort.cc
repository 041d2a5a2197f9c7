// Finds the table of functions.
#include "ort.h"

struct OrtApiBase {
  const void* (*get_api)(uint32_t version);
  const char* (*get_version_string)();
};

extern "C" const OrtApiBase* OrtGetApiBase();

namespace godwit::onnx {

const void* const* api_table() {
  static const auto* const table = static_cast<const void* const*>(OrtGetApiBase()->get_api(kApiVersion));
  return table;
}

std::string library_version() { return OrtGetApiBase()->get_version_string(); }

tensors::Result<> good(ort::Status status) {
  if (!status) return {};
  const std::string text = ort::get_error_message(status);
  ort::release_status(status);
  return tensors::fail(GODWIT_NN_RUNTIME_ERROR, "ONNX Runtime: " + text);
}

}  // namespace godwit::onnx
