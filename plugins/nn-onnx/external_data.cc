// A reader of protocol buffers that goes where tensors stand.
// spec: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
#include "external_data.h"

#include <optional>

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

class Reader final {
 public:
  explicit Reader(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  bool at_end() const { return bytes_.empty(); }

  std::optional<uint64_t> varint() {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && !bytes_.empty(); shift += 7) {
      const uint8_t byte = bytes_[0];
      bytes_ = bytes_.subspan(1);
      value |= uint64_t{byte & 0x7fu} << shift;
      if (byte < 0x80) return value;
    }
    return std::nullopt;
  }

  std::optional<std::span<const uint8_t>> take(uint64_t size) {
    if (size > bytes_.size()) return std::nullopt;
    const auto taken = bytes_.first(size);
    bytes_ = bytes_.subspan(size);
    return taken;
  }

 private:
  std::span<const uint8_t> bytes_;
};

ModelBytesAre walk(std::span<const uint8_t> bytes, Message message, int nesting) {
  if (nesting > kMostNesting) return ModelBytesAre::NoModel;
  Reader reader(bytes);
  bool has_graph = false;
  while (!reader.at_end()) {
    const auto key = reader.varint();
    if (!key || *key > UINT32_MAX) return ModelBytesAre::NoModel;
    const uint64_t field = *key >> 3;
    std::optional<uint64_t> value = 0;
    std::optional<std::span<const uint8_t>> content;
    switch (*key & 7) {
      case 0: value = reader.varint(); break;
      case 1: content = reader.take(8); break;
      case 2:
        if (const auto size = reader.varint()) content = reader.take(*size);
        if (!content) return ModelBytesAre::NoModel;
        break;
      case 5: content = reader.take(4); break;
      default: return ModelBytesAre::NoModel;
    }
    if (!value || ((*key & 7) != 0 && !content)) return ModelBytesAre::NoModel;
    if (message == Message::Tensor && (field == kExternalData || (field == kDataLocation && *value != 0)))
      return ModelBytesAre::WithExternalData;
    const Message inner = child(message, field);
    if (inner == Message::Other) continue;
    if ((*key & 7) != 2) return ModelBytesAre::NoModel;
    has_graph |= inner == Message::Graph;
    if (const auto found = walk(*content, inner, nesting + 1); found != ModelBytesAre::Whole) return found;
  }
  return message == Message::Model && !has_graph ? ModelBytesAre::NoModel : ModelBytesAre::Whole;
}

}  // namespace

ModelBytesAre examine(std::span<const uint8_t> model) { return walk(model, Message::Model, 0); }

}  // namespace godwit::onnx
