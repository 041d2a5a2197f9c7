// The functions of `rustls_client`.
#include "tls/rustls_client.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <string>

#include "runtime/guest_access.h"

namespace godwit::tls {
namespace {

// The longest name that is looked at: no host has a longer one.
constexpr uint32_t kMostNameBytes = 1024;
// Of a request to a virtual host.
constexpr size_t kMostRequestBytes = size_t{16} << 20;

std::unexpected<RustlsError> refuse(RustlsError error) { return std::unexpected(error); }

RustlsError number_of(godwit_net_status status) {
  switch (status) {
    case GODWIT_NET_AGAIN: return RustlsError::IoWouldBlock;
    case GODWIT_NET_TRUNCATED: return RustlsError::Io;
    case GODWIT_NET_NAME: return RustlsError::UnsupportedNameType;
    case GODWIT_NET_AUTHORITY:
    case GODWIT_NET_HOST:
    case GODWIT_NET_EXPIRED:
    case GODWIT_NET_UNTRUSTED: return RustlsError::InvalidCertificateData;
    case GODWIT_NET_ALERT: return RustlsError::AlertReceived;
    case GODWIT_NET_CORRUPT: return RustlsError::CorruptMessage;
    case GODWIT_NET_PEER: return RustlsError::PeerMisbehaved;
    default: return RustlsError::General;
  }
}

}  // namespace

template <class Function>
int32_t RustlsClient::with(int32_t codec, Function function) {
  std::shared_ptr<Session> session;
  {
    const std::lock_guard lock(mutex_);
    const auto found = codecs_.find(codec);
    if (found == codecs_.end()) return static_cast<int32_t>(RustlsError::Param);
    session = found->second;
  }
  const std::lock_guard lock(session->busy());
  const Answer answer = function(*session);
  return answer ? *answer : static_cast<int32_t>(answer.error());
}

RustlsError RustlsClient::error_of(godwit_net_status status, const Session& session) {
  if (std::string text = advice(status, session); !text.empty())
    core_.denials->tell(wasi::Denials::Topic::Tls, std::move(text));
  return number_of(status);
}

std::shared_ptr<RustlsClient::VirtualSession> RustlsClient::find_virtual(int32_t codec) {
  const std::lock_guard lock(mutex_);
  const auto found = virtual_codecs_.find(codec);
  return found == virtual_codecs_.end() ? nullptr : found->second;
}

int32_t RustlsClient::write_virtual(VirtualSession& session, host::GuestSpan<uint8_t> from) {
  const auto bytes = from.bytes();
  if (!bytes) return static_cast<int32_t>(RustlsError::Param);
  if (session.is_answered) return static_cast<int32_t>(RustlsError::General);  // one request for each
  if (bytes->size() > kMostRequestBytes - session.request.size())
    return static_cast<int32_t>(RustlsError::General);
  {
    const runtime::GuestAccess access;
    session.request += as_text(*bytes);
  }
  const size_t wanted = platform::net::request_bytes(session.request);
  if (wanted != 0 && session.request.size() >= wanted) {
    session.answer = core_.virtual_hosts->answer(session.host, session.request);
    session.request = {};
    session.is_answered = true;
  }
  return static_cast<int32_t>(bytes->size());
}

int32_t RustlsClient::read_virtual(VirtualSession& session, host::GuestSpan<uint8_t> to) {
  const auto bytes = to.bytes();
  if (!bytes) return static_cast<int32_t>(RustlsError::Param);
  if (!session.is_answered) return static_cast<int32_t>(RustlsError::IoWouldBlock);
  const size_t size = std::min(bytes->size(), session.answer.size() - session.read_bytes);
  const runtime::GuestAccess access;
  if (size > 0) std::memcpy(bytes->data(), session.answer.data() + session.read_bytes, size);
  session.read_bytes += size;
  return static_cast<int32_t>(size);
}

Result<int32_t> RustlsClient::new_codec(int32_t config, host::GuestString server) {
  if (config != kDefaultConfig || server.size() > kMostNameBytes)
    return static_cast<int32_t>(RustlsError::Param);
  std::string name;
  {
    const auto view = server.view();
    if (!view) return static_cast<int32_t>(RustlsError::Param);
    const runtime::GuestAccess access;
    name = *view;
  }
  const bool is_virtual = core_.virtual_hosts && core_.virtual_hosts->serves(name);
  if (!is_virtual) TRY(trust_.load());
  const std::lock_guard lock(mutex_);
  if (codecs_.size() + virtual_codecs_.size() >= kMostCodecs ||
      next_codec_ == std::numeric_limits<int32_t>::max())
    return static_cast<int32_t>(RustlsError::General);
  if (is_virtual) {
    virtual_codecs_.emplace(next_codec_, std::make_shared<VirtualSession>()).first->second->host =
        std::move(name);
    return next_codec_++;
  }
  auto session = trust_.connect(name);
  if (!session) return static_cast<int32_t>(number_of(session.error()));
  codecs_.emplace(next_codec_, std::move(*session));
  return next_codec_++;
}

int32_t RustlsClient::codec_is_handshaking(int32_t codec) {
  if (find_virtual(codec)) return 0;
  return with(codec, [](Session& session) -> Answer { return session.state().is_handshaking != 0 ? 1 : 0; });
}

int32_t RustlsClient::codec_wants(int32_t codec) {
  if (find_virtual(codec)) return 0;
  return with(codec, [](Session& session) -> Answer {
    const godwit_net_state state = session.state();
    return (state.wants_read != 0 ? 1 : 0) | (state.to_take_bytes != 0 ? 2 : 0);
  });
}

int32_t RustlsClient::delete_codec(int32_t codec) {
  std::shared_ptr<Session> deleted;  // after the lock is open: somebody may use it still
  const std::lock_guard lock(mutex_);
  if (virtual_codecs_.erase(codec) > 0) return 0;
  const auto found = codecs_.find(codec);
  if (found == codecs_.end()) return static_cast<int32_t>(RustlsError::Param);
  deleted = std::move(found->second);
  codecs_.erase(found);
  return 0;
}

int32_t RustlsClient::send_close_notify(int32_t codec) {
  if (find_virtual(codec)) return 0;
  return with(codec, [](Session& session) -> Answer {
    session.close();
    return 0;
  });
}

int32_t RustlsClient::process_new_packets(int32_t codec, host::GuestPtr<IoState> out) {
  if (const auto session = find_virtual(codec)) {
    const size_t left = session->answer.size() - session->read_bytes;
    const bool is_written = out.write({.tls_bytes_to_write = 0,
                                       .plaintext_bytes_to_read = static_cast<uint32_t>(left),
                                       .peer_has_closed = session->is_answered,
                                       .padding = {}})
                                .has_value();
    return is_written ? 0 : static_cast<int32_t>(RustlsError::Param);
  }
  return with(codec, [&](Session& session) -> Answer {
    if (!out.check()) return refuse(RustlsError::Param);
    if (const auto done = session.advance(); !done) return refuse(error_of(done.error(), session));
    const godwit_net_state state = session.state();
    const bool is_written = out.write({.tls_bytes_to_write = state.to_take_bytes,
                                       .plaintext_bytes_to_read = state.to_read_bytes,
                                       .peer_has_closed = state.has_closed,
                                       .padding = {}})
                                .has_value();
    return is_written ? Answer(0) : refuse(RustlsError::Param);
  });
}

int32_t RustlsClient::write_tls(int32_t codec, host::GuestSpan<uint8_t> to) {
  if (find_virtual(codec)) return 0;
  return with(codec, [&](Session& session) -> Answer {
    const auto bytes = to.bytes();
    if (!bytes) return refuse(RustlsError::Param);
    const runtime::GuestAccess access;
    return static_cast<int32_t>(session.take(*bytes));  // bounded by what a session keeps
  });
}

int32_t RustlsClient::write_raw(int32_t codec, host::GuestSpan<uint8_t> from) {
  if (const auto session = find_virtual(codec)) return write_virtual(*session, from);
  return with(codec, [&](Session& session) -> Answer {
    const auto bytes = from.bytes();
    if (!bytes) return refuse(RustlsError::Param);
    std::string plain;  // a copy: other threads of the guest must not change it while it is enciphered
    {
      const runtime::GuestAccess access;
      plain = as_text(bytes->first(std::min<size_t>(bytes->size(), GODWIT_NET_BUFFER_BYTES)));
    }
    const auto taken = session.write(plain);
    if (!taken) return refuse(error_of(taken.error(), session));
    return static_cast<int32_t>(*taken);
  });
}

int32_t RustlsClient::read_tls(int32_t codec, host::GuestSpan<uint8_t> from) {
  if (find_virtual(codec)) return static_cast<int32_t>(std::min<size_t>(from.size(), INT32_MAX));
  return with(codec, [&](Session& session) -> Answer {
    const auto bytes = from.bytes();
    if (!bytes) return refuse(RustlsError::Param);
    if (from.size() == 0) {
      session.feed_end();
      return 0;
    }
    const runtime::GuestAccess access;
    const size_t taken = session.feed(bytes->first(std::min<size_t>(bytes->size(), INT32_MAX)));
    if (taken == 0) return refuse(RustlsError::IoWouldBlock);  // full; 0 would mean the end to the crate
    return static_cast<int32_t>(taken);
  });
}

int32_t RustlsClient::read_raw(int32_t codec, host::GuestSpan<uint8_t> to) {
  if (const auto session = find_virtual(codec)) return read_virtual(*session, to);
  return with(codec, [&](Session& session) -> Answer {
    const auto bytes = to.bytes();
    if (!bytes) return refuse(RustlsError::Param);
    const runtime::GuestAccess access;
    const auto size = session.read(*bytes);
    if (size) return static_cast<int32_t>(*size);
    return size.error() == GODWIT_NET_CLOSED ? Answer(0) : refuse(error_of(size.error(), session));
  });
}

}  // namespace godwit::tls
