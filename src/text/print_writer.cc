// PrintWriter: numbers, strings and lines.
#include "text/print_writer.h"

#include <array>
#include <bit>
#include <charconv>
#include <cmath>

namespace godwit::text {

namespace {

constexpr char kDigits[] = "0123456789abcdef";

// Deep nesting must not make lines that consist of blanks: a module of a megabyte can nest half a million blocks.
constexpr uint32_t kMaxIndent = 120;

struct Escape {
  char text[3];
  uint8_t size;
};

// By byte: how a string literal of any bytes shows it.
constexpr auto kEscapes = [] {
  std::array<Escape, 256> table{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    Escape& escape = table[byte];
    const auto c = static_cast<char>(byte);
    if (byte >= 0x20 && byte < 0x7F && c != '"' && c != '\\') escape = {{c}, 1};
    else if (c == '"' || c == '\\') escape = {{'\\', c}, 2};
    else if (c == '\n') escape = {{'\\', 'n'}, 2};
    else if (c == '\t') escape = {{'\\', 't'}, 2};
    else if (c == '\r') escape = {{'\\', 'r'}, 2};
    else escape = {{'\\', kDigits[byte >> 4], kDigits[byte & 15]}, 3};
  }
  return table;
}();

struct CodePoint {
  uint32_t value;
  size_t size;  // in bytes
};

// The code point that well-formed UTF-8 begins with.
CodePoint first_code_point(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint32_t>(static_cast<uint8_t>(text[i])); };
  if (byte(0) < 0x80) return {byte(0), 1};
  const size_t size = byte(0) < 0xE0 ? 2 : byte(0) < 0xF0 ? 3 : 4;
  uint32_t value = byte(0) & (0x7Fu >> size);
  for (size_t i = 1; i < size; ++i) value = value << 6 | (byte(i) & 0x3F);
  return {value, size};
}

// What steers a terminal, is invisible or turns the direction of writing.
bool deceives(uint32_t point) {
  return (point >= 0x80 && point < 0xA1) || point == 0xAD || point == 0x61C || point == 0x180E ||
         (point >= 0x2000 && point <= 0x200F) || (point >= 0x2028 && point <= 0x202F) ||
         (point >= 0x205F && point <= 0x206F) || point == 0x3000 || point == 0xFEFF ||
         (point >= 0xFFF0 && point <= 0xFFFF) || (point >= 0xE0000 && point <= 0xE0FFF);
}

// The text of a float whose exponent is not all ones is that of to_chars; this is for the others.
void put_special(PrintWriter& writer, bool is_negative, uint64_t payload, uint64_t canonical) {
  if (is_negative) writer.put('-');
  if (payload == 0) {
    writer.put("inf");
  } else if (payload == canonical) {
    writer.put("nan");
  } else {
    writer.put("nan:0x");
    writer.hex(payload, 1);
  }
}

}  // namespace

PrintWriter& PrintWriter::put_slowly(std::string_view text) {
  flush();
  if (text.size() <= kCapacity) return put(text);
  if (status_) status_ = sink_(text);
  return *this;
}

void PrintWriter::flush() {
  if (size_ != 0 && status_) status_ = sink_({buffer_.get(), size_});
  size_ = 0;
}

Result<> PrintWriter::finish() {
  flush();
  return std::move(status_);
}

PrintWriter& PrintWriter::line(uint32_t depth) {
  static constexpr auto kBlanks = [] {
    std::array<char, kMaxIndent + 1> blanks{};
    blanks.fill(' ');
    blanks[0] = '\n';
    return blanks;
  }();
  return put({kBlanks.data(), 1 + std::min(depth, kMaxIndent / 2) * 2});
}

PrintWriter& PrintWriter::number(uint64_t value) {
  if (value < 10) return put(kDigits[value]);
  char text[20];
  return put({text, std::to_chars(text, text + sizeof text, value).ptr});
}

PrintWriter& PrintWriter::signed_number(int64_t value) {
  char text[20];
  return put({text, std::to_chars(text, text + sizeof text, value).ptr});
}

PrintWriter& PrintWriter::hex(uint64_t value, int digits) {
  char text[16];
  int count = 0;
  do {
    text[15 - count++] = kDigits[value & 15];
    value >>= 4;
  } while (value != 0 || count < digits);
  return put({text + 16 - count, static_cast<size_t>(count)});
}

PrintWriter& PrintWriter::f32(uint32_t bits) {
  constexpr uint32_t kExponent = 0x7F800000, kPayload = 0x007FFFFF, kCanonical = 0x00400000;
  if ((bits & kExponent) == kExponent)
    return put_special(*this, bits >> 31, bits & kPayload, kCanonical), *this;
  char text[40];
  return put({text, std::to_chars(text, text + sizeof text, std::bit_cast<float>(bits)).ptr});
}

PrintWriter& PrintWriter::f64(uint64_t bits) {
  constexpr uint64_t kExponent = 0x7FF0000000000000, kPayload = 0x000FFFFFFFFFFFFF,
                     kCanonical = 0x0008000000000000;
  if ((bits & kExponent) == kExponent)
    return put_special(*this, bits >> 63, bits & kPayload, kCanonical), *this;
  char text[40];
  return put({text, std::to_chars(text, text + sizeof text, std::bit_cast<double>(bits)).ptr});
}

PrintWriter& PrintWriter::name(std::string_view utf8) { return put('"').put(escaped_name(utf8)).put('"'); }

PrintWriter& PrintWriter::bytes(Bytes bytes, uint32_t depth) {
  constexpr size_t kPerLine = 64;
  const bool is_short = bytes.size() <= kPerLine;
  do {
    const Bytes part = bytes.first(std::min(bytes.size(), kPerLine));
    bytes = bytes.subspan(part.size());
    if (is_short) put(' ');
    else line(depth);
    char text[kPerLine * 3 + 2];
    size_t size = 0;
    text[size++] = '"';
    for (const uint8_t byte : part) {
      const Escape& escape = kEscapes[byte];
      for (uint8_t i = 0; i < escape.size; ++i) text[size++] = escape.text[i];
    }
    text[size++] = '"';
    put({text, size});
  } while (!bytes.empty());
  return *this;
}

std::string escaped_name(std::string_view utf8) {
  std::string out;
  out.reserve(utf8.size());
  for (size_t i = 0; i < utf8.size();) {
    const size_t from = i;  // nearly all names need no escape anywhere
    while (i < utf8.size() && kEscapes[static_cast<uint8_t>(utf8[i])].size == 1) ++i;
    out += utf8.substr(from, i - from);
    if (i == utf8.size()) break;
    const CodePoint point = first_code_point(utf8.substr(i));
    if (point.size == 1) {
      const Escape& escape = kEscapes[point.value];
      out.append(escape.text, escape.size);
    } else if (deceives(point.value)) {
      char digits[8];
      out.append("\\u{").append(digits, std::to_chars(digits, digits + 8, point.value, 16).ptr).append("}");
    } else {
      out += utf8.substr(i, point.size);
    }
    i += point.size;
  }
  return out;
}

bool is_plain_id(std::string_view text) {
  static constexpr auto kIsIdChar = [] {
    std::array<bool, 256> table{};
    for (uint32_t c = 0x21; c < 0x7F; ++c) table[c] = true;
    for (const char c : std::string_view("\"(),;[]{}")) table[static_cast<uint8_t>(c)] = false;
    return table;
  }();
  for (const char c : text)
    if (!kIsIdChar[static_cast<uint8_t>(c)]) return false;
  return !text.empty();
}

}  // namespace godwit::text
