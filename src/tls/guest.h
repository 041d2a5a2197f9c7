// Guest: what TLS is for one guest, and how it is offered to a linker.
#pragma once

#include "runtime/linker.h"
#include "tls/https_request.h"
#include "tls/rustls_client.h"

namespace godwit::tls {

// @lifetime `trust` and `core` outlive it; it outlives every store that `linker` links it into. @threads any.
class Guest final {
 public:
  Guest(Trust& trust, wasi::Core& core) : rustls_client_(trust, core), https_request_(trust, core) {}

  // Offers `rustls_client` and `wasmedge_httpsreq`.
  void define(runtime::Linker& linker);

  RustlsClient& rustls_client() { return rustls_client_; }
  HttpsRequest& https_request() { return https_request_; }

 private:
  RustlsClient rustls_client_;
  HttpsRequest https_request_;
};

}  // namespace godwit::tls
