// The one file that compiles Boost.JSON.
#include "openai/json.h"

#include <boost/json/src.hpp>
#include <limits>

#include "base/utf8.h"

namespace godwit::openai {
namespace {

constexpr size_t kDeepestJson = 100;

std::string shown(double number) { return json::serialize(json::value(number)); }

// What is no UTF-8 becomes U+FFFD: a token may be a part of a character, and the last one of an answer.
std::string well_formed(std::string text) {
  if (is_utf8(as_bytes(text))) return text;
  std::string mended;
  for (std::string_view rest = text; !rest.empty();) {
    size_t size = 1;
    while (size < 4 && size < rest.size() && !is_utf8(as_bytes(rest.substr(0, size)))) ++size;
    const bool is_character = is_utf8(as_bytes(rest.substr(0, size)));
    mended += is_character ? rest.substr(0, size) : "\xef\xbf\xbd";
    rest.remove_prefix(is_character ? size : 1);
  }
  return mended;
}

}  // namespace

Outcome<json::object> parse_object(std::string_view text) {
  json::parse_options options;
  options.max_depth = kDeepestJson;
  boost::system::error_code error;
  json::value value = json::parse({text.data(), text.size()}, error, {}, options);
  if (error) return bad_request("the body is not JSON: " + error.message());
  json::object* object = value.if_object();
  if (!object) return bad_request("the body must be a JSON object");
  return std::move(*object);
}

std::string text_of(const json::value& value) { return well_formed(json::serialize(value)); }
std::string text_of(const json::object& value) { return well_formed(json::serialize(value)); }

const json::value* find(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains({key.data(), key.size()});
  return value && !value->is_null() ? value : nullptr;
}

std::string_view text_at(const json::object& object, std::string_view key) {
  const json::value* value = find(object, key);
  const json::string* text = value ? value->if_string() : nullptr;
  return text ? std::string_view(text->data(), text->size()) : std::string_view();
}

Outcome<std::optional<double>> FieldReader::number(std::string_view key, double minimum,
                                                   double maximum) const {
  const json::value* value = find(object_, key);
  if (!value) return std::nullopt;
  double number = std::numeric_limits<double>::quiet_NaN();
  if (const double* real = value->if_double()) number = *real;
  else if (const int64_t* whole = value->if_int64()) number = static_cast<double>(*whole);
  else if (const uint64_t* large = value->if_uint64()) number = static_cast<double>(*large);
  if (!(number >= minimum && number <= maximum))
    return bad_field(key, "must be a number from " + shown(minimum) + " to " + shown(maximum));
  return number;
}

Outcome<std::optional<int64_t>> FieldReader::integer(std::string_view key, int64_t minimum,
                                                     int64_t maximum) const {
  const json::value* value = find(object_, key);
  if (!value) return std::nullopt;
  const int64_t* whole = value->if_int64();
  if (!whole || *whole < minimum || *whole > maximum)
    return bad_field(
        key, "must be a whole number from " + std::to_string(minimum) + " to " + std::to_string(maximum));
  return *whole;
}

Outcome<std::optional<bool>> FieldReader::boolean(std::string_view key) const {
  const json::value* value = find(object_, key);
  if (!value) return std::nullopt;
  if (const bool* flag = value->if_bool()) return *flag;
  return bad_field(key, "must be true or false");
}

Outcome<std::optional<std::string>> FieldReader::text(std::string_view key, size_t most_bytes) const {
  const json::value* value = find(object_, key);
  if (!value) return std::nullopt;
  const json::string* text = value->if_string();
  if (!text || text->size() > most_bytes)
    return bad_field(key, "must be text of at most " + std::to_string(most_bytes) + " bytes");
  return std::string(text->data(), text->size());
}

}  // namespace godwit::openai
