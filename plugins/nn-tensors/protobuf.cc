// A key is a varint: the field's number, and in its last three bits how long the value is.
#include "protobuf.h"

namespace godwit::tensors {

std::optional<uint64_t> ProtobufReader::varint() {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
    const uint8_t byte = rest_[0];
    rest_ = rest_.subspan(1);
    value |= uint64_t{byte & 0x7fu} << shift;
    if (byte < 0x80) return value;
  }
  return std::nullopt;
}

std::optional<std::span<const uint8_t>> ProtobufReader::take(uint64_t size) {
  if (size > rest_.size()) return std::nullopt;
  const auto taken = rest_.first(size);
  rest_ = rest_.subspan(size);
  return taken;
}

std::optional<ProtobufReader::Field> ProtobufReader::read() {
  const auto key = varint();
  if (!key || *key > UINT32_MAX || *key >> 3 == 0) return std::nullopt;
  Field field{.number = *key >> 3, .has_bytes = false, .value = 0, .bytes = {}};
  const auto skipped = [&](uint64_t size) { return take(size) ? std::optional(field) : std::nullopt; };
  switch (*key & 7) {
    case 0: {
      const auto value = varint();
      if (!value) return std::nullopt;
      field.value = *value;
      return field;
    }
    case 1: return skipped(8);
    case 2: {
      const auto size = varint();
      const auto bytes = size ? take(*size) : std::nullopt;
      if (!bytes) return std::nullopt;
      field.has_bytes = true;
      field.bytes = *bytes;
      return field;
    }
    case 5: return skipped(4);
    default: return std::nullopt;
  }
}

std::optional<ProtobufReader::Field> ProtobufReader::next() {
  if (rest_.empty() || is_damaged_) return std::nullopt;
  auto field = read();
  is_damaged_ = !field;
  return field;
}

}  // namespace godwit::tensors
