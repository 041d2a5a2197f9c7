// Counts how deep elements are nested.
#include "xml.h"

namespace godwit::openvino {
namespace {

constexpr int kMostNesting = 200;

// Past the end of what begins at `at` with '<': behind its '>', quoted ones aside. npos: it has none.
size_t end_of_tag(std::string_view text, size_t at) {
  if (text.substr(at).starts_with("<!--")) {
    const size_t end = text.find("-->", at);
    return end == std::string_view::npos ? end : end + 3;
  }
  char quote = 0;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (quote) {
      if (c == quote) quote = 0;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '>') {
      return at + 1;
    }
  }
  return std::string_view::npos;
}

}  // namespace

bool is_network(std::string_view text) {
  int depth = 0;
  bool has_root = false;
  for (size_t at = 0; (at = text.find('<', at)) != std::string_view::npos;) {
    const size_t end = end_of_tag(text, at);
    if (end == std::string_view::npos) return false;
    const std::string_view tag = text.substr(at, end - at);
    at = end;
    if (tag.starts_with("<?") || tag.starts_with("<!--")) continue;
    if (tag.starts_with("<!")) return false;  // no declarations, no CDATA
    if (!has_root && !(tag.starts_with("<net ") || tag.starts_with("<net>"))) return false;
    has_root = true;
    if (tag.starts_with("</")) --depth;
    else if (!tag.ends_with("/>")) ++depth;
    if (depth < 0 || depth > kMostNesting) return false;
  }
  return has_root && depth == 0;
}

}  // namespace godwit::openvino
