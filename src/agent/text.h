// Small things about texts that several files of the agent server need.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace godwit::agent {

// `text` as a JSON string, quotes included. What is not UTF-8 becomes U+FFFD.
std::string json_string(std::string_view text);

// Lower-case hexadecimal digits, two for each byte; and back. Nothing if the text is no such.
std::string to_hex(Bytes bytes);
std::optional<std::vector<uint8_t>> from_hex(std::string_view text);

// spec: https://www.rfc-editor.org/rfc/rfc4648#section-4
std::string to_base64(Bytes bytes);
std::optional<std::string> from_base64(std::string_view text);

// Takes as long for texts that differ as for equal ones of the same length.
bool is_same_secret(std::string_view left, std::string_view right);

// The candidate that `word` is most likely a mistyping of; nothing if none is close.
std::optional<std::string> nearest(std::string_view word, std::span<const std::string_view> candidates);

// "a=b&c=d": the value of `name`, with %XX and '+' replaced; nothing if it is not there.
std::optional<std::string> query_value(std::string_view query, std::string_view name);

}  // namespace godwit::agent
