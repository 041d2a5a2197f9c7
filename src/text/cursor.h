// Cursor: the token that comes next and the one after it, and what parsers ask of them.
#pragma once

#include <deque>
#include <string>

#include "text/lexer.h"

namespace godwit::text {

// After the first error, the lexer's or the parser's, all tokens are End: loops that end there need no other check.
class Cursor final {
 public:
  // Over [begin, end) of the text.
  Cursor(const Source& source, uint32_t begin, uint32_t end);

  const Token& token() const { return current_; }
  const Token& after() const { return next_; }
  TokenKind kind() const { return current_.kind; }
  std::string_view text() const { return lexer_.text_of(current_); }
  std::string_view text_of(const Token& token) const { return lexer_.text_of(token); }

  // Takes the token that comes next.
  Token take() {
    const Token taken = current_;
    current_ = next_;
    next_ = lexer_.next();
    return taken;
  }

  // True if a `(` and `keyword` come next.
  bool at_open(std::string_view keyword) const {
    return current_.kind == TokenKind::Open && next_.kind == TokenKind::Keyword &&
           lexer_.text_of(next_) == keyword;
  }
  bool at_keyword(std::string_view keyword) const {
    return current_.kind == TokenKind::Keyword && lexer_.text_of(current_) == keyword;
  }
  bool at_annotation(std::string_view name) const {
    return current_.kind == TokenKind::Annotation && lexer_.text_of(current_).substr(2) == name;
  }
  // A number or an identifier: what names something.
  bool at_index() const { return current_.kind == TokenKind::Number || current_.kind == TokenKind::Id; }
  static bool is_index(const Token& token) {
    return token.kind == TokenKind::Number || token.kind == TokenKind::Id;
  }
  // Neither `)` nor the end: there is more in this parenthesis.
  bool has_more() const { return current_.kind != TokenKind::Close && current_.kind != TokenKind::End; }

  // Takes what at_… asked for; false if something else comes.
  bool take_open(std::string_view keyword);
  bool take_keyword(std::string_view keyword);
  bool take_annotation(std::string_view name);

  void expect_open(std::string_view what);
  void expect_close(std::string_view what = "')'");
  // The name of an identifier, if one comes: valid as long as the cursor.
  std::string_view take_optional_id();
  std::string_view name_of(const Token& id);
  // The bytes of a string.
  std::string expect_string(std::string_view what);
  // A string that is UTF-8.
  std::string expect_name(std::string_view what);
  // Any number of strings, as one.
  std::string take_strings();
  // A number without a sign, at most `max`; `type` for the error: "i32".
  uint64_t expect_unsigned(std::string_view what, uint64_t max, std::string_view type);
  // The number of `token`, at most `max`.
  uint64_t unsigned_of(const Token& token, uint64_t max, std::string_view type);

  // "unexpected token …, wanted …" at the token that comes next.
  void unexpected(std::string_view wanted);
  void fail(const Token& at, std::string_view message);
  bool failed() const { return lexer_.failed(); }
  Error take_error() { return lexer_.take_error(); }
  const Source& source() const { return lexer_.source(); }

  // Goes on at `offset`.
  void seek(uint32_t offset);
  // From within `depth` open parentheses: goes on behind the one that closes them. What is skipped is not looked at.
  void skip_to_close(uint32_t depth) { skip(depth, true); }
  // The same, but the closing one comes next.
  void skip_to_last(uint32_t depth) { skip(depth, false); }

 private:
  void skip(uint32_t depth, bool takes_last);

  Lexer lexer_;
  Token current_, next_;
  std::deque<std::string> names_;  // of quoted identifiers with escapes
};

}  // namespace godwit::text
