// Goes where tensors stand.
// spec: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
#include "external_data.h"

#include "protobuf.h"

namespace godwit::onnx {
namespace {

constexpr int kMostNesting = 64;

enum class Message : uint8_t {
  Other,
  Model,
  Graph,
  Node,
  Attribute,
  Function,
  Training,
  Tensor,
  SparseTensor
};

// What message a field of a message is.
Message child(Message message, uint64_t field) {
  switch (message) {
    case Message::Model:
      return field == 7    ? Message::Graph
             : field == 20 ? Message::Training
             : field == 25 ? Message::Function
                           : Message::Other;
    case Message::Graph:
      return field == 1    ? Message::Node
             : field == 5  ? Message::Tensor
             : field == 15 ? Message::SparseTensor
                           : Message::Other;
    case Message::Node: return field == 5 ? Message::Attribute : Message::Other;
    case Message::Attribute:
      if (field == 5 || field == 10) return Message::Tensor;
      if (field == 6 || field == 11) return Message::Graph;
      return field == 22 || field == 23 ? Message::SparseTensor : Message::Other;
    case Message::Function:
      return field == 7 ? Message::Node : field == 11 ? Message::Attribute : Message::Other;
    case Message::Training: return field == 1 || field == 2 ? Message::Graph : Message::Other;
    case Message::SparseTensor: return field == 1 || field == 2 ? Message::Tensor : Message::Other;
    default: return Message::Other;
  }
}

constexpr uint64_t kExternalData = 13;  // of a tensor: where its data is
constexpr uint64_t kDataLocation = 14;  // not 0: in a file

ModelBytesAre walk(std::span<const uint8_t> bytes, Message message, int nesting) {
  if (nesting > kMostNesting) return ModelBytesAre::NoModel;
  tensors::ProtobufReader reader(bytes);
  bool has_graph = false;
  while (const auto field = reader.next()) {
    if (message == Message::Tensor &&
        (field->number == kExternalData || (field->number == kDataLocation && field->value != 0)))
      return ModelBytesAre::WithExternalData;
    const Message inner = child(message, field->number);
    if (inner == Message::Other) continue;
    if (!field->has_bytes) return ModelBytesAre::NoModel;
    has_graph |= inner == Message::Graph;
    if (const auto found = walk(field->bytes, inner, nesting + 1); found != ModelBytesAre::Whole)
      return found;
  }
  if (reader.is_damaged()) return ModelBytesAre::NoModel;
  return message == Message::Model && !has_graph ? ModelBytesAre::NoModel : ModelBytesAre::Whole;
}

}  // namespace

ModelBytesAre examine(std::span<const uint8_t> model) { return walk(model, Message::Model, 0); }

}  // namespace godwit::onnx
