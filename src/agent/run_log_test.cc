// RunLog: what it keeps, and what it forgets.
#include "agent/run_log.h"

#include <gtest/gtest.h>

namespace godwit::agent {
namespace {

TEST(RunLog, KeepsTheLatest) {
  RunLog log;
  EXPECT_EQ(log.to_json(), "[]");
  EXPECT_EQ(log.summary().most_ns, 0u);
  const std::string target(200, 'x');
  for (uint64_t i = 1; i <= RunLog::kMost + 2; i++)
    log.add({.time_ms = i,
             .taken_ns = i * 1000,
             .memory_bytes = 5 * 65536 - i,
             .kind = "http",
             .target = target});
  const std::string text = log.to_json();
  EXPECT_FALSE(text.contains("\"time_ms\":2,"));
  EXPECT_TRUE(text.starts_with("[{\"time_ms\":3,\"kind\":\"http\",\"target\":\"" +
                               std::string(RunLog::kMostTargetBytes, 'x') +
                               "\",\"status\":0,\"error\":\"\",\"us\":3,"));
  EXPECT_TRUE(text.contains("\"time_ms\":258,"));
  const RunLog::Summary summary = log.summary();
  EXPECT_EQ(summary.half_ns, 130'000u);
  EXPECT_EQ(summary.most_ns, 255'000u);
  EXPECT_EQ(summary.peak_bytes, 5 * 65536u - 1);
  EXPECT_EQ(summary.memory_bytes, 5 * 65536u - 258);
}

TEST(RunLog, IsJson) {
  RunLog log;
  log.add({.status = 500, .kind = "http", .target = "GET /\"<\n", .error = "trap"});
  EXPECT_TRUE(log.to_json().contains("\"target\":\"GET /\\\"<\\n\",\"status\":500,\"error\":\"trap\""));
}

}  // namespace
}  // namespace godwit::agent
