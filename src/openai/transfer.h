// Transfer: a body that comes or goes as a whole, and is in memory meanwhile.
#pragma once

#include <atomic>

#include "openai/service.h"

namespace godwit::openai {

class Service::Transfer final {
 public:
  explicit Transfer(std::atomic<int>& all)
      : all_(all), number_(all.fetch_add(1, std::memory_order_relaxed)) {}
  ~Transfer() { all_.fetch_sub(1, std::memory_order_relaxed); }
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  // @errors 429: it is one too many.
  Outcome<> begin() const {
    if (number_ < kMostTransfers) return {};
    return std::unexpected<ApiError>(ApiError{.status = 429,
                                              .type = "rate_limit_error",
                                              .code = "server_overloaded",
                                              .field = {},
                                              .message = "too many files come and go at the moment",
                                              .retry_after_s = 1});
  }

 private:
  // That come or go at a time: each is in memory, as large as a file may be.
  static constexpr int kMostTransfers = 8;

  std::atomic<int>& all_;
  const int number_;
};

}  // namespace godwit::openai
