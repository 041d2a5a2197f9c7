// Buckets that fill with time.
#include "openai/rate_limiter.h"

#include <algorithm>
#include <cmath>
#include <string_view>

namespace godwit::openai {
namespace {

constexpr double kMinute_ns = 60e9;

// Until a bucket that fills so fast has `missing` more, at least a second.
uint32_t seconds_until(double missing, uint64_t per_minute) {
  const double seconds = std::ceil(missing * 60 / static_cast<double>(per_minute));
  return static_cast<uint32_t>(std::clamp(seconds, 1.0, 86'400.0));
}

std::unexpected<ApiError> too_many(std::string_view what, uint64_t per_minute, uint32_t retry_after_s) {
  return std::unexpected<ApiError>(
      ApiError{.status = 429,
               .type = std::string(what),
               .code = "rate_limit_exceeded",
               .field = {},
               .message = "the limit of " + std::to_string(per_minute) + " " + std::string(what) +
                          " per minute is reached; try again in " + std::to_string(retry_after_s) + " s",
               .retry_after_s = retry_after_s});
}

}  // namespace

RateLimiter::RateLimiter(size_t keys, RateLimits limits) : limits_(limits), keys_(keys) {
  for (Key& key : keys_) {
    key.requests.level = static_cast<double>(limits.requests_per_minute);
    key.tokens.level = static_cast<double>(limits.tokens_per_minute);
  }
}

void RateLimiter::fill(Bucket& bucket, uint64_t per_minute, uint64_t now_ns) {
  const auto most = static_cast<double>(per_minute);
  if (bucket.at_ns != 0 && now_ns > bucket.at_ns)
    bucket.level =
        std::min(most, bucket.level + most * static_cast<double>(now_ns - bucket.at_ns) / kMinute_ns);
  bucket.at_ns = std::max(bucket.at_ns, now_ns);
}

Outcome<> RateLimiter::enter(size_t key, uint64_t now_ns) {
  const std::lock_guard lock(mutex_);
  auto& [requests, tokens] = keys_[key];
  if (const uint64_t limit = limits_.tokens_per_minute; limit != 0) {
    fill(tokens, limit, now_ns);
    if (tokens.level < 1) return too_many("tokens", limit, seconds_until(1 - tokens.level, limit));
  }
  if (const uint64_t limit = limits_.requests_per_minute; limit != 0) {
    fill(requests, limit, now_ns);
    if (requests.level < 1) return too_many("requests", limit, seconds_until(1 - requests.level, limit));
    requests.level -= 1;
  }
  return {};
}

void RateLimiter::spend(size_t key, uint64_t tokens, uint64_t now_ns) {
  if (limits_.tokens_per_minute == 0) return;
  const std::lock_guard lock(mutex_);
  fill(keys_[key].tokens, limits_.tokens_per_minute, now_ns);
  keys_[key].tokens.level -= static_cast<double>(tokens);
}

std::vector<std::pair<std::string, std::string>> RateLimiter::fields(size_t key, uint64_t now_ns) {
  std::vector<std::pair<std::string, std::string>> fields;
  const std::lock_guard lock(mutex_);
  const auto tell = [&](std::string_view what, Bucket& bucket, uint64_t limit) {
    if (limit == 0) return;
    fill(bucket, limit, now_ns);
    const double missing = static_cast<double>(limit) - bucket.level;
    const auto name = [&](std::string_view part) {
      return "x-ratelimit-" + std::string(part) + "-" + std::string(what);
    };
    fields.emplace_back(name("limit"), std::to_string(limit));
    fields.emplace_back(name("remaining"),
                        std::to_string(static_cast<uint64_t>(std::max(0.0, bucket.level))));
    fields.emplace_back(name("reset"), std::to_string(missing < 1 ? 0 : seconds_until(missing, limit)) + "s");
  };
  tell("requests", keys_[key].requests, limits_.requests_per_minute);
  tell("tokens", keys_[key].tokens, limits_.tokens_per_minute);
  return fields;
}

}  // namespace godwit::openai
