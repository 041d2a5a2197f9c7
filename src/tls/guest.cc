// Offers the modules for TLS.
#include "tls/guest.h"

#include "host/host.h"

namespace godwit::tls {

void Guest::define(runtime::Linker& linker) {
#define GODWIT_RUSTLS_CLIENT(name) \
  host::define<&RustlsClient::name>(linker, RustlsClient::kModule, #name, rustls_client_);
#include "tls/rustls_client.def"
#define GODWIT_HTTPS_REQUEST(name) \
  host::define<&HttpsRequest::name>(linker, HttpsRequest::kModule, #name, https_request_);
  GODWIT_HTTPS_REQUEST(wasmedge_httpsreq_send_data)
  GODWIT_HTTPS_REQUEST(wasmedge_httpsreq_get_rcv_len)
  GODWIT_HTTPS_REQUEST(wasmedge_httpsreq_get_rcv)
#undef GODWIT_HTTPS_REQUEST
}

}  // namespace godwit::tls
