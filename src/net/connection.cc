// Requests of one client, one after the other.
#include "net/connection.h"

#include <algorithm>
#include <cerrno>
#include <tuple>

#include "platform/clock.h"

namespace godwit::net {
namespace {

namespace fs = platform::fs;

// What is read of a body that nobody wanted, so that the connection can go on.
constexpr size_t kMostSkippedBytes = size_t{64} << 10;
// What is kept of a buffer between requests.
constexpr size_t kMostIdleBytes = 4096;
// How long, and how much, a client that was refused may still send.
constexpr uint64_t kLinger_ns = 1'000'000'000;
constexpr size_t kMostLingeredBytes = size_t{1} << 20;

uint64_t now_ns() { return platform::now_ns(platform::Clock::Monotonic); }

}  // namespace

void Connection::set_gone() {
  if (gone_.exchange(1, std::memory_order_relaxed) != 0) return;
  if (const auto function = std::exchange(on_gone_, nullptr)) function();
}

void Connection::take_input(size_t bytes) {
  in_at_ += bytes;
  if (in_at_ < in_.size()) return;
  in_.clear();
  in_at_ = 0;
}

Result<size_t> Connection::receive(const Patience& patience) {
  const MutableBytes to = reactor_.scratch();
  ASSIGN_OR_RETURN(const size_t size, stream_->read(to, patience));
  if (in_at_ > 0) in_.erase(0, std::exchange(in_at_, 0));
  in_.append(as_text(to.first(size)));
  return size;
}

std::expected<void, ParseFailure> Connection::parse(std::string& body) {
  const auto taken = parser_->feed(input(), body);
  if (!taken) return std::unexpected(taken.error());
  take_input(*taken);
  return {};
}

void Connection::serve() {
  const fs::WaitMode mode = {.stop = reactor_.stop_word(), .parker = &reactor_.scheduler()};
  if (!stream_->begin({.mode = mode, .timeout_ns = reactor_.config().header_timeout_ns})) return;
  while (serve_one()) {
  }
  close_slowly();
  // who reads until the end is to know that nobody has cut it off
  if (gone_.load(std::memory_order_relaxed) == 0 && !is_cut_) stream_->end();
}

bool Connection::serve_one() {
  early_body_.clear();
  body_failure_.reset();
  has_asked_for_body_ = false;
  if (!wait_for_request()) return false;
  reactor_.begin_request(*this);
  parser_.emplace(Parser::Kind::Request, reactor_.config().limits);
  const bool goes_on = read_head() && answer();
  on_gone_ = nullptr;
  reactor_.end_request(*this);
  return goes_on;
}

bool Connection::wait_for_request() {
  if (!input().empty()) return true;
  if (in_.capacity() > kMostIdleBytes) in_ = {};
  parser_.reset();
  const fs::WaitMode mode = {.stop = reactor_.stop_word(), .parker = &reactor_.scheduler()};
  auto size = receive({.mode = mode, .timeout_ns = reactor_.config().idle_timeout_ns});
  // a request that came together with the wish to stop
  if (!size && size.error().code() == EINTR)
    size = receive({.mode = {.stop = {}, .parker = &reactor_.scheduler()}, .timeout_ns = 0});
  return size && *size > 0;
}

bool Connection::read_head() {
  const uint64_t deadline = now_ns() + reactor_.config().header_timeout_ns;
  for (;;) {
    if (const auto parsed = parse(early_body_); !parsed) {
      refuse(parsed.error().status, parsed.error().why);
      return false;
    }
    if (parser_->has_head()) return true;
    const uint64_t now = now_ns();
    const auto size = receive({.mode = mode(), .timeout_ns = deadline > now ? deadline - now : 0});
    if (!size && size.error().code() == ETIMEDOUT) refuse(408, "the request does not come");
    if (!size || *size == 0) return false;
  }
}

bool Connection::answer() {
  keeps_ = parser_->keeps_alive() && !reactor_.is_draining();
  Request request(*this);
  ResponseWriter response(*this);
  if (!request.set_target()) {
    refuse(400, "the target is no path");
    return false;
  }
  if (const auto size = parser_->body_bytes(); size && *size > reactor_.config().limits.body_bytes)
    body_failure_ = ParseFailure{.status = 413, .why = "the body is too large"};
  handler_.handle(request, response);
  if (!response.has_begun_) {
    if (body_failure_) refuse(body_failure_->status, body_failure_->why);
    else refuse(500, "no answer");
    return false;
  }
  if (!response.finish()) return false;
  return keeps_ && gone_.load(std::memory_order_relaxed) == 0 && skip_body();
}

void Connection::refuse(uint32_t status, std::string_view why) {
  keeps_ = false;
  ResponseWriter response(*this);
  response.set_status(status);
  std::ignore = response.add_field("Content-Type", "text/plain; charset=utf-8");
  std::ignore = response.send(std::string(why) + "\n");
}

bool Connection::skip_body() {
  if (parser_->is_done()) return true;
  // who was not asked for the body may leave it out
  if (!has_asked_for_body_) return false;
  std::string forgotten;
  while (forgotten.size() <= kMostSkippedBytes) {
    const auto size = read_body(forgotten);
    if (!size) return false;
    if (*size == 0) return true;
  }
  return false;
}

void Connection::close_slowly() {
  const bool may_be_sending = has_switched_ || (parser_ && (!parser_->is_done() || !input().empty()));
  if (!may_be_sending || gone_.load(std::memory_order_relaxed) != 0 || is_cut_) return;
  // a socket that is closed with something unread takes back what was sent
  stream_->end();
  in_.clear();
  in_at_ = 0;
  const uint64_t deadline = now_ns() + kLinger_ns;
  for (size_t total = 0; total < kMostLingeredBytes;) {
    const uint64_t now = now_ns();
    if (now >= deadline || reactor_.is_draining()) return;
    const fs::WaitMode mode = {.stop = reactor_.stop_word(), .parker = &reactor_.scheduler()};
    const auto size = receive({.mode = mode, .timeout_ns = deadline - now});
    if (!size || *size == 0) return;
    total += *size;
    in_.clear();
  }
}

Error Connection::fail_body(uint32_t status, ErrorKind kind, std::string why) {
  keeps_ = false;
  body_failure_ = ParseFailure{.status = status, .why = why};
  return Error(kind, std::move(why));
}

Result<> Connection::ask_for_body() {
  if (std::exchange(has_asked_for_body_, true)) return {};
  const std::string* expects = parser_->head().fields.find("expect");
  if (!expects || parser_->head().minor_version == 0 || !equals_ignoring_case(*expects, "100-continue") ||
      !input().empty() || !early_body_.empty())
    return {};
  std::string_view text = "HTTP/1.1 100 Continue\r\n\r\n";
  fs::IoVector piece = {.iov_base = const_cast<char*>(text.data()), .iov_len = text.size()};
  return write({&piece, 1});
}

Result<size_t> Connection::read_body(std::string& into) {
  if (body_failure_) return fail(ErrorKind::Exhausted, body_failure_->why);
  if (!early_body_.empty()) {
    into += early_body_;
    return std::exchange(early_body_, {}).size();
  }
  TRY(ask_for_body());
  const size_t before = into.size();
  for (;;) {
    if (parser_->is_done()) return into.size() - before;
    if (!input().empty()) {
      if (const auto parsed = parse(into); !parsed)
        return fail(fail_body(parsed.error().status,
                              parsed.error().status == 413 ? ErrorKind::Exhausted : ErrorKind::Malformed,
                              parsed.error().why));
      if (into.size() > before) return into.size() - before;
      if (parser_->is_done()) continue;
    }
    const auto size = receive({.mode = mode(), .timeout_ns = reactor_.config().body_timeout_ns});
    if (!size) {
      const bool is_late = size.error().code() == ETIMEDOUT;
      return fail(fail_body(is_late ? 408 : 400, ErrorKind::Io, "the body does not come"));
    }
    if (*size == 0) return fail(fail_body(400, ErrorKind::Io, "the body is not whole"));
  }
}

Result<> Connection::write(std::span<fs::IoVector> pieces) {
  auto written = stream_->write(pieces, {.mode = mode(), .timeout_ns = reactor_.config().write_timeout_ns});
  if (!written) {
    keeps_ = false;
    set_gone();
  }
  return written;
}

}  // namespace godwit::net
