// PrintWriter: a buffer before the sink, with numbers, strings and lines as the text format has them.
// spec: https://webassembly.github.io/spec/core/text/values.html
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "text/print.h"

namespace godwit::text {

class PrintWriter final {
 public:
  explicit PrintWriter(const PrintSink& sink) : sink_(sink), buffer_(new char[kCapacity]) {}

  PrintWriter& put(std::string_view text) {
    if (text.size() > kCapacity - size_) [[unlikely]]
      return put_slowly(text);
    std::memcpy(buffer_.get() + size_, text.data(), text.size());
    size_ += text.size();
    return *this;
  }
  PrintWriter& put(char c) {
    if (size_ == kCapacity) [[unlikely]]
      flush();
    buffer_[size_++] = c;
    return *this;
  }
  // A new line, indented.
  PrintWriter& line(uint32_t depth);

  PrintWriter& number(uint64_t value);
  PrintWriter& signed_number(int64_t value);
  PrintWriter& hex(uint64_t value, int digits);
  // The shortest decimal number that reads back as the same bits; inf, nan, nan:0x….
  PrintWriter& f32(uint32_t bits);
  PrintWriter& f64(uint64_t bits);
  // A string literal of a name: UTF-8 stays, save what could deceive the eye.
  PrintWriter& name(std::string_view utf8);
  // String literals of any bytes, each preceded by a blank, or by a new line if one line would be too long.
  PrintWriter& bytes(Bytes bytes, uint32_t depth);

  // Hands on what is left. The sink's first error, if there was one.
  Result<> finish();
  bool failed() const { return !status_; }

 private:
  static constexpr size_t kCapacity = 1 << 16;
  PrintWriter& put_slowly(std::string_view text);
  void flush();

  const PrintSink& sink_;
  std::unique_ptr<char[]> buffer_;
  size_t size_ = 0;
  Result<> status_;
};

// `text` with the escapes that a string literal of a name needs, without the quotes.
std::string escaped_name(std::string_view utf8);
// True if `text` can follow a $ as it is. spec: https://webassembly.github.io/spec/core/text/values.html#text-id
bool is_plain_id(std::string_view text);

}  // namespace godwit::text
