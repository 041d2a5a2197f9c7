// What parsers ask of the next tokens.
#include "text/cursor.h"

#include <fmt/format.h>

#include "base/utf8.h"
#include "text/numbers.h"

namespace godwit::text {

Cursor::Cursor(const Source& source, uint32_t begin, uint32_t end) : lexer_(source, end) {
  if (!is_utf8(as_bytes(source.text.substr(begin, end - begin))))
    lexer_.fail(begin, begin, "malformed UTF-8 encoding");
  seek(begin);
}

void Cursor::seek(uint32_t offset) {
  lexer_.seek(offset);
  current_ = lexer_.next();
  next_ = lexer_.next();
}

void Cursor::skip(uint32_t depth, bool takes_last) {
  if (failed()) return;
  const std::optional<uint32_t> behind = lexer_.find_close(current_.begin, depth);
  if (behind) return seek(takes_last ? *behind : *behind - 1);
  // What is wrong may be an unclosed string or comment: the lexer says so.
  while (current_.kind != TokenKind::End) take();
  unexpected("')'");
}

bool Cursor::take_open(std::string_view keyword) {
  if (!at_open(keyword)) return false;
  take();
  take();
  return true;
}

bool Cursor::take_keyword(std::string_view keyword) {
  if (!at_keyword(keyword)) return false;
  take();
  return true;
}

bool Cursor::take_annotation(std::string_view name) {
  if (!at_annotation(name)) return false;
  take();
  return true;
}

void Cursor::expect_open(std::string_view what) {
  if (current_.kind == TokenKind::Open) take();
  else unexpected(what);
}

void Cursor::expect_close(std::string_view what) {
  if (current_.kind == TokenKind::Close) take();
  else unexpected(what);
}

std::string_view Cursor::take_optional_id() {
  return current_.kind == TokenKind::Id ? name_of(take()) : std::string_view();
}

std::string_view Cursor::name_of(const Token& id) {
  std::string_view text = lexer_.text_of(id).substr(1);
  if (!text.starts_with('"')) return text;
  if (!id.has_escapes) return text.substr(1, text.size() - 2);
  return names_.emplace_back(lexer_.string_value(id));
}

std::string Cursor::expect_string(std::string_view what) {
  if (current_.kind == TokenKind::String) return lexer_.string_value(take());
  unexpected(what);
  return {};
}

std::string Cursor::expect_name(std::string_view what) {
  const Token at = current_;
  std::string name = expect_string(what);
  if (!is_utf8(as_bytes(name))) fail(at, "malformed UTF-8 encoding");
  return name;
}

std::string Cursor::take_strings() {
  std::string all;
  while (current_.kind == TokenKind::String) all += lexer_.string_value(take());
  return all;
}

uint64_t Cursor::expect_unsigned(std::string_view what, uint64_t max, std::string_view type) {
  if (current_.kind == TokenKind::Number) return unsigned_of(take(), max, type);
  unexpected(what);
  return 0;
}

uint64_t Cursor::unsigned_of(const Token& token, uint64_t max, std::string_view type) {
  const Number<uint64_t> value = parse_unsigned(text_of(token), max);
  if (value) return *value;
  if (value.error() == NumberFault::Range) fail(token, fmt::format("{} constant out of range", type));
  else if (!parse_integer(text_of(token), 64))
    fail(token, "unknown operator: a number without a sign is wanted");
  else fail(token, fmt::format("unexpected token '{}', wanted a number without a sign", text_of(token)));
  return 0;
}

void Cursor::unexpected(std::string_view wanted) {
  if (current_.kind == TokenKind::End)
    return fail(current_, fmt::format("unexpected end of the text, wanted {}", wanted));
  constexpr size_t kShown = 40;
  const std::string_view text = lexer_.text_of(current_);
  if (current_.kind == TokenKind::Reserved || text.size() > kShown)
    return fail(
        current_,
        fmt::format("{}, wanted {}",
                    current_.kind == TokenKind::Reserved ? "unknown operator" : "unexpected token", wanted));
  fail(current_, fmt::format("unexpected token '{}', wanted {}", text, wanted));
}

void Cursor::fail(const Token& at, std::string_view message) {
  lexer_.fail(at.begin, at.end, message);
  current_ = next_ = Token{TokenKind::End, false, current_.end, current_.end};
}

}  // namespace godwit::text
