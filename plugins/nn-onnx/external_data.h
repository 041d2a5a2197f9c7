// Whether an ONNX model would have ONNX Runtime open files.
#pragma once

#include <cstdint>
#include <span>

namespace godwit::onnx {

enum class ModelBytesAre : uint8_t { Whole, WithExternalData, NoModel };

// Walks the messages of a model in which tensors can stand. A tensor may say that its data is in a file of a path of the
// model's choice, which ONNX Runtime would open: from a guest's model, that is a file of the host's.
// NoModel: not messages of that form, or nested deeper than models are.
ModelBytesAre examine(std::span<const uint8_t> model);

}  // namespace godwit::onnx
