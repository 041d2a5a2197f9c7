// Tests of where answers end.
#include "tls/response_end.h"

#include <gtest/gtest.h>

#include <string>

namespace godwit::tls {
namespace {

using Verdict = ResponseEnd::Verdict;

// What is said of `answer` when it comes byte by byte; checks that it was not said before the last.
Verdict verdict_on(std::string_view answer, std::string_view request = "GET / HTTP/1.1\r\n\r\n") {
  ResponseEnd end(request);
  Verdict last = Verdict::More;
  for (size_t size = 1; size <= answer.size(); size++) {
    EXPECT_NE(last, Verdict::Ended) << "after " << size << " bytes of " << answer;
    last = end.look_at(answer.substr(0, size));
  }
  return last;
}

TEST(ResponseEnd, IsWhereTheHeadSays) {
  EXPECT_EQ(verdict_on("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"), Verdict::Ended);
  EXPECT_EQ(verdict_on("HTTP/1.1 200 OK\r\ncontent-LENGTH:5 \r\nA: b\r\n\r\nhell"), Verdict::More);
  EXPECT_EQ(verdict_on("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), Verdict::Ended);
  EXPECT_EQ(verdict_on("HTTP/1.1 204 No Content\r\n\r\n"), Verdict::Ended);
  EXPECT_EQ(verdict_on("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"), Verdict::Ended);
  EXPECT_EQ(verdict_on("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "HEAD / HTTP/1.1\r\n"),
            Verdict::Ended);
  EXPECT_EQ(verdict_on("HTTP/1.1 200 OK\r\n\r\nhello"), Verdict::Open);
  EXPECT_EQ(verdict_on("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n!"),
            Verdict::Ended);
}

TEST(ResponseEnd, IsBehindTheLastChunk) {
  const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, Chunked\r\nContent-Length: 1\r\n\r\n";
  EXPECT_EQ(verdict_on(head + "5\r\nhello\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n"), Verdict::Ended);
  EXPECT_EQ(verdict_on(head + "5\r\nhello\r\n0\r\nTrailer: x\r\n\r\n"), Verdict::Ended);
  EXPECT_EQ(verdict_on(head + "5\r\nhello\r\n0\r\nTrailer: x\r\n"), Verdict::More);
  EXPECT_EQ(verdict_on(head + "5\r\nhello\r\n"), Verdict::More);
  EXPECT_EQ(verdict_on(head + "x\r\n"), Verdict::Open) << "no chunk";
  EXPECT_EQ(verdict_on(head + "FFFFFFFFFFFFFFFF\r\nabc"), Verdict::More) << "as large as can be";
  EXPECT_EQ(verdict_on(head + "FFFFFFFFFFFFFFFFF\r\nabc"), Verdict::Open);
}

TEST(ResponseEnd, BearsNonsense) {
  EXPECT_EQ(verdict_on("\r\n\r\n"), Verdict::Open);
  EXPECT_EQ(verdict_on("HTTP/1.1\r\n:\r\n\r\n"), Verdict::Open);
  EXPECT_EQ(verdict_on("HTTP/1.1 200\r\nContent-Length: 99999999999999999999999\r\n\r\n"), Verdict::Open);
  EXPECT_EQ(verdict_on("HTTP/1.1 200\r\nContent-Length: 18446744073709551615\r\n\r\n"), Verdict::Open);
  EXPECT_EQ(verdict_on("HTTP/1.1 200\r\nContent-Length: 5x\r\n\r\n"), Verdict::Open);
  ResponseEnd end("GET");
  EXPECT_EQ(end.look_at(std::string(300 << 10, 'x')), Verdict::Open) << "no head is so long";
}

}  // namespace
}  // namespace godwit::tls
