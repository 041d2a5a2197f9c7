// Source: a text with the name of its file, and errors that show the place in it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace godwit::text {

// Texts are at most this long: offsets have 32 bits.
inline constexpr uint64_t kTextBytes = 1 << 30;

struct Source {
  std::string_view name;  // of the file, for messages
  std::string_view text;
};

// Lines and columns count from 1; columns are characters.
struct Position {
  uint32_t line = 1;
  uint32_t column = 1;
};

// @cost linear in the offset.
Position position_of(const Source& source, size_t offset);

// An error: the message, then the file, line and column, the line itself and a caret below [begin, end), as far as that
// lies in the line.
Error error_at(const Source& source, size_t begin, size_t end, std::string_view message,
               ErrorKind kind = ErrorKind::Malformed);

// True if bytes that are no binary module begin as a text does: with white space, a comment or a parenthesis.
bool looks_like_text(std::string_view bytes);

}  // namespace godwit::text
