// Reads the few messages that matter here.
#include "saved_model.h"

#include <algorithm>
#include <charconv>

#include "protobuf.h"

namespace godwit::tensorflow {
namespace {

using tensors::ProtobufReader;

// The numbers of fields.
constexpr uint64_t kSavedModelMetaGraphs = 2;  // of a SavedModel; field 1 is its version
constexpr uint64_t kGraphNode = 1;             // of a graph
constexpr uint64_t kMetaGraphSignatures = 5;
constexpr uint64_t kEntryKey = 1, kEntryValue = 2;  // of a map
constexpr uint64_t kSignatureInputs = 1, kSignatureOutputs = 2;
constexpr uint64_t kTensorName = 1;

struct Entry {
  std::string_view key;
  std::span<const uint8_t> value;
};

Entry entry_of(std::span<const uint8_t> bytes) {
  Entry entry{};
  ProtobufReader reader(bytes);
  while (const auto field = reader.next()) {
    if (field->number == kEntryKey) entry.key = field->text();
    if (field->number == kEntryValue) entry.value = field->bytes;
  }
  return entry;
}

std::optional<Port> port_of(const Entry& entry) {
  ProtobufReader reader(entry.value);
  while (const auto field = reader.next()) {
    if (field->number != kTensorName || !field->has_bytes) continue;
    const std::string_view name = field->text();
    const size_t colon = name.rfind(':');
    Port port{.key = std::string(entry.key), .operation = std::string(name.substr(0, colon)), .index = 0};
    if (colon == std::string_view::npos) return port;
    const auto [end, code] = std::from_chars(name.data() + colon + 1, name.data() + name.size(), port.index);
    if (code == std::errc() && end == name.data() + name.size() && port.index >= 0) return port;
    return std::nullopt;
  }
  return std::nullopt;
}

std::optional<Signature> read_signature(std::span<const uint8_t> bytes) {
  Signature signature;
  ProtobufReader reader(bytes);
  while (const auto field = reader.next()) {
    if (field->number != kSignatureInputs && field->number != kSignatureOutputs) continue;
    auto port = port_of(entry_of(field->bytes));
    if (!port) return std::nullopt;
    (field->number == kSignatureInputs ? signature.inputs : signature.outputs).push_back(std::move(*port));
  }
  if (reader.is_damaged()) return std::nullopt;
  std::ranges::sort(signature.inputs, {}, &Port::key);
  std::ranges::sort(signature.outputs, {}, &Port::key);
  return signature;
}

}  // namespace

FileIs examine(std::span<const uint8_t> bytes) {
  ProtobufReader reader(bytes);
  const auto first = reader.next();
  if (!first) return FileIs::Neither;
  const bool has_version = first->number == 1 && !first->has_bytes;
  bool has_content =
      first->has_bytes && (first->number == kGraphNode || first->number == kSavedModelMetaGraphs);
  bool is_graph = first->number == kGraphNode && first->has_bytes;
  while (const auto field = reader.next()) {
    has_content |= field->has_bytes;
    is_graph |= field->number == kGraphNode && field->has_bytes && !has_version;
  }
  if (reader.is_damaged() || !has_content) return FileIs::Neither;
  if (is_graph) return FileIs::FrozenGraph;
  return has_version ? FileIs::SavedModel : FileIs::Neither;
}

std::optional<Signature> signature_of(std::span<const uint8_t> meta_graph, std::string_view name) {
  ProtobufReader reader(meta_graph);
  while (const auto field = reader.next()) {
    if (field->number != kMetaGraphSignatures || !field->has_bytes) continue;
    const Entry entry = entry_of(field->bytes);
    if (entry.key == name) return read_signature(entry.value);
  }
  return std::nullopt;
}

}  // namespace godwit::tensorflow
