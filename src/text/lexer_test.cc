// The lexical grammar: tokens, strings, comments and annotations.
#include "text/lexer.h"

#include <gtest/gtest.h>

#include <vector>

namespace godwit::text {
namespace {

struct Lexed {
  std::vector<TokenKind> kinds;
  std::vector<std::string> texts;
  std::string error;  // empty: none
};

Lexed lex(std::string_view text) {
  Lexer lexer({.name = "test", .text = text}, static_cast<uint32_t>(text.size()));
  Lexed lexed;
  for (Token token = lexer.next(); token.kind != TokenKind::End; token = lexer.next()) {
    lexed.kinds.push_back(token.kind);
    lexed.texts.emplace_back(lexer.text_of(token));
  }
  if (lexer.failed()) lexed.error = lexer.take_error().message();
  return lexed;
}

std::string string_of(std::string_view text) {
  Lexer lexer({.name = "test", .text = text}, static_cast<uint32_t>(text.size()));
  const Token token = lexer.next();
  return token.kind == TokenKind::String ? lexer.string_value(token) : "no string";
}

using enum TokenKind;
using Kinds = std::vector<TokenKind>;

TEST(Lexer, KnowsItsTokens) {
  EXPECT_EQ(lex("(func $f 1 -2 +3 0x1p-3 nan:0x1 \"s\")").kinds,
            (Kinds{Open, Keyword, Id, Number, Number, Number, Number, Keyword, String, Close}));
  EXPECT_EQ(lex("").kinds, Kinds{});
  EXPECT_EQ(lex("a)(b").kinds, (Kinds{Keyword, Close, Open, Keyword}));
  EXPECT_EQ(lex("$!#$%&'*+-./:<=>?@\\^_`|~0aA").kinds, Kinds{Id});
}

TEST(Lexer, TokensThatTouchMeanNothing) {
  for (const char* text : {"\"a\"\"b\"", "a\"b\"", "\"a\"b", "0$x", "$x\"a\"", "$\"a\"b", "$\"a\"\"b\"", "A",
                           ",", "a,b", "[", "{}", "#x", "a;b"})
    EXPECT_EQ(lex(text).kinds.size() == 1 ? lex(text).kinds[0] : End,
              std::string_view(text) == "0$x" ? Number : Reserved)
        << text;
}

TEST(Lexer, IdentifiersMayBeQuoted) {
  EXPECT_EQ(lex("$\"a b\"").kinds, Kinds{Id});
  EXPECT_TRUE(lex("$").error.starts_with("empty identifier"));
  EXPECT_TRUE(lex("$\"\"").error.starts_with("empty identifier"));
  EXPECT_TRUE(lex("$ \"a\"").error.starts_with("empty identifier"));
  EXPECT_TRUE(lex("$\"\\ef\"").error.starts_with("malformed UTF-8"));
}

TEST(Lexer, CommentsNestAndEndWithTheLine) {
  EXPECT_EQ(lex("a ;; b\nc ;; d\re (; f (; g ;) h ;) i").texts,
            (std::vector<std::string>{"a", "c", "e", "i"}));
  EXPECT_EQ(lex("a(;;)b").kinds, (Kinds{Keyword, Keyword}));
  EXPECT_EQ(lex(";;").kinds, Kinds{});
  EXPECT_TRUE(lex("a (; (; ;)").error.starts_with("unclosed comment"));
}

TEST(Lexer, StringsHaveEscapes) {
  EXPECT_EQ(string_of(R"("\t\n\r\"\'\\")"), "\t\n\r\"'\\");
  EXPECT_EQ(string_of(R"("\00\fF\7f")"), std::string("\0\xff\x7f", 3));
  EXPECT_EQ(string_of(R"("\u{41}\u{e9}\u{20_AC}\u{10ffff}")"), "A\u00e9\u20ac\U0010ffff");
  EXPECT_EQ(string_of("\"\u20ac\""), "\u20ac");
  for (const char* text : {R"("\x")", R"("\1")", R"("\u{110000}")", R"("\u{d800}")", R"("\u{}")",
                           R"("\u{_1}")", R"("\u41")", R"("\)"})
    EXPECT_FALSE(lex(text).error.empty()) << text;
  EXPECT_TRUE(lex("\"a\nb\"").error.starts_with("unclosed string"));
  EXPECT_TRUE(lex("\"a\x01").error.starts_with("illegal control character"));
  EXPECT_TRUE(lex("\"a").error.starts_with("unclosed string"));
}

TEST(Lexer, UnknownAnnotationsAreSkippedAndKnownOnesAreNot) {
  EXPECT_EQ(lex("a (@x y (z) \")\" , ; ] 0x (; ) ;) (@) ) b").texts, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(lex("(@\"x y\" ) b").texts, std::vector<std::string>{"b"});
  EXPECT_EQ(lex("(@name \"n\")").kinds, (Kinds{Annotation, String, Close}));
  EXPECT_EQ(lex("(@\"name\" \"n\")").kinds, (Kinds{Annotation, String, Close}));
  EXPECT_TRUE(lex("(@ x)").error.starts_with("empty annotation id"));
  EXPECT_TRUE(lex("(@\"\")").error.starts_with("empty annotation id"));
  EXPECT_TRUE(lex("(@x (y)").error.starts_with("unclosed annotation"));
  EXPECT_TRUE(lex("(@x \")").error.starts_with("unclosed string"));
}

TEST(Lexer, OtherCharactersAreIllegal) {
  for (const char* text : {"\x01", "a \x7f", "\f", "\u00e9", "(@x \v)"})
    EXPECT_TRUE(lex(text).error.starts_with("illegal character")) << text;
}

TEST(Lexer, FindsTheClosingParenthesisAsItsTokensDo) {
  const std::string_view text = "( a \")\\\")\" (; ) (; ;) ;) ;; )\n (b) ) c";
  const Lexer lexer({.name = "test", .text = text}, static_cast<uint32_t>(text.size()));
  EXPECT_EQ(lexer.find_close(1, 1), text.size() - 2);
  EXPECT_FALSE(lexer.find_close(1, 2).has_value());
}

}  // namespace
}  // namespace godwit::text
