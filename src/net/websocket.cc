// WebSocket: the handshake, and frames.
#include "net/websocket.h"

#include <algorithm>
#include <boost/beast/websocket/detail/hybi13.hpp>
#include <cerrno>
#include <tuple>

#include "base/utf8.h"
#include "net/message.h"
#include "platform/clock.h"

namespace godwit::net {
namespace {

namespace fs = platform::fs;
namespace beast = boost::beast::websocket::detail;

constexpr size_t kMostControlBytes = 125;  // spec: https://www.rfc-editor.org/rfc/rfc6455#section-5.5
constexpr uint32_t kControlsInTurn = 64;
constexpr uint64_t kPause_ns = 1'000'000;
constexpr size_t kKeyChars = 24;  // 16 bytes in base64
constexpr uint8_t kLastBit = 0x80, kMaskBit = 0x80, kReservedBits = 0x70, kControlBit = 0x08;

bool has_word(const std::string* field, std::string_view word) {
  if (!field) return false;
  for (std::string_view rest = *field; !rest.empty();) {
    const size_t end = std::min(rest.find(','), rest.size());
    std::string_view item = rest.substr(0, end);
    while (item.starts_with(' ') || item.starts_with('\t')) item.remove_prefix(1);
    while (item.ends_with(' ') || item.ends_with('\t')) item.remove_suffix(1);
    if (equals_ignoring_case(item, word)) return true;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return false;
}

bool is_utf8(std::string_view text) { return godwit::is_utf8(as_bytes(text)); }

//   byte 0  last │ reserved × 3 │ opcode × 4     1  masked │ size × 7 (126: two bytes follow, 127: eight)     …  bytes
std::string frame_of(uint8_t opcode, std::string_view bytes) {
  std::string frame(1, static_cast<char>(kLastBit | opcode));
  const auto put = [&](size_t count) {
    for (size_t i = count; i-- > 0;) frame += static_cast<char>(bytes.size() >> (8 * i) & 0xff);
  };
  if (bytes.size() <= kMostControlBytes) {
    frame += static_cast<char>(bytes.size());
  } else if (bytes.size() <= 0xffff) {
    frame += static_cast<char>(126);
    put(2);
  } else {
    frame += static_cast<char>(127);
    put(8);
  }
  frame += bytes;
  return frame;
}

// What a client may say. spec: https://www.rfc-editor.org/rfc/rfc6455#section-7.4
bool may_be_said(uint32_t code) {
  return (code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006) ||
         (code >= 3000 && code <= 4999);
}

Result<> refuse_upgrade(ResponseWriter& response, uint32_t status, std::string_view why) {
  response.set_status(status);
  TRY(response.add_field("Content-Type", "text/plain; charset=utf-8"));
  if (status == 426) TRY(response.add_field("Sec-WebSocket-Version", "13"));
  TRY(response.send(std::string(why) + "\n"));
  return fail(ErrorKind::Usage, std::string(why));
}

}  // namespace

bool WebSocket::is_asked_for(const Request& request) {
  return has_word(request.field("upgrade"), "websocket");
}

Result<std::shared_ptr<WebSocket>> WebSocket::accept(Request& request, ResponseWriter& response,
                                                     const WebSocketLimits& limits) {
  const std::string* version = request.field("sec-websocket-version");
  const std::string* key = request.field("sec-websocket-key");
  if (version && *version != "13")
    TRY(refuse_upgrade(response, 426, "version 13 of WebSocket is spoken here"));
  if (request.method() != "GET" || !version || !key || key->size() != kKeyChars ||
      !has_word(request.field("connection"), "upgrade"))
    TRY(refuse_upgrade(response, 400, "the request for a WebSocket is not whole"));
  beast::sec_ws_accept_type accepted;
  beast::make_sec_ws_accept(accepted, *key);
  ASSIGN_OR_RETURN(async::Signal changed, async::Signal::create());
  ASSIGN_OR_RETURN(async::Signal written, async::Signal::create());
  TRY(response.switch_protocols("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
                                std::string(accepted.data(), accepted.size()) + "\r\n"));
  return std::shared_ptr<WebSocket>(new WebSocket(request, limits, std::move(changed), std::move(written)));
}

bool WebSocket::is_closing() {
  const std::lock_guard lock(mutex_);
  return is_closing_;
}

void WebSocket::pause() {
  if (++controls_ % kControlsInTurn == 0) std::ignore = fs::wait_for({}, kPause_ns, request_.mode());
}

bool WebSocket::fill(size_t bytes) {
  while (input().size() < bytes) {
    in_.erase(0, std::exchange(at_, 0));
    uint64_t patience_ns = limits_.quiet_ns;
    if (is_closing()) {
      // who goes on talking does not keep it open
      const uint64_t now_ns = platform::now_ns(platform::Clock::Monotonic);
      if (!ends_at_ns_) ends_at_ns_ = now_ns + limits_.quiet_ns;
      if (now_ns >= *ends_at_ns_) return false;
      patience_ns = *ends_at_ns_ - now_ns;
    }
    const auto size = request_.receive(in_, patience_ns);
    if (size && *size > 0) {
      is_asked_ = false;
      continue;
    }
    if (size) return false;
    if (size.error().code() == EINTR) {
      close(CloseCode::GoingAway);
      close_code_ = CloseCode::GoingAway;
      return false;
    }
    // nothing came for so long: is anybody there?
    if (size.error().code() != ETIMEDOUT || std::exchange(is_asked_, true)) return false;
    const std::lock_guard lock(mutex_);
    if (is_closing_) return false;
    queue_ += frame_of(static_cast<uint8_t>(Opcode::Ping), {});
    changed_.raise();
  }
  return true;
}

std::optional<WebSocket::Frame> WebSocket::refuse(CloseCode code, std::string_view why) {
  close(code, why);
  close_code_ = code;
  return std::nullopt;
}

std::optional<WebSocket::Frame> WebSocket::next_frame(uint64_t most_bytes) {
  if (!fill(2)) return std::nullopt;
  const auto byte = [&](size_t at) { return static_cast<uint8_t>(in_[at_ + at]); };
  const uint8_t first = byte(0);
  uint64_t size = byte(1) & ~kMaskBit;
  const bool is_control = (first & kControlBit) != 0;
  if ((first & kReservedBits) != 0 || (byte(1) & kMaskBit) == 0)
    return refuse(CloseCode::Protocol, "frames of clients are masked, and use no extension here");
  if (is_control && (size > kMostControlBytes || (first & kLastBit) == 0))
    return refuse(CloseCode::Protocol, "a control frame is small and whole");
  const size_t size_bytes = size < 126 ? 0 : size == 126 ? 2 : 8;
  const size_t head = 2 + size_bytes + 4;
  if (!fill(head)) return std::nullopt;
  if (size_bytes > 0) size = 0;
  for (size_t i = 0; i < size_bytes; i++) size = size << 8 | byte(2 + i);
  if (!is_control && size > most_bytes) return refuse(CloseCode::TooLarge, "the message is too large");
  if (!fill(head + size)) return std::nullopt;
  Frame frame = {.opcode = static_cast<Opcode>(first & 0x0f),
                 .is_last = (first & kLastBit) != 0,
                 .bytes = std::string(input().substr(head, size))};
  for (size_t i = 0; i < size; i++)
    frame.bytes[i] = static_cast<char>(frame.bytes[i] ^ in_[at_ + head - 4 + i % 4]);
  at_ += head + size;
  return frame;
}

void WebSocket::take_close(std::string_view bytes) {
  const auto code =
      bytes.size() < 2
          ? uint32_t{1005}
          : static_cast<uint32_t>(static_cast<uint8_t>(bytes[0]) << 8 | static_cast<uint8_t>(bytes[1]));
  const bool is_good = bytes.empty() || (bytes.size() >= 2 && may_be_said(code) && is_utf8(bytes.substr(2)));
  close_code_ = is_good ? static_cast<CloseCode>(code) : CloseCode::Protocol;
  close(is_good && code == 1005 ? CloseCode::None : close_code_);
}

std::optional<WebSocket::Message> WebSocket::next() {
  std::optional<Message> message;
  for (;;) {
    auto frame = next_frame(limits_.message_bytes - (message ? message->bytes.size() : 0));
    if (!frame) return std::nullopt;
    switch (frame->opcode) {
      case Opcode::Ping: {
        const std::lock_guard lock(mutex_);
        pong_ = std::move(frame->bytes);
        changed_.raise();
        break;
      }
      case Opcode::Pong: break;
      case Opcode::Close: take_close(frame->bytes); return std::nullopt;
      case Opcode::Text:
      case Opcode::Binary:
        if (message) return refuse(CloseCode::Protocol, "a message begins in another's midst"), std::nullopt;
        message.emplace(frame->opcode == Opcode::Text, std::move(frame->bytes));
        break;
      case Opcode::More:
        if (!message)
          return refuse(CloseCode::Protocol, "a message goes on that has not begun"), std::nullopt;
        message->bytes += frame->bytes;
        break;
      default: return refuse(CloseCode::Protocol, "there is no such frame"), std::nullopt;
    }
    if (static_cast<uint8_t>(frame->opcode) >= kControlBit || !frame->is_last) {
      pause();
      continue;
    }
    if (message->is_text && !is_utf8(message->bytes))
      return refuse(CloseCode::NotUtf8, "the text is no UTF-8"), std::nullopt;
    return message;
  }
}

Result<> WebSocket::send(bool is_text, std::string_view bytes) {
  const std::lock_guard lock(mutex_);
  if (is_closing_ || is_ended_) return fail(ErrorKind::NotFound, "the connection has ended");
  if (queue_.size() + bytes.size() > limits_.unsent_bytes)
    return fail(ErrorKind::Exhausted, "the client takes too little of what is sent");
  if (is_text && !is_utf8(bytes)) return fail(ErrorKind::Usage, "a text is UTF-8");
  queue_ += frame_of(static_cast<uint8_t>(is_text ? Opcode::Text : Opcode::Binary), bytes);
  changed_.raise();
  return {};
}

void WebSocket::close(CloseCode code, std::string_view why) {
  const std::lock_guard lock(mutex_);
  if (std::exchange(is_closing_, true)) return;
  std::string bytes;
  if (code != CloseCode::None && code != CloseCode::Abnormal) {
    bytes += static_cast<char>(static_cast<uint16_t>(code) >> 8);
    bytes += static_cast<char>(static_cast<uint16_t>(code) & 0xff);
    if (why.size() <= kMostControlBytes - 2 && is_utf8(why)) bytes += why;
  }
  queue_ += frame_of(static_cast<uint8_t>(Opcode::Close), bytes);
  changed_.raise();
}

void WebSocket::write_all() {
  for (bool is_last = false; !is_last;) {
    std::string bytes;
    {
      const std::lock_guard lock(mutex_);
      bytes = std::exchange(queue_, {});
      // a ping that came after the end is nobody's
      if (const auto pong = std::exchange(pong_, std::nullopt); pong && !is_closing_)
        bytes += frame_of(static_cast<uint8_t>(Opcode::Pong), *pong);
      is_last = is_closing_ || is_ended_;
    }
    if (!bytes.empty() && !request_.send_raw(bytes)) break;
    if (!is_last) std::ignore = changed_.wait(request_.mode());
    if (request_.gone().load(std::memory_order_relaxed) != 0) break;
  }
  {
    const std::lock_guard lock(mutex_);
    is_ended_ = true;
  }
  written_.raise();
}

void WebSocket::finish() {
  close(CloseCode::Normal);
  std::ignore = written_.wait({.stop = {}, .parker = &request_.scheduler()});
}

}  // namespace godwit::net
