// Reads messages of protocol buffers, field by field.
// spec: https://protobuf.dev/programming-guides/encoding/
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace godwit::tensors {

class ProtobufReader final {
 public:
  explicit ProtobufReader(std::span<const uint8_t> message) : rest_(message) {}

  struct Field {
    uint64_t number;
    bool has_bytes;                  // it is text or a message; else a number
    uint64_t value;                  // of a varint; 0 else
    std::span<const uint8_t> bytes;  // of text or a message. @lifetime the message's
    std::string_view text() const { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
  };
  // The next field; nothing at the end, and where the message is damaged.
  std::optional<Field> next();
  // After next() gave nothing: whether it was not the end.
  bool is_damaged() const { return is_damaged_; }

 private:
  std::optional<uint64_t> varint();
  std::optional<std::span<const uint8_t>> take(uint64_t size);
  std::optional<Field> read();

  std::span<const uint8_t> rest_;
  bool is_damaged_ = false;
};

}  // namespace godwit::tensors
