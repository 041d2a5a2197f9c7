// Identity: a server's certificate and key, and how TLS is spoken with them.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "openssl.h"

namespace godwit::tls {

// @threads any, once it is made.
class Identity final {
 public:
  // `protocols` as in the ABI. Null: `explanation` says why.
  static std::unique_ptr<Identity> create(std::string_view certificates, std::string_view private_key,
                                          std::string_view protocols, std::string& explanation);

  SSL_CTX* get() const { return context_.get(); }

 private:
  Identity(SslContext context, std::string_view protocols)
      : context_(std::move(context)), protocols_(protocols) {}
  static int select(SSL*, const unsigned char** chosen, unsigned char* size, const unsigned char* offered,
                    unsigned offered_size, void* self);

  SslContext context_;
  const std::string protocols_;
};

}  // namespace godwit::tls
