// Trust: the authorities that may have signed a server's certificate, and how TLS is spoken.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "openssl.h"

namespace godwit::tls {

struct Authorities {
  std::string_view name;  // for messages
  std::string_view pem;   // at least one certificate
};

// @threads any, once it is made.
class Trust final {
 public:
  // Null: `explanation` says why.
  static std::unique_ptr<Trust> create(bool trusts_system, std::span<const Authorities> authorities,
                                       std::string& explanation);

  SSL_CTX* get() const { return context_.get(); }

 private:
  explicit Trust(SslContext context) : context_(std::move(context)) {}

  SslContext context_;
};

}  // namespace godwit::tls
