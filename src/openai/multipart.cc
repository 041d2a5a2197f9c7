// "--BOUNDARY CRLF fields CRLF CRLF content CRLF --BOUNDARY … CRLF --BOUNDARY--"
#include "openai/multipart.h"

#include <optional>
#include <utility>

namespace godwit::openai {
namespace {

constexpr size_t kMostParts = 64;
constexpr size_t kMostBoundaryBytes = 70;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool begins_with(std::string_view text, std::string_view lower_case) {
  if (text.size() < lower_case.size()) return false;
  for (size_t i = 0; i < lower_case.size(); ++i)
    if (lower(text[i]) != lower_case[i]) return false;
  return true;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Of "value; a=b; c=\"d\"". Nothing if there is none.
std::optional<std::string> parameter(std::string_view field, std::string_view name) {
  size_t at = field.find(';');
  while (at != std::string_view::npos && at < field.size()) {
    const std::string_view rest = trimmed(field.substr(at + 1));
    const bool is_it = begins_with(rest, name) && rest.size() > name.size() && rest[name.size()] == '=';
    // to the next one: quotes hide semicolons
    std::string value;
    bool is_quoted = false;
    size_t i = rest.find('=');
    if (i == std::string_view::npos) return std::nullopt;
    for (++i; i < rest.size() && (is_quoted || rest[i] != ';'); ++i) {
      if (rest[i] == '"') is_quoted = !is_quoted;
      else if (is_quoted && rest[i] == '\\' && i + 1 < rest.size()) value += rest[++i];
      else value += rest[i];
    }
    if (is_it) return std::string(trimmed(value));
    if (i >= rest.size()) return std::nullopt;
    field = rest;
    at = i;
  }
  return std::nullopt;
}

// spec: https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#multipart-form-data
std::string unescaped(std::string_view text) {
  constexpr std::pair<std::string_view, char> kEscapes[] = {{"%22", '"'}, {"%0D", '\r'}, {"%0A", '\n'}};
  std::string plain;
  for (size_t at = 0; at < text.size(); ++at) {
    plain += text[at];
    for (const auto& [escape, c] : kEscapes) {
      if (!text.substr(at).starts_with(escape)) continue;
      plain.back() = c;
      at += escape.size() - 1;
      break;
    }
  }
  return plain;
}

}  // namespace

Outcome<std::vector<FormPart>> parse_form(std::string_view content_type, std::string_view body) {
  const auto wrong = [](std::string_view why) {
    return bad_request("the body is no form with files (multipart/form-data): " + std::string(why));
  };
  if (!begins_with(content_type, "multipart/form-data")) return wrong("Content-Type says something else");
  const auto boundary = parameter(content_type, "boundary");
  if (!boundary || boundary->empty() || boundary->size() > kMostBoundaryBytes)
    return wrong("Content-Type gives no boundary");
  const std::string mark = "\r\n--" + *boundary;
  // the first one has no line before it, or one that nobody reads
  size_t at = 0;
  if (!body.starts_with(std::string_view(mark).substr(2))) {
    at = body.find(mark);
    if (at == std::string_view::npos) return wrong("the boundary is not there");
    at += 2;
  }
  at += mark.size() - 2;
  std::vector<FormPart> parts;
  while (!body.substr(at).starts_with("--")) {
    const size_t line_end = body.find("\r\n", at);
    if (line_end == std::string_view::npos) return wrong("it has no end");
    const size_t end = body.find(mark, line_end);
    if (end == std::string_view::npos) return wrong("it has no end");
    if (parts.size() == kMostParts) return wrong("it has more than 64 parts");
    const std::string_view part = body.substr(line_end, end - line_end);  // begins with the line's end
    const size_t head_end = part.find("\r\n\r\n");
    if (head_end == std::string_view::npos) return wrong("a part has no fields");
    FormPart& found = parts.emplace_back();
    found.content = part.substr(head_end + 4);
    std::string_view head = part.substr(0, head_end + 2);
    while (head.size() > 2) {
      head.remove_prefix(2);
      const std::string_view line = head.substr(0, head.find("\r\n"));
      head.remove_prefix(line.size());
      constexpr std::string_view kDisposition = "content-disposition:";
      if (!begins_with(line, kDisposition)) continue;
      const std::string_view field = trimmed(line.substr(kDisposition.size()));
      found.name = unescaped(parameter(field, "name").value_or(""));
      found.filename = unescaped(parameter(field, "filename").value_or(""));
    }
    if (found.name.empty()) return wrong("a part has no name");
    at = end + mark.size();
  }
  return parts;
}

}  // namespace godwit::openai
