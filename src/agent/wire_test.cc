// Tests of what databases' protocols and traces are made of: Base64, trace contexts, tokens, and answers that lie.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/postgres.h"
#include "agent/redis.h"
#include "agent/text.h"
#include "agent/trace.h"

namespace godwit::agent {
namespace {

// Gives connections to a server that has said this already, whatever it is asked.
class Saying final : public net::Connector {
 public:
  explicit Saying(std::string text) : text_(std::move(text)) {}
  Result<std::unique_ptr<net::Stream>> connect(const net::Origin&, const net::AddressFilter&,
                                               const net::Patience&) override {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    EXPECT_EQ(::write(ends[1], text_.data(), text_.size()), static_cast<ssize_t>(text_.size()));
    ::shutdown(ends[1], SHUT_WR);
    server_ = platform::fs::FileHandle(ends[1]);
    return net::tcp_stream(platform::fs::FileHandle(ends[0]));
  }

 private:
  std::string text_;
  platform::fs::FileHandle server_;
};

Result<SqlResult> redis_answers(std::string text) {
  Saying connector(std::move(text));
  auto connection = RedisConnection::connect(connector, {}, "", "", {});
  EXPECT_TRUE(connection);
  return (*connection)->call(std::vector<SqlValue>{"GET", "x"}, {});
}

TEST(Redis, ReadsAnswers) {
  EXPECT_EQ(redis_answers("+OK\r\n")->rows, (std::vector<std::vector<SqlValue>>{{"OK"}}));
  EXPECT_EQ(redis_answers("*2\r\n$1\r\na\r\n*2\r\n:1\r\n$-1\r\n")->rows,
            (std::vector<std::vector<SqlValue>>{{"a"}, {int64_t{2}}, {int64_t{1}}, {SqlValue()}}));
  EXPECT_EQ(redis_answers("-ERR no\r\n").error().kind(), ErrorKind::Usage);
}

TEST(Redis, RefusesLies) {
  for (const char* lie :
       {"", "+", "\r\n", "?x\r\n", "$5\r\nabc", "$-2\r\n", "$99999999999999999999\r\n", "$1\r\nabc",
        "*-5\r\n", "*999999\r\n", "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n",
        ":x\r\n", "$17000000\r\n", "+OK\r\n+OK\r\n"})
    EXPECT_FALSE(redis_answers(lie)) << lie;
}

TEST(Postgres, RefusesLies) {
  using namespace std::string_literals;
  for (const std::string& lie :
       {""s, "R"s, "R\0\0\0\4"s, "R\0\0\0\3"s, "R\xff\xff\xff\xff"s, "X\0\0\0\4"s, "R\0\0\0\x8\0\0\0\3"s,
        "R\0\0\0\x8\0\0\0\5"s, "R\0\0\0\x16\0\0\0\nSCRAM-SHA-1\0\0"s, "E\0\0\0\4"s, "E\0\0\0\6Mx"s}) {
    Saying connector(lie);
    EXPECT_FALSE(PostgresConnection::connect(connector, {}, {}, {})) << lie;
  }
  // let in without a password, and then nonsense
  for (const std::string& lie :
       {"D\0\0\0\6\0\1"s, "T\0\0\0\6\0\5"s, "T\0\0\0\6\xff\xff"s, "C\0\0\0\4"s, "G\0\0\0\4"s}) {
    Saying connector("R\0\0\0\x8\0\0\0\0Z\0\0\0\5I"s + lie);
    auto connection = PostgresConnection::connect(connector, {}, {}, {});
    ASSERT_TRUE(connection);
    EXPECT_FALSE((*connection)->run("SELECT 1", {}, {})) << lie;
    EXPECT_FALSE((*connection)->is_idle());
  }
}

TEST(Texts, SpeakBase64) {
  for (const auto& [plain, coded] :
       {std::pair("", ""), {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}}) {
    EXPECT_EQ(to_base64(as_bytes(std::string_view(plain))), coded);
    EXPECT_EQ(from_base64(coded), plain);
  }
  for (const char* wrong : {"Zg=", "Zg", "=Zg=", "Z===", "Zm9v=", "Zg==Zg==", "Zm 9"})
    EXPECT_FALSE(from_base64(wrong)) << wrong;
}

TEST(Traces, ReadContexts) {
  const std::string good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  ASSERT_TRUE(parse_traceparent(good));
  EXPECT_EQ(to_traceparent(*parse_traceparent(good)), good);
  EXPECT_TRUE(parse_traceparent("01" + good.substr(2) + "-more")) << "of a version to come";
  const TraceContext child = TraceContext::child_of(parse_traceparent(good));
  EXPECT_EQ(to_traceparent(child).substr(0, 36), good.substr(0, 36));
  EXPECT_NE(to_traceparent(child), good);
  EXPECT_FALSE(parse_traceparent(good + "-more"));
  EXPECT_FALSE(parse_traceparent("ff" + good.substr(2)));
  EXPECT_FALSE(parse_traceparent("00-00000000000000000000000000000000-00f067aa0ba902b7-01"));
  EXPECT_FALSE(parse_traceparent("00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01"));
}

TEST(Traces, CountTokens) {
  const std::string answer =
      R"({"choices":[{"message":{"content":"\"usage\": {\"prompt_tokens\": 9}"}}],"usage":{"prompt_tokens": 12,"completion_tokens":3}})";
  for (const size_t piece : {answer.size(), size_t{1}, size_t{7}}) {
    TokenReader reader;
    for (size_t at = 0; at < answer.size(); at += piece)
      reader.read(std::string_view(answer).substr(at, piece));
    EXPECT_EQ(reader.input(), 12);
    EXPECT_EQ(reader.output(), 3);
  }
  TokenReader none;
  none.read(R"(data: {"usage":null})");
  EXPECT_EQ(none.input(), std::nullopt);
}

}  // namespace
}  // namespace godwit::agent
