// Identity: what OpenSSL is told once for all sessions of a server.
#include "identity.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <climits>

namespace godwit::tls {
namespace {

using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;

// A key that is encrypted has nobody here to ask for its pass phrase.
int no_pass_phrase(char*, int, int, void*) { return -1; }

Bio bio_over(std::string_view text) {
  return Bio(text.size() > INT_MAX ? nullptr : BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// The first is the server's own. @returns how many; -1: one cannot be read, or is not taken
int use_certificates(SSL_CTX* context, std::string_view text) {
  const Bio bio = bio_over(text);
  if (!bio) return -1;
  for (int count = 0;; count++) {
    Certificate certificate(PEM_read_bio_X509(bio.get(), nullptr, no_pass_phrase, nullptr));
    if (!certificate) {
      if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) return -1;
      ERR_clear_error();
      return count;
    }
    if (count == 0) {
      if (SSL_CTX_use_certificate(context, certificate.get()) != 1) return -1;
    } else {
      if (SSL_CTX_add0_chain_cert(context, certificate.get()) != 1) return -1;
      static_cast<void>(certificate.release());
    }
  }
}

}  // namespace

int Identity::select(SSL*, const unsigned char** chosen, unsigned char* size, const unsigned char* offered,
                     unsigned offered_size, void* self) {
  const std::string& own = static_cast<const Identity*>(self)->protocols_;
  unsigned char* found = nullptr;
  if (SSL_select_next_proto(&found, size, reinterpret_cast<const unsigned char*>(own.data()),
                            static_cast<unsigned>(own.size()), offered,
                            offered_size) != OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_ALERT_FATAL;  // spec: https://www.rfc-editor.org/rfc/rfc7301#section-3.2
  *chosen = found;
  return SSL_TLSEXT_ERR_OK;
}

std::unique_ptr<Identity> Identity::create(std::string_view certificates, std::string_view private_key,
                                           std::string_view protocols, std::string& explanation) {
  ERR_clear_error();
  SslContext context(SSL_CTX_new(TLS_server_method()));
  const auto refuse = [&](std::string why) {
    explanation = std::move(why);
    ERR_clear_error();
    return nullptr;
  };
  // Of TLS 1.2 only what keeps a secret when the key becomes known later.
  if (!context || SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) != 1 ||
      SSL_CTX_set_cipher_list(context.get(), "ECDHE+AESGCM:ECDHE+CHACHA20") != 1)
    return refuse("OpenSSL cannot be set up: " + take_openssl_error());
  SSL_CTX_set_options(context.get(),
                      SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                      SSL_MODE_RELEASE_BUFFERS);
  const int count = use_certificates(context.get(), certificates);
  if (count < 0) return refuse("the certificate cannot be read: " + take_openssl_error());
  if (count == 0) return refuse("there is no certificate in PEM (-----BEGIN CERTIFICATE-----)");
  const Bio bio = bio_over(private_key);
  const Key key(bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, no_pass_phrase, nullptr) : nullptr);
  if (!key)
    return refuse("the key cannot be read: " + take_openssl_error() +
                  " (PEM, -----BEGIN PRIVATE KEY-----, without a pass phrase)");
  if (SSL_CTX_use_PrivateKey(context.get(), key.get()) != 1 || SSL_CTX_check_private_key(context.get()) != 1)
    return refuse("the key is not that of the certificate");
  std::unique_ptr<Identity> made(new Identity(std::move(context), protocols));
  if (!protocols.empty()) SSL_CTX_set_alpn_select_cb(made->get(), select, made.get());
  return made;
}

}  // namespace godwit::tls
