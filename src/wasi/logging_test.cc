// Tests of logging.
#include "wasi/logging.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <regex>

#include "wasi/guest_for_test.h"

namespace godwit::wasi {
namespace {

class LoggingTest : public WasiTest {
 protected:
  void SetUp() override {
    WasiTest::SetUp();
    ASSERT_EQ(::pipe(out_), 0);
    ASSERT_EQ(::pipe(err_), 0);
    make({.stdout_fd = out_[1], .stderr_fd = err_[1]});
  }
  void TearDown() override {
    for (const int fd : {out_[0], out_[1], err_[0], err_[1]}) ::close(fd);
    WasiTest::TearDown();
  }
  Result<> log(uint32_t level, std::string_view context, std::string_view message) {
    Caller caller = guest_.caller();
    return wasi_->logging().log(caller, level, guest_.text(context), guest_.text(message));
  }
  static std::string read_from(int fd) {
    char text[1000];
    const ssize_t size = ::read(fd, text, sizeof text);
    return std::string(text, size < 0 ? 0 : static_cast<size_t>(size));
  }
  // True if `line` is a time and `rest`.
  static bool is_line(const std::string& line, const std::string& rest) {
    static const std::regex kTime(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z )");
    std::smatch match;
    return std::regex_search(line, match, kTime, std::regex_constants::match_continuous) &&
           match.suffix() == rest;
  }
  int out_[2], err_[2];
};

TEST_F(LoggingTest, WritesLines) {
  ASSERT_TRUE(log(2, "", "hello"));
  const std::string line = read_from(out_[0]);
  EXPECT_TRUE(is_line(line, "[info] hello\n")) << line;
  const std::time_t now = std::time(nullptr);
  char today[16];
  std::strftime(today, sizeof today, "%Y-%m-%d", std::gmtime(&now));
  EXPECT_TRUE(line.starts_with(today)) << line;
  ASSERT_TRUE(log(0, "stdout", "a"));
  EXPECT_TRUE(is_line(read_from(out_[0]), "[trace] a\n"));
  ASSERT_TRUE(log(5, "stderr", ""));
  EXPECT_TRUE(is_line(read_from(err_[0]), "[critical] \n"));
}

TEST_F(LoggingTest, TakesContextsForLabelsNeverForPaths) {
  const std::string target = (top_ / "log").string();
  for (const std::string& label : {target, std::string("../log"), std::string("log")}) {
    ASSERT_TRUE(log(4, label, "x"));
    const std::string line = read_from(err_[0]);
    EXPECT_TRUE(is_line(line, "[error] " + label + ": x\n")) << line;
  }
  EXPECT_FALSE(std::filesystem::exists(top_ / "log"));
  EXPECT_FALSE(std::filesystem::exists("log"));
  ASSERT_TRUE(log(1, "a\nb\x1b[", "x"));
  EXPECT_TRUE(is_line(read_from(err_[0]), "[debug] a?b?[: x\n"));
  ASSERT_TRUE(log(1, std::string(1000, 'y'), "x"));
  EXPECT_TRUE(is_line(read_from(err_[0]), "[debug] " + std::string(64, 'y') + ": x\n"));
}

TEST_F(LoggingTest, TrapsOnNonsense) {
  Caller caller = guest_.caller();
  const GuestString outside(guest_.memory(), TestGuest::kMemoryBytes - 1, 2);
  EXPECT_EQ(wasi_->logging().log(caller, 0, outside, guest_.text("x")).error().kind(), ErrorKind::Trap);
  EXPECT_EQ(wasi_->logging().log(caller, 0, guest_.text(""), outside).error().kind(), ErrorKind::Trap);
  EXPECT_EQ(log(6, "", "x").error().message(), "there is no log level 6");
  EXPECT_EQ(p1().fd_close(1), Errno::Success);
  EXPECT_TRUE(log(0, "", "into nothing"));
}

}  // namespace
}  // namespace godwit::wasi
