// What files of TensorFlow's say about themselves.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace godwit::tensorflow {

enum class FileIs : uint8_t { Neither, SavedModel, FrozenGraph };

// By the fields that the bytes begin with; looks at the outermost ones only.
// spec: https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/protobuf/saved_model.proto
// spec: https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/framework/graph.proto
FileIs examine(std::span<const uint8_t> bytes);

// A tensor of a graph: "name:0" is the first output of the operation `name`.
struct Port {
  std::string key;  // of the signature
  std::string operation;
  int index = 0;
};

struct Signature {
  std::vector<Port> inputs;  // in the order of their keys
  std::vector<Port> outputs;
};

// The signature `name` of a graph with its signatures. Nothing if there is none, or it has other than tensors.
// spec: https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/protobuf/meta_graph.proto
std::optional<Signature> signature_of(std::span<const uint8_t> meta_graph, std::string_view name);

}  // namespace godwit::tensorflow
