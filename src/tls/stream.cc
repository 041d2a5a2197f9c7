// Stream: moves ciphertext between a session and a socket.
#include "tls/stream.h"

#include <array>
#include <cstring>

#include "platform/net_socket.h"

namespace godwit::tls {
namespace {

namespace fs = platform::fs;
namespace net = platform::net;

// A peer that says nothing for so long is given up.
constexpr uint64_t kIdleTimeout_ns = 60'000'000'000;
// With an unfinished record (18 KiB at most) it has room in a session.
constexpr size_t kPieceBytes = 8192;

std::unexpected<Stream::Failure> fail_by_system(int error) {
  const bool is_late = error == EAGAIN;
  return std::unexpected(Stream::Failure{.text = is_late ? "the server says nothing" : std::strerror(error)});
}

}  // namespace

Stream::Failure Stream::failure(godwit_net_status status) const {
  const std::string& why = session_->explanation();
  if (status == GODWIT_NET_TRUNCATED) return {.text = "the connection ended early", .status = status};
  return {.text = why.empty() ? "TLS failed" : why, .status = status};
}

Stream::Expected<> Stream::send() {
  std::array<uint8_t, kPieceBytes> piece;
  while (const size_t size = session_->take(piece)) {
    fs::IoVector vector = {.iov_base = piece.data(), .iov_len = size};
    const auto sent = net::send(connection_.get(), {&vector, 1}, {.timeout_ns = kIdleTimeout_ns}, mode_);
    if (!sent) return fail_by_system(sent.error());
    if (*sent != size) return fail_by_system(EAGAIN);
  }
  return {};
}

Stream::Expected<> Stream::receive() {
  std::array<uint8_t, kPieceBytes> piece;
  fs::IoVector vector = {.iov_base = piece.data(), .iov_len = piece.size()};
  const auto received = net::receive(connection_.get(), {&vector, 1}, {.timeout_ns = kIdleTimeout_ns}, mode_);
  if (!received) return fail_by_system(received.error());
  const Bytes came = Bytes(piece).first(received->size_bytes);
  if (came.empty()) session_->feed_end();
  else if (session_->feed(came) != came.size()) return std::unexpected(failure(GODWIT_NET_FAILED));
  return {};
}

template <class Predicate>
Stream::Expected<> Stream::exchange(Predicate is_enough) {
  for (;;) {
    const auto advanced = session_->advance();
    const auto sent = send();  // an alert, too
    if (!advanced) return std::unexpected(failure(advanced.error()));
    if (!sent) return sent;
    if (is_enough()) return {};
    if (auto received = receive(); !received) return received;
  }
}

Stream::Expected<> Stream::write(std::string_view plain) {
  if (auto done = exchange([&] { return session_->state().is_handshaking == 0; }); !done) return done;
  while (!plain.empty()) {
    const auto taken = session_->write(plain);
    if (!taken) return std::unexpected(failure(taken.error()));
    plain.remove_prefix(*taken);
    if (auto sent = send(); !sent) return sent;
  }
  return {};
}

Stream::Expected<size_t> Stream::read(std::string& into) {
  std::array<uint8_t, kPieceBytes> piece;
  for (;;) {
    const auto size = session_->read(piece);
    if (size) {
      into += as_text(Bytes(piece).first(*size));
      return *size;
    }
    if (size.error() == GODWIT_NET_CLOSED) return 0;
    if (size.error() != GODWIT_NET_AGAIN) return std::unexpected(failure(size.error()));
    if (auto sent = send(); !sent) return std::unexpected(std::move(sent).error());
    if (auto received = receive(); !received) return std::unexpected(std::move(received).error());
  }
}

}  // namespace godwit::tls
