// Lexer: the tokens of a text.
// spec: https://webassembly.github.io/spec/core/text/lexical.html
#pragma once

#include <optional>
#include <string>

#include "text/source.h"

namespace godwit::text {

enum class TokenKind : uint8_t {
  End,
  Open,
  Close,
  Keyword,     // begins with a small letter; `nan` and `inf` too
  Id,          // $name or $"name"
  Number,      // begins with a digit or a sign; whether it is one, its reader decides
  String,      // "…", whose escapes are well-formed
  Annotation,  // the beginning of one that is known: `(@name`
  Reserved,    // what has no meaning
};

struct Token {
  TokenKind kind = TokenKind::End;
  bool has_escapes = false;  // String, and Id in quotes
  uint32_t begin = 0;
  uint32_t end = 0;
};

// Yields tokens one by one. Comments and annotations that are unknown are skipped, but must be well-formed. After an
// error all tokens are End.
class Lexer final {
 public:
  // The text up to `end`, which is valid UTF-8 and at most kTextBytes long.
  Lexer(const Source& source, uint32_t end) : source_(source), end_(end) {}

  Token next();
  // Goes on from `offset`, where a token, white space or a comment begins.
  void seek(uint32_t offset) { at_ = error_ ? end_ : offset; }
  // Skips to behind the parenthesis that closes the innermost of `depth` open ones, without looking at what tokens
  // there are: what lies between must be lexed at another time. Nothing if it is not closed.
  std::optional<uint32_t> find_close(uint32_t from, uint32_t depth) const;

  std::string_view text_of(const Token& token) const {
    return source_.text.substr(token.begin, token.end - token.begin);
  }
  // The bytes that a String, or the quotes of an Id or Annotation, stand for.
  std::string string_value(const Token& token) const;

  const Source& source() const { return source_; }
  // The first error wins.
  void fail(uint32_t begin, uint32_t end, std::string_view message);
  bool failed() const { return error_.has_value(); }
  Error take_error() { return std::move(*error_); }

 private:
  Token token();
  Token word(uint32_t begin);
  Token annotation(uint32_t begin);
  void skip_annotation(uint32_t begin);
  // What stands in the quotes [begin, end) is a name that is not empty.
  void check_quoted(uint32_t begin, uint32_t end, std::string_view if_empty);
  bool is_known_annotation(const Token& token) const;
  // Skips white space and comments; false: after an error.
  bool skip_space();
  bool skip_block_comment();
  // Behind the closing quote of the string whose opening quote is at `at`; nothing after an error.
  std::optional<uint32_t> string_end(uint32_t at, bool& has_escapes);
  std::optional<uint32_t> escape_end(uint32_t backslash);
  char peek(uint32_t offset) const { return offset < end_ ? source_.text[offset] : '\0'; }

  Source source_;
  uint32_t at_ = 0;
  uint32_t end_;
  bool is_in_annotation_ = false;  // there `(@` means nothing more than its characters
  std::optional<Error> error_;
};

// A string's or a quoted identifier's bytes, from what stands between its quotes.
std::string unescape(std::string_view inside);

}  // namespace godwit::text
