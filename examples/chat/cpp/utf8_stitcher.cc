// Decodes UTF-8 by the table of well-formed sequences.
// spec: https://www.unicode.org/versions/Unicode15.0.0/ch03.pdf (table 3-7)
#include "utf8_stitcher.h"

namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// Bytes of the character that begins with `first`; 0 if none does.
size_t length_of(unsigned char first) {
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return 2;
  if (first >= 0xE0 && first <= 0xEF) return 3;
  if (first >= 0xF0 && first <= 0xF4) return 4;
  return 0;
}

bool may_follow(unsigned char first, size_t position, unsigned char byte) {
  unsigned char low = 0x80;
  unsigned char high = 0xBF;
  if (position == 1) {
    if (first == 0xE0) low = 0xA0;   // no overlong forms
    if (first == 0xED) high = 0x9F;  // no surrogates
    if (first == 0xF0) low = 0x90;
    if (first == 0xF4) high = 0x8F;  // nothing above U+10FFFF
  }
  return byte >= low && byte <= high;
}

}  // namespace

std::string Utf8Stitcher::add(std::string_view piece) {
  std::string out;
  for (const char c : piece) {
    const unsigned char byte = static_cast<unsigned char>(c);
    if (!held_.empty() && !may_follow(static_cast<unsigned char>(held_[0]), held_.size(), byte)) {
      out += kReplacement;
      held_.clear();
    }
    if (held_.empty() && length_of(byte) == 0) {
      out += kReplacement;
      continue;
    }
    held_ += c;
    if (held_.size() == length_of(static_cast<unsigned char>(held_[0]))) {
      out += held_;
      held_.clear();
    }
  }
  return out;
}

std::string Utf8Stitcher::end() {
  const std::string out(held_.empty() ? std::string_view() : kReplacement);
  held_.clear();
  return out;
}
