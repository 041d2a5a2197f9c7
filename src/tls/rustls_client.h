// RustlsClient: the module `rustls_client`: TLS for guests that move the ciphertext over sockets of their own.
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <memory>
#include <mutex>

#include "host/caller.h"
#include "host/guest_pointer.h"
#include "tls/trust.h"
#include "wasi/core.h"

namespace godwit::tls {

// What functions answer with instead of a result. spec: the crate wasmedge_rustls_api 0.1.1 numbers them so
enum class RustlsError : int32_t {
  Param = -1,  // no such handle, or a range outside of the guest's memory
  CorruptMessage = -4,
  UnsupportedNameType = -7,
  PeerMisbehaved = -11,
  AlertReceived = -12,
  InvalidCertificateData = -16,
  General = -18,
  IoWouldBlock = -25,
  Io = -26,
};

// Each function returns 0 or more, or one of those errors. Handles (codecs) are never used twice.
// @threads any; calls on one codec wait for each other.
class RustlsClient final {
 public:
  static constexpr std::string_view kModule = "rustls_client";
  // Codecs that a guest may have at a time: each may keep three times GODWIT_NET_BUFFER_BYTES.
  static constexpr size_t kMostCodecs = 1024;

  // @lifetime all outlive this.
  RustlsClient(Trust& trust, wasi::Core& core) : trust_(trust), core_(core) {}
  RustlsClient(const RustlsClient&) = delete;
  RustlsClient& operator=(const RustlsClient&) = delete;

  // What process_new_packets writes.
  //   offset 0  ciphertext to write u32    4  plaintext to read u32    8  whether the peer has closed u8, padding
  struct IoState {
    uint32_t tls_bytes_to_write;
    uint32_t plaintext_bytes_to_read;
    uint8_t peer_has_closed;
    uint8_t padding[3];
  };

  // The only config there is: whom whoever runs the guest trusts.
  int32_t default_config() { return kDefaultConfig; }
  // Starts a session with a server of that name; returns the codec.
  // @errors of Result: the library is absent, which ends the guest.
  Result<int32_t> new_codec(int32_t config, host::GuestString server);
  int32_t codec_is_handshaking(int32_t codec);
  // 1: it wants ciphertext from the peer; 2: it has some for it.
  int32_t codec_wants(int32_t codec);
  int32_t delete_codec(int32_t codec);
  int32_t send_close_notify(int32_t codec);
  int32_t process_new_packets(int32_t codec, host::GuestPtr<IoState> state);
  // Fills the buffer with ciphertext for the peer; returns how much.
  int32_t write_tls(int32_t codec, host::GuestSpan<uint8_t> to);
  // Takes plaintext; returns how much.
  int32_t write_raw(int32_t codec, host::GuestSpan<uint8_t> from);
  // Takes ciphertext from the peer; returns how much. An empty buffer says that no more will come.
  int32_t read_tls(int32_t codec, host::GuestSpan<uint8_t> from);
  // Fills the buffer with plaintext; returns how much: 0 when the peer has closed, or there is no room.
  int32_t read_raw(int32_t codec, host::GuestSpan<uint8_t> to);

 private:
  static constexpr int32_t kDefaultConfig = 0;
  using Answer = std::expected<int32_t, RustlsError>;

  // With a virtual host there is no handshake and no ciphertext: what the guest writes is the request, and once that is whole,
  // what it reads is the answer.
  struct VirtualSession {
    std::string host;
    std::string request;
    std::string answer;
    size_t read_bytes = 0;  // of the answer
    bool is_answered = false;
  };
  std::shared_ptr<VirtualSession> find_virtual(int32_t codec);
  int32_t write_virtual(VirtualSession& session, host::GuestSpan<uint8_t> from);
  static int32_t read_virtual(VirtualSession& session, host::GuestSpan<uint8_t> to);

  // Calls function(session) with the codec's session, alone.
  template <class Function>
  int32_t with(int32_t codec, Function function);
  RustlsError error_of(godwit_net_status status, const Session& session);

  Trust& trust_;
  wasi::Core& core_;
  std::mutex mutex_;  // guards what follows
  std::map<int32_t, std::shared_ptr<Session>> codecs_;
  std::map<int32_t, std::shared_ptr<VirtualSession>> virtual_codecs_;
  int32_t next_codec_ = 0;
};

}  // namespace godwit::tls
