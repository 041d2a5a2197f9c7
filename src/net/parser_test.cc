// Tests of the parser: what it takes, and what it refuses because two readers could disagree about it.
#include "net/parser.h"

#include <gtest/gtest.h>

namespace godwit::net {
namespace {

// Feeds a text in pieces of `step` bytes, as connections do: what was not taken is there again the next time.
struct Outcome {
  std::string body;
  std::string rest;
  uint32_t refused = 0;
  bool is_done = false;
};
Outcome parse(Parser& parser, std::string_view text, size_t step) {
  Outcome outcome;
  std::string buffer;
  while (!parser.is_done() && (!text.empty() || !buffer.empty())) {
    const size_t size = std::min(step, text.size());
    buffer += text.substr(0, size);
    text.remove_prefix(size);
    const auto taken = parser.feed(as_bytes(buffer), outcome.body);
    if (!taken) {
      outcome.refused = taken.error().status;
      break;
    }
    buffer.erase(0, *taken);
    if (*taken == 0 && text.empty()) break;
  }
  outcome.rest = buffer + std::string(text);
  outcome.is_done = parser.is_done();
  return outcome;
}

uint32_t refusal(std::string_view text, const MessageLimits& limits = {}) {
  Parser parser(Parser::Kind::Request, limits);
  return parse(parser, text, 1000).refused;
}

TEST(ParserTest, TakesMessagesInPiecesOfAnySize) {
  constexpr std::string_view kText =
      "POST /a?b HTTP/1.1\r\nHost: x\r\nX-One:  1 \r\nTransfer-Encoding: chunked\r\n\r\n"
      "3;ext=1\r\nabc\r\nA\r\n0123456789\r\n0\r\nTrailer: t\r\n\r\nGET /next";
  for (size_t step = 1; step < kText.size(); step++) {
    Parser parser(Parser::Kind::Request, {});
    const Outcome outcome = parse(parser, kText, step);
    ASSERT_TRUE(outcome.is_done) << step;
    EXPECT_EQ(outcome.body, "abc0123456789");
    EXPECT_EQ(outcome.rest, "GET /next");
    EXPECT_EQ(parser.head().method, "POST");
    EXPECT_EQ(parser.head().target, "/a?b");
    EXPECT_EQ(*parser.head().fields.find("x-one"), "1");
    EXPECT_EQ(parser.head().fields.find("trailer"), nullptr);
    EXPECT_TRUE(parser.keeps_alive());
  }
}

TEST(ParserTest, KnowsTheSizeOfBodies) {
  Parser none(Parser::Kind::Request, {});
  EXPECT_TRUE(parse(none, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 9).is_done);
  EXPECT_EQ(none.body_bytes(), 0u);
  Parser five(Parser::Kind::Request, {});
  EXPECT_EQ(parse(five, "PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n12345PUT", 1).body, "12345");
  EXPECT_EQ(five.body_bytes(), 5u);
  EXPECT_FALSE(five.limit_body(4));
  EXPECT_TRUE(five.limit_body(5));
}

TEST(ParserTest, RefusesWhatTwoReadersCouldDisagreeAbout) {
  const std::string host = "Host: x\r\n";
  EXPECT_EQ(refusal("POST / HTTP/1.1\r\n" + host + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"),
            400u);
  EXPECT_EQ(refusal("POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n"),
            400u);
  EXPECT_EQ(refusal("POST / HTTP/1.1\r\n" + host + "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc"),
            400u);
  EXPECT_EQ(refusal("POST / HTTP/1.1\r\n" + host + "Content-Length: +3\r\n\r\nabc"), 400u);
  EXPECT_EQ(refusal("POST / HTTP/1.1\r\n" + host + "Content-Length : 3\r\n\r\nabc"), 400u);
  EXPECT_EQ(refusal("POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: gzip\r\n\r\nabc"), 501u);
  EXPECT_EQ(refusal("POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: gzip, chunked\r\n\r\nabc"), 501u);
  EXPECT_EQ(refusal("POST / HTTP/1.1\r\n" + host +
                    "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"),
            400u);
  EXPECT_EQ(refusal("POST / HTTP/1.0\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n"), 400u);
  EXPECT_EQ(refusal("POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n-1\r\n"), 400u);
  EXPECT_EQ(refusal("POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n11111111111111111\r\n"),
            400u);
  EXPECT_EQ(
      refusal("POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n"),
      400u);
  EXPECT_EQ(refusal("GET / HTTP/1.1\r\n\r\n"), 400u);
  EXPECT_EQ(refusal("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"), 400u);
  EXPECT_EQ(refusal("GET / HTTP/2.0\r\n" + host + "\r\n"), 505u);
  EXPECT_EQ(refusal("GET / HTTP/1.1\r\n" + host + "A: b\x01\r\n\r\n"), 400u);
  EXPECT_EQ(refusal(std::string_view("GET / HTTP/1.1\r\nHost: x\0y\r\n\r\n", 29)), 400u);
  EXPECT_EQ(refusal("\x16\x03\x01\x02"), 400u) << "TLS where none is spoken";
}

TEST(ParserTest, KeepsToLimits) {
  const MessageLimits limits = {.header_bytes = 200, .fields = 3, .body_bytes = 10};
  EXPECT_EQ(refusal("GET /" + std::string(300, 'a') + " HTTP/1.1\r\n", limits), 431u);
  EXPECT_EQ(refusal(std::string(300, 'G'), limits), 431u);
  EXPECT_EQ(refusal("GET / HTTP/1.1\r\nHost: x\r\nA: " + std::string(300, 'a'), limits), 431u);
  EXPECT_EQ(refusal("GET / HTTP/1.1\r\nHost: x\r\nA: 1\r\nB: 2\r\nC: 3\r\n\r\n", limits), 431u);
  const std::string post = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(refusal(post + "6\r\nabcdef\r\n4\r\nabcd\r\n0\r\n\r\n", limits), 0u);
  EXPECT_EQ(refusal(post + "6\r\nabcdef\r\n5\r\nabcde\r\n0\r\n\r\n", limits), 413u);
  EXPECT_EQ(refusal(post + "1;" + std::string(300, 'e'), limits), 400u) << "a chunk's extension without end";
  EXPECT_EQ(refusal(post + "0\r\nT: " + std::string(300, 't'), limits), 400u) << "a trailer without end";
}

TEST(ParserTest, ReadsResponses) {
  Parser with_length(Parser::Kind::Response, {});
  EXPECT_EQ(parse(with_length, "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nnoHTTP", 3).body, "no");
  EXPECT_EQ(with_length.head().status, 404u);
  Parser until_close(Parser::Kind::Response, {});
  EXPECT_EQ(parse(until_close, "HTTP/1.0 200 OK\r\n\r\nsome", 100).body, "some");
  EXPECT_FALSE(until_close.is_done());
  EXPECT_TRUE(until_close.feed_end());
  EXPECT_FALSE(until_close.keeps_alive());
  Parser to_head(Parser::Kind::ResponseToHead, {});
  EXPECT_TRUE(parse(to_head, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", 100).is_done);
  Parser cut(Parser::Kind::Response, {});
  EXPECT_FALSE(parse(cut, "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nabc", 100).is_done);
  EXPECT_FALSE(cut.feed_end());
}

}  // namespace
}  // namespace godwit::net
