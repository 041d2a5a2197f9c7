// The lexical grammar.
#include "text/lexer.h"

#include <array>

#include "base/utf8.h"
#include "text/numbers.h"

namespace godwit::text {
namespace {

enum CharClass : uint8_t {
  kIdChar = 1,
  kSpace = 2,
  kPunctuation = 4,  // in reserved tokens only
};

constexpr auto kClasses = [] {
  std::array<uint8_t, 256> table{};
  for (const char c : std::string_view("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                       "!#$%&'*+-./:<=>?@\\^_`|~"))
    table[static_cast<uint8_t>(c)] |= kIdChar;
  for (const char c : std::string_view(" \t\r\n")) table[static_cast<uint8_t>(c)] |= kSpace;
  for (const char c : std::string_view(",;[]{}")) table[static_cast<uint8_t>(c)] |= kPunctuation;
  return table;
}();

uint8_t class_of(char c) { return kClasses[static_cast<uint8_t>(c)]; }

// The annotations that mean something here.
constexpr std::string_view kKnownAnnotations[] = {"custom", "name", "metadata.code.branch_hint"};

void append_utf8(std::string& text, uint32_t code) {
  const auto put = [&](uint32_t byte) { text += static_cast<char>(static_cast<uint8_t>(byte)); };
  if (code < 0x80) return put(code);
  if (code < 0x800) {
    put(0xC0 | code >> 6);
  } else {
    if (code < 0x10000) {
      put(0xE0 | code >> 12);
    } else {
      put(0xF0 | code >> 18);
      put(0x80 | (code >> 12 & 0x3F));
    }
    put(0x80 | (code >> 6 & 0x3F));
  }
  put(0x80 | (code & 0x3F));
}

}  // namespace

void Lexer::fail(uint32_t begin, uint32_t end, std::string_view message) {
  if (!error_) error_ = error_at(source_, begin, end, message);
  at_ = end_;
}

Token Lexer::next() {
  for (;;) {
    const Token next = token();
    if (next.kind != TokenKind::Annotation || is_known_annotation(next)) return next;
    skip_annotation(next.begin);
  }
}

Token Lexer::token() {
  if (!skip_space() || at_ >= end_ || error_) return {TokenKind::End, false, end_, end_};
  const uint32_t begin = at_;
  const char first = source_.text[begin];
  if (first == '(') {
    if (peek(begin + 1) == '@' && !is_in_annotation_) return annotation(begin);
    return {TokenKind::Open, false, begin, ++at_};
  }
  if (first == ')') return {TokenKind::Close, false, begin, ++at_};
  return word(begin);
}

// A run of identifier characters, strings and punctuation is one token; most such runs mean nothing.
Token Lexer::word(uint32_t begin) {
  const std::string_view text = source_.text;
  bool has_escapes = false;
  uint32_t at = begin, parts = 0;
  TokenKind kind = TokenKind::Reserved;
  while (at < end_) {
    const char c = text[at];
    if (class_of(c) & kIdChar) {
      const uint32_t from = at;
      do ++at;
      while (at < end_ && class_of(text[at]) & kIdChar);
      if (parts++ != 0) {
        kind = TokenKind::Reserved;
      } else if (c >= 'a' && c <= 'z') {
        kind = TokenKind::Keyword;
      } else if (c == '$') {
        kind = TokenKind::Id;
        if (at - from == 1 && peek(at) != '"') {
          fail(begin, at, "empty identifier");
          break;
        }
      } else if ((c >= '0' && c <= '9') || c == '+' || c == '-') {
        kind = TokenKind::Number;
      }
    } else if (c == '"') {
      const std::optional<uint32_t> end = string_end(at, has_escapes);
      if (!end) break;
      const bool is_quoted_id = parts == 1 && kind == TokenKind::Id && at == begin + 1;
      if (parts == 0) kind = TokenKind::String;
      else if (!is_quoted_id) kind = TokenKind::Reserved;
      at = *end;
      ++parts;
    } else if (class_of(c) & kPunctuation && !(c == ';' && peek(at + 1) == ';')) {
      kind = TokenKind::Reserved;
      ++at;
      ++parts;
    } else {
      break;
    }
  }
  if (at == begin) fail(begin, begin + 1, "illegal character");
  if (kind == TokenKind::Id && parts == 2) check_quoted(begin + 1, at, "empty identifier");
  if (error_) return {TokenKind::End, false, end_, end_};
  at_ = at;
  return {kind, has_escapes, begin, at};
}

Token Lexer::annotation(uint32_t begin) {
  uint32_t at = begin + 2;
  bool has_escapes = false;
  if (peek(at) == '"') {
    const std::optional<uint32_t> end = string_end(at, has_escapes);
    if (!end) return {TokenKind::End, false, end_, end_};
    at = *end;
    check_quoted(begin + 2, at, "empty annotation id");
  } else {
    while (at < end_ && class_of(source_.text[at]) & kIdChar) ++at;
    if (at == begin + 2) fail(begin, at, "empty annotation id");
  }
  if (error_) return {TokenKind::End, false, end_, end_};
  at_ = at;
  return {TokenKind::Annotation, has_escapes, begin, at};
}

void Lexer::check_quoted(uint32_t begin, uint32_t end, std::string_view if_empty) {
  const std::string name = unescape(source_.text.substr(begin + 1, end - begin - 2));
  if (name.empty()) fail(begin, end, if_empty);
  else if (!is_utf8(as_bytes(name))) fail(begin, end, "malformed UTF-8 encoding");
}

bool Lexer::is_known_annotation(const Token& token) const {
  const std::string_view text = text_of(token).substr(2);
  const std::string name =
      text.starts_with('"') ? unescape(text.substr(1, text.size() - 2)) : std::string(text);
  for (const std::string_view known : kKnownAnnotations)
    if (name == known) return true;
  return false;
}

void Lexer::skip_annotation(uint32_t begin) {
  is_in_annotation_ = true;
  for (uint32_t depth = 1; depth != 0 && !error_;) {
    const Token inside = token();
    if (inside.kind == TokenKind::Open) ++depth;
    if (inside.kind == TokenKind::Close) --depth;
    if (inside.kind == TokenKind::End) fail(begin, begin + 2, "unclosed annotation");
  }
  is_in_annotation_ = false;
}

bool Lexer::skip_space() {
  const std::string_view text = source_.text;
  while (at_ < end_) {
    const char c = text[at_];
    if (class_of(c) & kSpace) {
      ++at_;
    } else if (c == ';' && peek(at_ + 1) == ';') {
      while (at_ < end_ && text[at_] != '\n' && text[at_] != '\r') ++at_;
    } else if (c == '(' && peek(at_ + 1) == ';') {
      if (!skip_block_comment()) return false;
    } else {
      break;
    }
  }
  return true;
}

bool Lexer::skip_block_comment() {
  const uint32_t begin = at_;
  uint32_t depth = 0;
  while (at_ < end_) {
    const char c = source_.text[at_];
    if (c == '(' && peek(at_ + 1) == ';') {
      ++depth;
      at_ += 2;
    } else if (c == ';' && peek(at_ + 1) == ')') {
      at_ += 2;
      if (--depth == 0) return true;
    } else {
      ++at_;
    }
  }
  fail(begin, begin + 2, "unclosed comment");
  return false;
}

std::optional<uint32_t> Lexer::string_end(uint32_t at, bool& has_escapes) {
  const std::string_view text = source_.text;
  const uint32_t begin = at++;
  while (at < end_) {
    const uint8_t c = static_cast<uint8_t>(text[at]);
    if (c == '"') return at + 1;
    if (c == '\\') {
      has_escapes = true;
      const std::optional<uint32_t> end = escape_end(at);
      if (!end) return {};
      at = *end;
    } else if (c < 0x20 || c == 0x7F) {
      fail(at, at + 1, c == '\n' ? "unclosed string" : "illegal control character in a string");
      return {};
    } else {
      ++at;
    }
  }
  fail(begin, begin + 1, "unclosed string");
  return {};
}

// spec: https://webassembly.github.io/spec/core/text/values.html#strings
std::optional<uint32_t> Lexer::escape_end(uint32_t backslash) {
  const char c = peek(backslash + 1);
  switch (c) {
    case 't':
    case 'n':
    case 'r':
    case '"':
    case '\'':
    case '\\': return backslash + 2;
    case 'u': {
      const size_t close = source_.text.find('}', backslash);
      if (peek(backslash + 2) == '{' && close < end_) {
        const std::string_view digits = source_.text.substr(backslash + 3, close - backslash - 3);
        const Number<uint64_t> code = parse_hex_digits(digits, 0x10FFFF);
        if (code && (*code < 0xD800 || *code >= 0xE000)) return static_cast<uint32_t>(close + 1);
      }
      fail(backslash, backslash + 2, "illegal escape: \\u{...} wants the hexadecimal number of a character");
      return {};
    }
    default:
      if (hex_digit(c) && hex_digit(peek(backslash + 2))) return backslash + 3;
      fail(backslash, backslash + 2, "illegal escape");
      return {};
  }
}

std::optional<uint32_t> Lexer::find_close(uint32_t from, uint32_t depth) const {
  const std::string_view text = source_.text;
  uint32_t at = from;
  while (at < end_) {
    const char c = text[at];
    if (c == ')') {
      if (--depth == 0) return at + 1;
    } else if (c == '(') {
      if (peek(at + 1) != ';') {
        ++depth;
      } else {
        uint32_t comments = 1;
        for (at += 2; at < end_ && comments != 0; ++at) {
          if (text[at] == '(' && peek(at + 1) == ';') ++comments, ++at;
          else if (text[at] == ';' && peek(at + 1) == ')') --comments, ++at;
        }
        continue;
      }
    } else if (c == ';' && peek(at + 1) == ';') {
      while (at < end_ && text[at] != '\n' && text[at] != '\r') ++at;
      continue;
    } else if (c == '"') {
      for (++at; at < end_ && text[at] != '"'; ++at)
        if (text[at] == '\\') ++at;
    }
    ++at;
  }
  return {};
}

std::string Lexer::string_value(const Token& token) const {
  std::string_view text = text_of(token);
  text.remove_prefix(text.find('"') + 1);
  text.remove_suffix(1);
  return token.has_escapes ? unescape(text) : std::string(text);
}

std::string unescape(std::string_view inside) {
  std::string value;
  value.reserve(inside.size());
  for (size_t at = 0; at < inside.size();) {
    const size_t backslash = inside.find('\\', at);
    value += inside.substr(at, backslash - at);
    if (backslash == std::string_view::npos) break;
    const char c = inside[backslash + 1];
    at = backslash + 2;
    switch (c) {
      case 't': value += '\t'; break;
      case 'n': value += '\n'; break;
      case 'r': value += '\r'; break;
      case '"':
      case '\'':
      case '\\': value += c; break;
      case 'u': {
        const size_t close = inside.find('}', at);
        append_utf8(value,
                    static_cast<uint32_t>(
                        parse_hex_digits(inside.substr(at + 1, close - at - 1), 0x10FFFF).value_or(0)));
        at = close + 1;
        break;
      }
      default: value += static_cast<char>(*hex_digit(c) << 4 | *hex_digit(inside[at])); ++at;
    }
  }
  return value;
}

}  // namespace godwit::text
