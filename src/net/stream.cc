// Streams over sockets.
#include "net/stream.h"

#include <cerrno>
#include <cstring>
#include <tuple>

#include "platform/net_socket.h"

namespace godwit::net {
namespace {

namespace fs = platform::fs;

class TcpStream final : public Stream {
 public:
  explicit TcpStream(fs::FileHandle socket) : socket_(std::move(socket)) {}

  Result<size_t> read(MutableBytes to, const Patience& patience) override {
    fs::IoVector piece = {.iov_base = to.data(), .iov_len = to.size()};
    const auto received = platform::net::receive(socket_.get(), {&piece, 1},
                                                 {.timeout_ns = patience.timeout_ns}, patience.mode);
    if (!received) return fail(os_error(received.error(), "cannot read from the connection"));
    return received->size_bytes;
  }

  Result<> write(std::span<fs::IoVector> pieces, const Patience& patience) override {
    size_t left = 0;
    for (const fs::IoVector& piece : pieces) left += piece.iov_len;
    while (left > 0) {
      // as much as goes, so that the time is that of a standstill, not of the whole
      const auto sent = platform::net::send(socket_.get(), pieces, {.blocking = fs::Blocking::Never}, {});
      if (sent) {
        left -= *sent;
        if (left == 0) break;
        pieces = fs::without_front(pieces, *sent);
        continue;
      }
      auto error = sent.error();
      if (error == EAGAIN) {
        const auto waited = fs::wait_writable(socket_.get(), patience.mode, patience.timeout_ns);
        if (waited) continue;
        error = waited.error();
      }
      return fail(os_error(error, "cannot write to the connection"));
    }
    return {};
  }

  void end() override { std::ignore = platform::net::shut_down(socket_.get(), platform::net::Side::Writing); }
  int fd() const override { return socket_.get(); }

 private:
  fs::FileHandle socket_;
};

}  // namespace

std::unique_ptr<Stream> tcp_stream(fs::FileHandle socket) {
  return std::make_unique<TcpStream>(std::move(socket));
}

Error os_error(int error, std::string_view what) {
  if (error == EAGAIN) error = ETIMEDOUT;
  const std::string why = error == ETIMEDOUT ? "nothing happened for too long"
                          : error == EINTR   ? "called off"
                                             : std::strerror(error);
  return Error(ErrorKind::Io, static_cast<uint32_t>(error), std::string(what) + ": " + why);
}

}  // namespace godwit::net
