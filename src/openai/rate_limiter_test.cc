// RateLimiter: buckets of keys, at times that are said.
#include "openai/rate_limiter.h"

#include <gtest/gtest.h>

namespace godwit::openai {
namespace {

constexpr uint64_t kSecond_ns = 1'000'000'000;

TEST(RateLimiter, AllowsAMinutesWorthAndThenOneAfterTheOther) {
  RateLimiter limiter(2, {.requests_per_minute = 3});
  uint64_t now = 100 * kSecond_ns;
  for (int i = 0; i < 3; i++) EXPECT_TRUE(limiter.enter(0, now));
  const auto refused = limiter.enter(0, now);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().status, 429u);
  EXPECT_EQ(refused.error().code, "rate_limit_exceeded");
  EXPECT_EQ(refused.error().retry_after_s, 20u);
  EXPECT_TRUE(limiter.enter(1, now)) << "another key has its own";
  now += 19 * kSecond_ns;
  EXPECT_FALSE(limiter.enter(0, now));
  now += 2 * kSecond_ns;
  EXPECT_TRUE(limiter.enter(0, now));
  EXPECT_FALSE(limiter.enter(0, now));
  now += 3600 * kSecond_ns;
  for (int i = 0; i < 3; i++) EXPECT_TRUE(limiter.enter(0, now));
  EXPECT_FALSE(limiter.enter(0, now)) << "a minute's worth is all that is kept";
}

TEST(RateLimiter, TokensMayBeOwed) {
  RateLimiter limiter(1, {.tokens_per_minute = 60});
  uint64_t now = kSecond_ns;
  EXPECT_TRUE(limiter.enter(0, now));
  limiter.spend(0, 160, now);
  const auto refused = limiter.enter(0, now);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().type, "tokens");
  EXPECT_EQ(refused.error().retry_after_s, 101u);
  EXPECT_FALSE(limiter.enter(0, now + 100 * kSecond_ns));
  EXPECT_TRUE(limiter.enter(0, now + 101 * kSecond_ns));
}

TEST(RateLimiter, TellsWhatIsLeft) {
  RateLimiter limiter(1, {.requests_per_minute = 60});
  EXPECT_TRUE(limiter.enter(0, kSecond_ns));
  using Fields = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(limiter.fields(0, kSecond_ns), (Fields{{"x-ratelimit-limit-requests", "60"},
                                                   {"x-ratelimit-remaining-requests", "59"},
                                                   {"x-ratelimit-reset-requests", "1s"}}));
  EXPECT_TRUE(RateLimiter(1, {}).fields(0, 1).empty());
}

}  // namespace
}  // namespace godwit::openai
