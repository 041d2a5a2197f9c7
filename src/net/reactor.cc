// Reactor: accepts, looks out for clients that leave, ends.
#include "net/reactor.h"

#include <cerrno>
#include <ctime>
#include <tuple>

#include "net/connection.h"
#include "platform/clock.h"
#include "platform/net_server.h"

namespace godwit::net {
namespace {

namespace fs = platform::fs;
namespace pnet = platform::net;

constexpr uint64_t kSecond_ns = 1'000'000'000;
// How often clients that leave are looked for; and how often when the server is about to end.
constexpr uint64_t kLookout_ns = 50'000'000;
constexpr uint64_t kDrainingLookout_ns = 20'000'000;
// The system has no file left for another connection: perhaps it has soon.
constexpr uint64_t kPause_ns = 100'000'000;

uint64_t now_ns() { return platform::now_ns(platform::Clock::Monotonic); }

}  // namespace

Server::Reactor::~Reactor() = default;

Result<> Server::Reactor::run() {
  ASSIGN_OR_RETURN(scheduler_, async::Scheduler::create());
  for (const auto& listener : server_.listeners_) {
    accepting_++;
    TRY(scheduler_->spawn([this, &listener] {
      accept_all(*listener);
      accepting_--;
    }));
  }
  TRY(scheduler_->spawn([this] { look_out(); }));
  if (config().on_thread) config().on_thread(*scheduler_, index_);
  return scheduler_->run();
}

void Server::Reactor::accept_all(const Listener& listener) {
  const int fd = listener.sockets[index_].get();
  const fs::WaitMode mode = {.stop = stop_word(), .parker = scheduler_.get()};
  for (;;) {
    auto accepted = pnet::accept(fd, fs::Blocking::Wait, mode, fs::kForever);
    if (accepted) {
      welcome(std::move(*accepted), listener);
      continue;
    }
    if (accepted.error() == EINTR) break;
    std::ignore = fs::wait_for({}, kPause_ns, mode);
    if (is_draining()) break;
  }
  // those who had connected before the end
  while (auto accepted = pnet::accept(fd, fs::Blocking::Never, {}, 0))
    welcome(std::move(*accepted), listener);
}

void Server::Reactor::welcome(fs::FileHandle socket, const Listener& listener) {
  const bool is_full =
      server_.connections_.fetch_add(1, std::memory_order_relaxed) >= config().max_connections;
  const auto peer = pnet::peer_address(socket.get());
  if (!is_full && peer) {
    auto stream =
        listener.acceptor ? listener.acceptor->accept(std::move(socket)) : tcp_stream(std::move(socket));
    if (!stream) {
      server_.connections_.fetch_sub(1, std::memory_order_relaxed);
      return;
    }
    auto connection = std::make_shared<Connection>(*this, std::move(stream), *peer, *listener.handler);
    open_++;
    const auto spawned = scheduler_->spawn([this, connection]() mutable {
      connection->serve();
      connection.reset();
      open_--;
      server_.connections_.fetch_sub(1, std::memory_order_relaxed);
    });
    if (spawned) return;
    open_--;
  } else if (peer && !listener.acceptor) {
    constexpr std::string_view kFull =
        "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 1\r\nConnection: "
        "close\r\n\r\n";
    fs::IoVector piece = {.iov_base = const_cast<char*>(kFull.data()), .iov_len = kFull.size()};
    std::ignore = pnet::send(socket.get(), {&piece, 1}, {.blocking = fs::Blocking::Never}, {});
  }
  server_.connections_.fetch_sub(1, std::memory_order_relaxed);
}

void Server::Reactor::begin_request(Connection& connection) {
  connection.slot_ = in_request_.size();
  in_request_.push_back(&connection);
}

void Server::Reactor::end_request(Connection& connection) {
  Connection* const last = in_request_.back();
  in_request_[connection.slot_] = last;
  last->slot_ = connection.slot_;
  in_request_.pop_back();
}

void Server::Reactor::look_out() {
  uint64_t drain_until = 0;
  while (drain_until == 0 || open_ > 0 || accepting_ > 0) {
    const fs::WaitMode mode = {.stop = drain_until == 0 ? stop_word() : fs::StopWord(),
                               .parker = scheduler_.get()};
    std::ignore = fs::wait_for({}, drain_until == 0 ? kLookout_ns : kDrainingLookout_ns, mode);
    if (drain_until == 0 && is_draining()) drain_until = now_ns() + config().drain_timeout_ns;
    tell_of_closed();
    if (drain_until == 0 || now_ns() < drain_until) continue;
    for (Connection* connection : std::vector(in_request_)) connection->set_gone();
  }
}

void Server::Reactor::tell_of_closed() {
  if (in_request_.empty()) return;
  std::vector<int> fds;
  fds.reserve(in_request_.size());
  for (const Connection* connection : in_request_) fds.push_back(connection->fd());
  if (!pnet::find_closed(fds)) return;
  const std::vector<Connection*> looked_at = in_request_;
  for (size_t i = 0; i < fds.size(); i++)
    if (fds[i] == -1) looked_at[i]->set_gone();
}

std::string_view Server::Reactor::date() {
  const uint64_t second = platform::now_ns(platform::Clock::Realtime) / kSecond_ns;
  if (second == date_s_) return date_;
  date_s_ = second;
  const auto time = static_cast<time_t>(second);
  tm utc = {};
  ::gmtime_r(&time, &utc);
  // in English, whatever the locale says. spec: https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7
  constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  char text[64];
  const int size = std::snprintf(text, sizeof text, "Date: %s, %02d %s %04d %02d:%02d:%02d GMT\r\n",
                                 kDays[utc.tm_wday], utc.tm_mday, kMonths[utc.tm_mon], utc.tm_year + 1900,
                                 utc.tm_hour, utc.tm_min, utc.tm_sec);
  date_.assign(text, static_cast<size_t>(size));
  return date_;
}

}  // namespace godwit::net
