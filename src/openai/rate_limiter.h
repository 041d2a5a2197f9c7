// RateLimiter: how many requests and tokens a key may have in a minute.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "openai/error.h"

namespace godwit::openai {

struct RateLimits {
  uint64_t requests_per_minute = 0;  // 0: any number
  uint64_t tokens_per_minute = 0;    // read and written; 0: any number
};

// A bucket of each for every key, which fills evenly and holds a minute's worth. @threads any.
class RateLimiter final {
 public:
  // @param keys how many there are
  RateLimiter(size_t keys, RateLimits limits);

  // A request begins. @param now_ns of a clock that never goes back
  // @errors 429 with Retry-After: it is one too many, or the tokens before it were.
  Outcome<> enter(size_t key, uint64_t now_ns);

  // Tokens that a request has cost, once that is known: a key may come to owe some.
  void spend(size_t key, uint64_t tokens, uint64_t now_ns);

  // What is told in header fields: x-ratelimit-limit-requests, … None where there is no limit.
  std::vector<std::pair<std::string, std::string>> fields(size_t key, uint64_t now_ns);

 private:
  struct Bucket {
    double level = 0;
    uint64_t at_ns = 0;
  };
  struct Key {
    Bucket requests, tokens;
  };
  static void fill(Bucket& bucket, uint64_t per_minute, uint64_t now_ns);

  const RateLimits limits_;
  std::mutex mutex_;
  std::vector<Key> keys_;  // guarded by mutex_
};

}  // namespace godwit::openai
