// JSON Schema: one pass over the value; schemas nest no deeper than the JSON they were read from.
#include "agent/json_schema.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "openai/json.h"

namespace godwit::agent {
namespace {

namespace json = boost::json;
using Mismatch = std::optional<std::string>;

std::string_view view(const json::string& text) { return {text.data(), text.size()}; }

std::optional<double> number_of(const json::value& value) {
  if (const double* real = value.if_double()) return *real;
  if (const int64_t* whole = value.if_int64()) return static_cast<double>(*whole);
  if (const uint64_t* large = value.if_uint64()) return static_cast<double>(*large);
  return std::nullopt;
}

bool is_whole(const json::value& value) {
  const auto number = number_of(value);
  return number && std::isfinite(*number) && std::floor(*number) == *number;
}

bool has_type(const json::value& value, std::string_view type) {
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "boolean") return value.is_bool();
  if (type == "null") return value.is_null();
  if (type == "integer") return is_whole(value);
  if (type == "number") return value.is_number();
  return true;  // a type that nobody knows is nobody's
}

Mismatch check_type(const json::value& value, const json::value& types, const std::string& at) {
  std::string wanted;
  const auto fits = [&](const json::value& type) {
    const json::string* name = type.if_string();
    if (name) wanted += (wanted.empty() ? "" : " or ") + std::string(view(*name));
    return name && has_type(value, view(*name));
  };
  const json::array* list = types.if_array();
  if (list ? std::ranges::any_of(*list, fits) : fits(types)) return std::nullopt;
  return at + ": must be of type " + wanted;
}

size_t code_points(std::string_view text) {
  return static_cast<size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xc0) != 0x80; }));
}

// `size` against the keywords of these names.
Mismatch check_size(size_t size, const json::object& schema, std::string_view least, std::string_view most,
                    std::string_view what, const std::string& at) {
  const auto bound = [&](std::string_view key) {
    const json::value* value = openai::find(schema, key);
    return value ? number_of(*value) : std::nullopt;
  };
  const auto minimum = bound(least), maximum = bound(most);
  const auto number = static_cast<double>(size);
  if (minimum && number < *minimum) return at + ": has too few " + std::string(what);
  if (maximum && number > *maximum) return at + ": has too many " + std::string(what);
  return std::nullopt;
}

Mismatch check_number(double number, const json::object& schema, const std::string& at) {
  const auto breaks = [&](std::string_view key, auto is_beyond) {
    const json::value* value = openai::find(schema, key);
    const auto bound = value ? number_of(*value) : std::nullopt;
    return bound && is_beyond(*bound);
  };
  if (breaks("minimum", [&](double bound) { return number < bound; }) ||
      breaks("exclusiveMinimum", [&](double bound) { return number <= bound; }))
    return at + ": is too small";
  if (breaks("maximum", [&](double bound) { return number > bound; }) ||
      breaks("exclusiveMaximum", [&](double bound) { return number >= bound; }))
    return at + ": is too large";
  return std::nullopt;
}

Mismatch check(const json::value& value, const json::value& schema_value, const std::string& at);

Mismatch check_object(const json::object& object, const json::object& schema, const std::string& at) {
  const json::value* required = openai::find(schema, "required");
  if (const json::array* names = required ? required->if_array() : nullptr)
    for (const json::value& name : *names)
      if (name.is_string() && !object.contains(name.get_string()))
        return at + ": lacks '" + std::string(view(name.get_string())) + "'";
  const json::value* properties_value = openai::find(schema, "properties");
  const json::object* properties = properties_value ? properties_value->if_object() : nullptr;
  const json::value* others = openai::find(schema, "additionalProperties");
  for (const auto& [key, member] : object) {
    const std::string place = at + "/" + std::string(key.data(), key.size());
    const json::value* own = properties ? properties->if_contains(key) : nullptr;
    if (const json::value* rule = own ? own : others)
      if (auto wrong = check(member, *rule, place)) return wrong;
  }
  return std::nullopt;
}

Mismatch check_array(const json::array& array, const json::object& schema, const std::string& at) {
  if (auto wrong = check_size(array.size(), schema, "minItems", "maxItems", "elements", at)) return wrong;
  const json::value* items = openai::find(schema, "items");
  if (!items) return std::nullopt;
  for (size_t i = 0; i < array.size(); i++)
    if (auto wrong = check(array[i], *items, at + "/" + std::to_string(i))) return wrong;
  return std::nullopt;
}

Mismatch check(const json::value& value, const json::value& schema_value, const std::string& at) {
  if (const bool* is_allowed = schema_value.if_bool())
    return *is_allowed ? Mismatch() : at + ": is not allowed";
  const json::object* schema = schema_value.if_object();
  if (!schema) return std::nullopt;
  if (const json::value* type = schema->if_contains("type"))
    if (auto wrong = check_type(value, *type, at)) return wrong;
  if (const json::value* list = schema->if_contains("enum"))
    if (list->is_array() && std::ranges::find(list->get_array(), value) == list->get_array().end())
      return at + ": is none of the values that may be there";
  if (const json::value* constant = schema->if_contains("const"))
    if (*constant != value) return at + ": is another value than may be there";
  if (const json::object* object = value.if_object()) return check_object(*object, *schema, at);
  if (const json::array* array = value.if_array()) return check_array(*array, *schema, at);
  if (const json::string* text = value.if_string())
    return check_size(code_points(view(*text)), *schema, "minLength", "maxLength", "characters", at);
  if (const auto number = number_of(value)) return check_number(*number, *schema, at);
  return std::nullopt;
}

}  // namespace

std::optional<std::string> mismatch(const json::value& value, const json::value& schema) {
  return check(value, schema, "");
}

}  // namespace godwit::agent
