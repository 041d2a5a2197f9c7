// Texts: JSON strings, hexadecimal digits, words that resemble each other.
#include "agent/text.h"

#include <algorithm>
#include <cstdio>

#include "base/utf8.h"

namespace godwit::agent {
namespace {

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// How many letters have to be added, taken away or replaced.
size_t distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); j++) row[j] = j;
  for (size_t i = 1; i <= a.size(); i++) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); j++) {
      const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

// The length of the UTF-8 sequence that `text` begins with; 0 if it begins with none.
size_t sequence_length(std::string_view text) {
  for (size_t size = 1; size <= std::min<size_t>(4, text.size()); size++)
    if (is_utf8(as_bytes(text.substr(0, size)))) return size;
  return 0;
}

}  // namespace

std::string json_string(std::string_view text) {
  std::string json = "\"";
  while (!text.empty()) {
    const char c = text.front();
    size_t size = 1;
    if (c == '"' || c == '\\') {
      json += '\\';
      json += c;
    } else if (c == '\n') {
      json += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned>(c));
      json += escaped;
    } else if (size = sequence_length(text); size > 0) {
      json += text.substr(0, size);
    } else {
      json += "\xef\xbf\xbd";
      size = 1;
    }
    text.remove_prefix(size);
  }
  return json + "\"";
}

std::string to_hex(Bytes bytes) {
  std::string text;
  for (const uint8_t byte : bytes) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

std::optional<std::vector<uint8_t>> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::vector<uint8_t> bytes;
  for (size_t i = 0; i < text.size(); i += 2) {
    const int high = digit_of(text[i]);
    const int low = digit_of(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes.push_back(static_cast<uint8_t>(high * 16 + low));
  }
  return bytes;
}

namespace {
constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
}  // namespace

std::string to_base64(Bytes bytes) {
  std::string text;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t three = 0;
    const size_t count = std::min<size_t>(3, bytes.size() - i);
    for (size_t j = 0; j < 3; j++) three = three << 8 | (j < count ? bytes[i + j] : 0u);
    for (size_t j = 0; j < 4; j++) text += j <= count ? kBase64[three >> (18 - 6 * j) & 63] : '=';
  }
  return text;
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::string bytes;
  for (size_t i = 0; i < text.size(); i += 4) {
    uint32_t three = 0;
    size_t filled = 0;
    for (size_t j = 0; j < 4; j++) {
      const char c = text[i + j];
      const bool is_filler = c == '=' && j >= 2 && i + 4 == text.size();
      const size_t digit = is_filler ? 0 : kBase64.find(c);
      if (digit == std::string_view::npos || (filled > 0 && !is_filler)) return std::nullopt;
      filled += is_filler ? 1 : 0;
      three = three << 6 | static_cast<uint32_t>(digit);
    }
    for (size_t j = 0; j + filled < 3; j++) bytes += static_cast<char>(three >> (16 - 8 * j));
  }
  return bytes;
}

bool is_same_secret(std::string_view left, std::string_view right) {
  if (left.size() != right.size()) return false;
  volatile uint8_t difference = 0;
  for (size_t i = 0; i < left.size(); i++)
    difference =
        static_cast<uint8_t>(difference | (static_cast<uint8_t>(left[i]) ^ static_cast<uint8_t>(right[i])));
  return difference == 0;
}

std::optional<std::string> nearest(std::string_view word, std::span<const std::string_view> candidates) {
  std::optional<std::string> best;
  size_t best_distance = std::max<size_t>(1, word.size() / 3) + 1;
  for (const std::string_view candidate : candidates) {
    const size_t d = distance(word, candidate);
    if (d >= best_distance) continue;
    best = candidate;
    best_distance = d;
  }
  return best;
}

std::optional<std::string> query_value(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    const size_t equals = pair.find('=');
    if (pair.substr(0, equals) != name) continue;
    std::string value;
    const std::string_view raw =
        equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1);
    for (size_t i = 0; i < raw.size(); i++) {
      const bool is_escape =
          raw[i] == '%' && i + 2 < raw.size() && digit_of(raw[i + 1]) >= 0 && digit_of(raw[i + 2]) >= 0;
      if (is_escape) {
        value += static_cast<char>(digit_of(raw[i + 1]) * 16 + digit_of(raw[i + 2]));
        i += 2;
      } else {
        value += raw[i] == '+' ? ' ' : raw[i];
      }
    }
    return value;
  }
  return std::nullopt;
}

}  // namespace godwit::agent
