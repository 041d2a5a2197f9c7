// Trust: what OpenSSL is told once for all sessions.
#include "trust.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <climits>

namespace godwit::tls {
namespace {

// Adds all certificates of a text in PEM. @returns how many; -1: one cannot be read
int add_authorities(X509_STORE* store, std::string_view text) {
  if (text.size() > INT_MAX) return -1;
  const Bio bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  if (!bio) return -1;
  for (int count = 0;; count++) {
    const Certificate certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    if (!certificate) {
      const bool is_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
      if (!is_end) return -1;
      ERR_clear_error();
      return count;
    }
    if (X509_STORE_add_cert(store, certificate.get()) != 1) return -1;
  }
}

}  // namespace

std::string take_openssl_error() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "no reason given";
  const char* reason = ERR_reason_error_string(code);
  return reason ? reason : "error " + std::to_string(code);
}

std::unique_ptr<Trust> Trust::create(bool trusts_system, std::span<const Authorities> authorities,
                                     std::string& explanation) {
  ERR_clear_error();
  SslContext context(SSL_CTX_new(TLS_client_method()));
  const auto refuse = [&](std::string why) {
    explanation = std::move(why);
    return nullptr;
  };
  if (!context || SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) != 1)
    return refuse("OpenSSL cannot be set up: " + take_openssl_error());
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  // A write takes what there is room for, and may be repeated from another place. Idle sessions keep no buffers.
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                      SSL_MODE_RELEASE_BUFFERS);
  if (trusts_system && SSL_CTX_set_default_verify_paths(context.get()) != 1)
    return refuse("the system's authorities cannot be found: " + take_openssl_error());
  for (const auto& [name, pem] : authorities) {
    const int count = add_authorities(SSL_CTX_get_cert_store(context.get()), pem);
    const std::string file = "'" + std::string(name) + "': ";
    if (count < 0) return refuse(file + "a certificate cannot be read: " + take_openssl_error());
    if (count == 0) return refuse(file + "there is no certificate in PEM (-----BEGIN CERTIFICATE-----)");
  }
  ERR_clear_error();  // of files that a system may lack
  return std::unique_ptr<Trust>(new Trust(std::move(context)));
}

}  // namespace godwit::tls
