// First come, first served.
#include "openai/admission.h"

#include <algorithm>

namespace godwit::openai {
namespace {

// What a client is told to wait before it asks again: about an answer's time.
constexpr uint32_t kRetryAfter_s = 2;

}  // namespace

Outcome<Admission::Hold> Admission::enter(uint32_t count, platform::fs::WaitMode mode) {
  if (count > places_)
    return bad_request("the server computes at most " + std::to_string(places_) + " answers at a time, not " +
                       std::to_string(count));
  auto signal = async::Signal::create();
  std::unique_lock lock(mutex_);
  if (waiters_.empty() && free_ >= count) {
    free_ -= count;
    return Hold(this, count);
  }
  if (waiters_.size() >= most_waiting_ || !signal) {
    ++refused_;
    return std::unexpected<ApiError>(ApiError{.status = 429,
                                              .type = "rate_limit_error",
                                              .code = "server_overloaded",
                                              .field = {},
                                              .message = "the server is busy, and " +
                                                         std::to_string(waiters_.size()) +
                                                         " requests wait already; try again later",
                                              .retry_after_s = kRetryAfter_s});
  }
  Waiter waiter{.count = count, .signal = std::move(*signal)};
  waiters_.push_back(&waiter);
  while (!waiter.has_place) {
    lock.unlock();
    const auto woken = waiter.signal.wait(mode);
    lock.lock();
    if (woken || waiter.has_place) continue;
    std::erase(waiters_, &waiter);
    serve();  // those behind may want less
    return std::unexpected<ApiError>(ApiError{.status = 499,
                                              .type = "client_closed_request",
                                              .code = {},
                                              .field = {},
                                              .message = "the client is gone"});
  }
  return Hold(this, count);
}

void Admission::serve() {
  while (!waiters_.empty() && waiters_.front()->count <= free_) {
    Waiter& waiter = *waiters_.front();
    waiters_.pop_front();
    free_ -= waiter.count;
    waiter.has_place = true;
    waiter.signal.raise();
  }
}

void Admission::give_back(uint32_t count) {
  const std::lock_guard lock(mutex_);
  free_ += count;
  serve();
}

uint32_t Admission::in_use() const {
  const std::lock_guard lock(mutex_);
  return places_ - free_;
}

uint32_t Admission::waiting() const {
  const std::lock_guard lock(mutex_);
  return static_cast<uint32_t>(waiters_.size());
}

uint64_t Admission::refused() const {
  const std::lock_guard lock(mutex_);
  return refused_;
}

}  // namespace godwit::openai
