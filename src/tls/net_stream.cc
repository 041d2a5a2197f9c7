// NetStream: bytes between a session and a socket.
#include "tls/net_stream.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <tuple>

#include "platform/clock.h"
#include "platform/net_socket.h"

namespace godwit::tls {
namespace {

namespace fs = platform::fs;
namespace pnet = platform::net;

constexpr size_t kPieceBytes = 8192;
constexpr uint64_t kPause_ns = 1'000'000;
// Of a record that begins a handshake. spec: https://www.rfc-editor.org/rfc/rfc8446#section-5.1
constexpr uint8_t kHandshakeRecord = 22;

uint64_t now_ns() { return platform::now_ns(platform::Clock::Monotonic); }

// What is left of a patience that began at `begin_ns`.
net::Patience left(const net::Patience& patience, uint64_t begin_ns) {
  if (patience.timeout_ns == fs::kForever) return patience;
  const uint64_t passed = now_ns() - begin_ns;
  return {.mode = patience.mode, .timeout_ns = patience.timeout_ns - std::min(passed, patience.timeout_ns)};
}

}  // namespace

Result<> NetStream::begin(const net::Patience& patience) {
  const uint64_t began = now_ns();
  for (;;) {
    const auto advanced = session_->advance();
    TRY(send(left(patience, began)));
    if (!advanced) {
      if (speaks_http_) answer_plain_http();
      return fail(failure(advanced.error()));
    }
    if (session_->state().is_handshaking == 0) return {};
    TRY(receive(left(patience, began)));
  }
}

void NetStream::answer_plain_http() {
  std::string_view text =
      "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 42\r\nConnection: "
      "close\r\n\r\n"
      "This address speaks TLS: ask by https://.\n";
  fs::IoVector piece = {.iov_base = const_cast<char*>(text.data()), .iov_len = text.size()};
  std::ignore = pnet::send(socket_.get(), {&piece, 1}, {.blocking = fs::Blocking::Never}, {});
}

Result<size_t> NetStream::read(MutableBytes to, const net::Patience& patience) {
  const uint64_t began = now_ns();
  for (;;) {
    const auto size = session_->read(to);
    if (size) return *size;
    if (size.error() == GODWIT_NET_CLOSED) return size_t{0};
    if (size.error() != GODWIT_NET_AGAIN) return fail(failure(size.error()));
    TRY(send(left(patience, began)));
    TRY(receive(left(patience, began)));
    if (const auto advanced = session_->advance(); !advanced) {
      TRY(send(left(patience, began)));
      return fail(failure(advanced.error()));
    }
  }
}

Result<> NetStream::write(std::span<fs::IoVector> pieces, const net::Patience& patience) {
  for (const fs::IoVector& piece : pieces) {
    std::string_view plain(static_cast<const char*>(piece.iov_base), piece.iov_len);
    while (!plain.empty()) {
      const auto taken = session_->write(plain);
      if (!taken) return fail(failure(taken.error()));
      plain.remove_prefix(*taken);
      // full, and the other fiber is about to send it
      if (*taken == 0 && is_sending_) std::ignore = fs::wait_for({}, kPause_ns, patience.mode);
      TRY(send(patience));
    }
  }
  return {};
}

void NetStream::end() {
  session_->close();
  std::ignore = send({.mode = {}, .timeout_ns = 0});
  std::ignore = pnet::shut_down(socket_.get(), pnet::Side::Writing);
}

// Of two fibers the first sends what there is of both: pieces of two would mix.
Result<> NetStream::send(const net::Patience& patience) {
  if (is_sending_) return {};
  is_sending_ = true;
  auto sent = send_all(patience);
  is_sending_ = false;
  return sent;
}

Result<> NetStream::send_all(const net::Patience& patience) {
  std::array<uint8_t, kPieceBytes> piece;
  while (const size_t size = session_->take(piece)) {
    fs::IoVector vector = {.iov_base = piece.data(), .iov_len = size};
    const auto sent =
        pnet::send(socket_.get(), {&vector, 1}, {.timeout_ns = patience.timeout_ns}, patience.mode);
    if (!sent) return fail(net::os_error(sent.error(), "cannot write to the connection"));
    if (*sent != size) return fail(net::os_error(ETIMEDOUT, "cannot write to the connection"));
  }
  return {};
}

Result<> NetStream::receive(const net::Patience& patience) {
  std::array<uint8_t, kPieceBytes> piece;
  fs::IoVector vector = {.iov_base = piece.data(), .iov_len = piece.size()};
  const auto received =
      pnet::receive(socket_.get(), {&vector, 1}, {.timeout_ns = patience.timeout_ns}, patience.mode);
  if (!received) return fail(net::os_error(received.error(), "cannot read from the connection"));
  const Bytes came = Bytes(piece).first(received->size_bytes);
  if (came.empty()) {
    session_->feed_end();
    return {};
  }
  if (!std::exchange(has_begun_, true)) {
    const bool is_servers = session_->server_name().empty();
    speaks_http_ = is_servers && came[0] != kHandshakeRecord && came[0] >= 'A' && came[0] <= 'Z';
  }
  session_->feed(came);
  return {};
}

Error NetStream::failure(godwit_net_status status) const {
  if (status == GODWIT_NET_TRUNCATED) return Error(ErrorKind::Io, ECONNRESET, "the connection ended early");
  const std::string& why = session_->explanation();
  return Error(ErrorKind::Io, "TLS: " + (why.empty() ? std::string("failed") : why));
}

}  // namespace godwit::tls
