// Counts brackets.
#include "nesting.h"

#include <algorithm>

namespace godwit::ggml {
namespace {

// The place of the `end` that closes what begins behind `at`, or the end of the text. A backslash hides what follows.
size_t closing(std::string_view text, size_t at, char end) {
  for (++at; at < text.size() && text[at] != end; ++at)
    if (text[at] == '\\') ++at;
  return std::min(at, text.size());
}

}  // namespace

int json_depth(std::string_view text) {
  int depth = 0;
  int deepest = 0;
  for (size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '"') at = closing(text, at, '"');
    else if (c == '[' || c == '{') deepest = std::max(deepest, ++depth);
    else if (c == ']' || c == '}') --depth;
  }
  return deepest;
}

int grammar_depth(std::string_view text) {
  int depth = 0;
  int deepest = 0;
  for (size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '"') at = closing(text, at, '"');
    else if (c == '[') at = closing(text, at, ']');  // a class of characters
    else if (c == '#') at = std::min(text.find_first_of("\r\n", at), text.size());
    else if (c == '(') deepest = std::max(deepest, ++depth);
    else if (c == ')') --depth;
  }
  return deepest;
}

int most_groups_in_json(std::string_view text) {
  int most = 0;
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '"') continue;
    const size_t end = closing(text, at, '"');
    int groups = 0;
    for (size_t inside = at + 1; inside < end; ++inside)
      groups += text[inside] == '(' || text.substr(inside, 6) == "\\u0028";
    most = std::max(most, groups);
    at = end;
  }
  return most;
}

}  // namespace godwit::ggml
