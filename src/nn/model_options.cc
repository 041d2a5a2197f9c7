// Options of listed models as JSON.
#include <algorithm>

#include "nn/model_list.h"

namespace godwit::nn {
namespace {

// spec: https://www.rfc-editor.org/rfc/rfc8259#section-6
bool is_number(std::string_view text) {
  size_t at = 0;
  const auto digits = [&] {
    const size_t from = at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
    return at - from;
  };
  const auto has = [&](std::string_view any) { return at < text.size() && any.contains(text[at]); };
  if (has("-")) ++at;
  const bool begins_with_zero = has("0");
  const size_t whole = digits();
  if (whole == 0 || (begins_with_zero && whole > 1)) return false;
  if (has(".") && (++at, digits() == 0)) return false;
  if (has("eE")) {
    ++at;
    if (has("+-")) ++at;
    if (digits() == 0) return false;
  }
  return at == text.size();
}

// spec: https://www.rfc-editor.org/rfc/rfc8259#section-7
std::string quoted(std::string_view text) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20) {
      quoted.append("\\u00").append(1, kDigits[byte >> 4]).append(1, kDigits[byte & 15]);
      continue;
    }
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"";
}

constexpr std::string_view kBlank = " \t\r\n";

}  // namespace

std::string json_of(const std::vector<std::pair<std::string, std::string>>& options) {
  std::string json;
  for (const auto& [key, value] : options) {
    const bool is_plain = value == "true" || value == "false" || is_number(value);
    json.append(json.empty() ? "{" : ",")
        .append(quoted(key))
        .append(":")
        .append(is_plain ? value : quoted(value));
  }
  return json.empty() ? json : json + "}";
}

std::string with_options(std::string_view options, std::string_view config) {
  const size_t begin = config.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return std::string(options);
  if (options.empty() || config[begin] != '{') return std::string(config);
  const std::string_view rest = config.substr(begin + 1);
  const size_t first = rest.find_first_not_of(kBlank);
  std::string all(options.substr(0, options.rfind('}')));
  if (first == std::string_view::npos || rest[first] != '}') all += ',';
  return all.append(rest);
}

}  // namespace godwit::nn
