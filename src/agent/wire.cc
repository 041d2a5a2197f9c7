// Wire: a buffer before a stream.
#include "agent/wire.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>

namespace godwit::agent {
namespace {

constexpr size_t kMostLineBytes = size_t{64} << 10;

}  // namespace

void keep_alive(int socket) {
  const int is_on = 1, idle_s = 60, interval_s = 20, tries = 3;
  ::setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &is_on, sizeof is_on);
  ::setsockopt(socket, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
  ::setsockopt(socket, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s, sizeof interval_s);
  ::setsockopt(socket, IPPROTO_TCP, TCP_KEEPCNT, &tries, sizeof tries);
}

Result<> Wire::count(size_t bytes) {
  if (bytes > most_bytes_ - taken_)
    return fail(ErrorKind::Exhausted,
                "the answer has more than " + std::to_string(most_bytes_) + " bytes: ask for less");
  taken_ += bytes;
  return {};
}

Result<> Wire::send(std::string_view bytes, const net::Patience& patience) {
  platform::fs::IoVector piece = {.iov_base = const_cast<char*>(bytes.data()), .iov_len = bytes.size()};
  return stream_->write({&piece, 1}, patience);
}

Result<> Wire::receive(const net::Patience& patience) {
  std::array<uint8_t, 8192> piece;
  ASSIGN_OR_RETURN(const size_t size, stream_->read(piece, patience));
  if (size == 0) return fail(ErrorKind::Io, "the server closed the connection");
  if (at_ > 0) in_.erase(0, std::exchange(at_, 0));
  in_.append(as_text(Bytes(piece).first(size)));
  return {};
}

Result<std::string> Wire::take(size_t bytes, const net::Patience& patience) {
  TRY(count(bytes));
  while (in_.size() - at_ < bytes) TRY(receive(patience));
  std::string taken = in_.substr(at_, bytes);
  at_ += bytes;
  return taken;
}

Result<std::string> Wire::take_line(const net::Patience& patience) {
  for (size_t looked_at = 0;;) {
    const size_t end = in_.find("\r\n", at_ + looked_at);
    if (end != std::string::npos) {
      std::string line = in_.substr(at_, end - at_);
      at_ = end + 2;
      TRY(count(line.size() + 2));
      return line;
    }
    looked_at = in_.size() - at_;
    if (looked_at > kMostLineBytes)
      return fail(ErrorKind::Malformed, "the server sends a line without an end");
    if (looked_at > 0) looked_at--;  // half of the line's end
    TRY(receive(patience));
  }
}

}  // namespace godwit::agent
