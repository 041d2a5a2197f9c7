// Places in a text, and errors that show them.
#include "text/source.h"

#include <fmt/format.h>

#include <algorithm>

namespace godwit::text {
namespace {

constexpr size_t kShownBefore = 60;  // characters of the line before the caret
constexpr size_t kShownAfter = 40;

bool is_continuation(char c) { return (static_cast<uint8_t>(c) & 0xC0) == 0x80; }

size_t characters(std::string_view text) {
  return static_cast<size_t>(std::ranges::count_if(text, [](char c) { return !is_continuation(c); }));
}

// `text` as a terminal may show it: nothing in it moves the cursor or changes colours.
std::string harmless(std::string_view text) {
  std::string shown;
  for (const char c : text) {
    const uint8_t byte = static_cast<uint8_t>(c);
    if (c == '\t') shown += ' ';
    else if (byte < 0x20 || byte == 0x7F) shown += '?';
    else shown += c;
  }
  return shown;
}

}  // namespace

Position position_of(const Source& source, size_t offset) {
  const std::string_view before = source.text.substr(0, offset);
  const size_t newline = before.rfind('\n');
  const std::string_view line = newline == std::string_view::npos ? before : before.substr(newline + 1);
  return {1 + static_cast<uint32_t>(std::ranges::count(before, '\n')),
          1 + static_cast<uint32_t>(characters(line))};
}

Error error_at(const Source& source, size_t begin, size_t end, std::string_view message, ErrorKind kind) {
  const std::string_view text = source.text;
  begin = std::min(begin, text.size());
  const Position position = position_of(source, begin);
  size_t line_begin = text.substr(0, begin).rfind('\n') + 1;  // npos + 1 is 0
  size_t line_end = std::min(text.find('\n', begin), text.size());
  if (line_end > line_begin && text[line_end - 1] == '\r' && line_end - 1 >= begin) --line_end;
  end = std::clamp(end, begin, line_end);

  // Of a long line the part around the caret is shown.
  bool is_cut_before = false, is_cut_after = false;
  if (begin - line_begin > kShownBefore) {
    line_begin = begin - kShownBefore;
    while (line_begin < begin && is_continuation(text[line_begin])) ++line_begin;
    is_cut_before = true;
  }
  if (line_end > begin + kShownAfter) {
    line_end = begin + kShownAfter;
    while (line_end > begin && is_continuation(text[line_end])) --line_end;
    end = std::min(end, line_end);
    is_cut_after = true;
  }
  const std::string_view line = text.substr(line_begin, line_end - line_begin);
  const size_t indent = characters(text.substr(line_begin, begin - line_begin)) + (is_cut_before ? 3 : 0);
  const size_t width = std::max<size_t>(1, characters(text.substr(begin, end - begin)));
  const std::string number = fmt::format("{}", position.line);
  return Error(kind, fmt::format("{}\n{:>{}} {}:{}:{}\n{} | {}{}{}\n{:>{}} | {:>{}}{:^>{}}", message, "-->",
                                 number.size() + 3, source.name, position.line, position.column, number,
                                 is_cut_before ? "..." : "", harmless(line), is_cut_after ? "..." : "", "",
                                 number.size(), "", indent, "", width));
}

bool looks_like_text(std::string_view bytes) {
  const size_t first = bytes.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return false;
  return bytes[first] == '(' || bytes.substr(first).starts_with(";;");
}

}  // namespace godwit::text
