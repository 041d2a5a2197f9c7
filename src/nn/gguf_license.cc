// Reads the key-value pairs at the beginning of a GGUF file.
// spec: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
//
//   offset 0  "GGUF"   4  version u32   8  tensors u64   16  pairs u64   24  the pairs, one behind the other:
//   key: length u64, bytes   type u32   value (8: text, like a key; 9: type u32, count u64, values; else a number)
#include "nn/gguf_license.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>
#include <vector>

namespace godwit::nn {
namespace {

constexpr uint64_t kMostBytes = uint64_t{256} << 20;  // of all pairs: vocabularies are the largest
constexpr uint64_t kMostKeyBytes = 65536;
constexpr size_t kMostLicenseBytes = 200;

// Bytes of a value of the type, numbers only; 0 for others.
uint64_t number_size(uint32_t type) {
  constexpr uint8_t kSizes[] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
  return type < std::size(kSizes) ? kSizes[type] : 0;
}

// What cannot be read is nothing, and so is all after it.
class Reader final {
 public:
  explicit Reader(int fd) : fd_(fd), buffer_(65536) {}

  template <class T>
  std::optional<T> number() {
    T value;
    if (!copy(reinterpret_cast<uint8_t*>(&value), sizeof value)) return std::nullopt;
    return value;
  }

  // @param most more than this is skipped
  std::optional<std::string> text(uint64_t most) {
    const auto size = number<uint64_t>();
    if (!size) return std::nullopt;
    std::string text(static_cast<size_t>(std::min(*size, most)), 0);
    if (!copy(reinterpret_cast<uint8_t*>(text.data()), text.size()) || !skip(*size - text.size()))
      return std::nullopt;
    return text;
  }

  bool skip(uint64_t size_bytes) {
    if (size_bytes > kMostBytes - position_) return false;
    position_ += size_bytes;
    return true;
  }

  bool skip_value(uint32_t type) {
    if (const uint64_t size = number_size(type)) return skip(size);
    if (type == kText) return text(0).has_value();
    const auto element = type == kArray ? number<uint32_t>() : std::nullopt;
    const auto count = element ? number<uint64_t>() : std::nullopt;
    if (!count || *element == kArray || *count > kMostBytes) return false;
    if (const uint64_t size = number_size(*element)) return skip(*count * size);
    for (uint64_t i = 0; i < *count; ++i)
      if (!skip_value(*element)) return false;
    return true;
  }

  static constexpr uint32_t kText = 8, kArray = 9;

 private:
  bool copy(uint8_t* to, size_t size) {
    if (size > kMostBytes - position_) return false;
    while (size > 0) {
      if (position_ < begin_ || position_ >= begin_ + filled_) {
        ssize_t count = 0;
        do count = ::pread(fd_, buffer_.data(), buffer_.size(), static_cast<off_t>(position_));
        while (count < 0 && errno == EINTR);
        if (count <= 0) return false;
        begin_ = position_;
        filled_ = static_cast<size_t>(count);
      }
      const auto offset = static_cast<size_t>(position_ - begin_);
      const size_t piece = std::min(size, filled_ - offset);
      std::memcpy(to, buffer_.data() + offset, piece);
      to += piece;
      size -= piece;
      position_ += piece;
    }
    return true;
  }

  const int fd_;
  std::vector<uint8_t> buffer_;  // of the file from begin_ on
  uint64_t begin_ = 0;
  size_t filled_ = 0;
  uint64_t position_ = 0;
};

std::string shown(std::string text) {
  std::erase_if(text, [](char c) { return c < ' ' || c > '~'; });
  return text;
}

}  // namespace

std::string gguf_license(int fd) {
  Reader reader(fd);
  const auto magic = reader.number<uint32_t>();
  const auto version = reader.number<uint32_t>();
  reader.number<uint64_t>();
  const auto count = reader.number<uint64_t>();
  if (!count || *magic != 0x46554747 || *version < 2) return {};
  for (uint64_t i = 0; i < *count; ++i) {
    const auto key = reader.text(kMostKeyBytes);
    const auto type = key ? reader.number<uint32_t>() : std::nullopt;
    if (!type) return {};
    if (*key == "general.license" && *type == Reader::kText)
      return shown(reader.text(kMostLicenseBytes).value_or(""));
    if (!reader.skip_value(*type)) return {};
  }
  return {};
}

}  // namespace godwit::nn
