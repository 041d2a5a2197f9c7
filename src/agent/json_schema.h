// JSON Schema, as much of it as arguments of tools are checked by.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <optional>
#include <string>

namespace godwit::agent {

// What is wrong with `value`, with its place: "/items/0: must be a text". Nothing if it fits, or if only keywords that are not
// looked at speak against it. Looked at: type, enum, const, properties, required, additionalProperties, items, minItems,
// maxItems, minLength, maxLength (in code points), minimum, maximum, exclusiveMinimum, exclusiveMaximum.
// spec: https://json-schema.org/draft/2020-12/json-schema-validation
std::optional<std::string> mismatch(const boost::json::value& value, const boost::json::value& schema);

}  // namespace godwit::agent
