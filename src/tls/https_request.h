// HttpsRequest: the module `wasmedge_httpsreq`: whole requests to HTTPS servers, made by the host for a guest.
#pragma once

#include <expected>
#include <mutex>
#include <string>
#include <string_view>

#include "host/caller.h"
#include "host/guest_pointer.h"
#include "tls/trust.h"
#include "wasi/core.h"

namespace godwit::tls {

// The guest needs the same grants as for sockets. Functions have no way to say what went wrong but an answer of 0 bytes;
// whoever runs the guest is told. What lies outside of the guest's memory is a trap.
// @threads any; requests of several threads of a guest share the place for the answer.
class HttpsRequest final {
 public:
  static constexpr std::string_view kModule = "wasmedge_httpsreq";
  // Of a request, and of an answer.
  static constexpr size_t kMostBytes = 64 << 20;

  // @lifetime both outlive this.
  HttpsRequest(Trust& trust, wasi::Core& core) : trust_(trust), core_(core) {}
  HttpsRequest(const HttpsRequest&) = delete;
  HttpsRequest& operator=(const HttpsRequest&) = delete;

  // Sends a request (its head and its body, as HTTP/1 has them) and waits for the answer, which replaces the last one.
  Result<> wasmedge_httpsreq_send_data(host::Caller& caller, host::GuestString server, uint32_t port,
                                       host::GuestString request);
  // The size of the last answer, in bytes.
  uint32_t wasmedge_httpsreq_get_rcv_len();
  // Copies it.
  Result<> wasmedge_httpsreq_get_rcv(host::GuestPtr<uint8_t> to);

 private:
  using Answer = std::expected<std::string, std::string>;  // or what went wrong; empty: it was told already

  Answer fetch(const std::string& server, uint16_t port, std::string_view request,
               platform::fs::WaitMode mode);
  std::expected<platform::fs::FileHandle, std::string> connect(const std::string& server, uint16_t port,
                                                               platform::fs::WaitMode mode);

  Trust& trust_;
  wasi::Core& core_;
  std::mutex mutex_;  // guards what follows
  std::string answer_;
};

}  // namespace godwit::tls
