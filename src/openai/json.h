// JSON by Boost.JSON, with bounds; and how requests are read.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "openai/error.h"

namespace godwit::openai {

namespace json = boost::json;

// @errors 400: no JSON, or no object, or brackets deeper than any request needs.
Outcome<json::object> parse_object(std::string_view text);

std::string text_of(const json::value& value);
std::string text_of(const json::object& value);

// Null if there is none, or it is JSON's null.
const json::value* find(const json::object& object, std::string_view key);
// "" if there is no text of that name.
std::string_view text_at(const json::object& object, std::string_view key);

// The fields of a request, each checked as it is read. What is absent, or null, is not there.
// @errors of all: 400 with the field's name: it is of another type, or out of bounds.
class FieldReader final {
 public:
  explicit FieldReader(const json::object& object) : object_(object) {}

  Outcome<std::optional<double>> number(std::string_view key, double minimum, double maximum) const;
  Outcome<std::optional<int64_t>> integer(std::string_view key, int64_t minimum, int64_t maximum) const;
  Outcome<std::optional<bool>> boolean(std::string_view key) const;
  Outcome<std::optional<std::string>> text(std::string_view key, size_t most_bytes) const;

  const json::object& object() const { return object_; }

 private:
  const json::object& object_;
};

}  // namespace godwit::openai

// OPENAI_TRY(declaration, expression): the value of an Outcome, or leaves the function with its error.
#define OPENAI_TRY(declaration, ...) \
  OPENAI_TRY_INNER(OPENAI_CONCAT(outcome_at_line_, __LINE__), declaration, __VA_ARGS__)
#define OPENAI_TRY_INNER(temporary, declaration, ...)                   \
  auto temporary = (__VA_ARGS__);                                       \
  if (!temporary) return std::unexpected(std::move(temporary).error()); \
  declaration = std::move(*temporary)
#define OPENAI_CONCAT(a, b) OPENAI_CONCAT_INNER(a, b)
#define OPENAI_CONCAT_INNER(a, b) a##b
// OPENAI_CHECK(expression): leaves the function with the Outcome's error, if it has one.
#define OPENAI_CHECK(...)                                                                           \
  do {                                                                                              \
    if (auto checked = (__VA_ARGS__); !checked) return std::unexpected(std::move(checked).error()); \
  } while (0)
