// Session: one connection's TLS, apart from the connection.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "godwit/abi/net.h"
#include "identity.h"
#include "openssl.h"
#include "trust.h"

namespace godwit::tls {

// Ciphertext lies in OpenSSL's memory BIOs, plaintext here, both bounded:
//
//   feed ─▶ from_peer_ ─▶ SSL ─▶ plain_ ─▶ read
//   take ◀─ to_peer_   ◀─ SSL ◀─ early_ ◀─ write      (early_: until the handshake is over)
//
// @threads one at a time.
class Session final {
 public:
  // @errors GODWIT_NET_NAME, GODWIT_NET_NO_MEMORY.
  static godwit_net_status create(const Trust& trust, std::string_view name, std::string_view protocols,
                                  std::unique_ptr<Session>& session);
  // A server's. @errors GODWIT_NET_NO_MEMORY.
  static godwit_net_status accept(std::shared_ptr<const Identity> identity,
                                  std::unique_ptr<Session>& session);

  bool is_handshaking() const { return SSL_is_init_finished(ssl_.get()) == 0; }
  // As TLS libraries have it: not while there is something to do first.
  bool wants_read() const;
  bool has_closed() const { return has_closed_; }
  std::span<const uint8_t> protocol() const;
  size_t to_take_bytes() const;
  size_t to_read_bytes() const { return plain_.size() - read_bytes_; }

  // Each is as the ABI has it.
  size_t feed(std::span<const uint8_t> from_peer);
  void feed_end() { is_fed_whole_ = true; }
  godwit_net_status advance(std::string& explanation);
  size_t take(std::span<uint8_t> to);
  godwit_net_status write(std::string_view plain, size_t& taken);
  godwit_net_status read(std::span<uint8_t> to, size_t& size);
  void close();

 private:
  Session() = default;

  bool attach(SSL_CTX* context);
  // Keeps the error, and says what it is.
  godwit_net_status fail(godwit_net_status status, std::string explanation);
  godwit_net_status fail_by(int ssl_error);
  size_t pending_bytes() const;  // in from_peer_
  void decipher();
  void send_early();

  std::shared_ptr<const Identity> identity_;  // of a server; null: a client's
  Ssl ssl_;
  BIO* from_peer_ = nullptr;  // of ssl_
  BIO* to_peer_ = nullptr;    // of ssl_
  std::string plain_;
  size_t read_bytes_ = 0;  // of plain_
  std::string early_;
  bool is_fed_whole_ = false;
  bool has_closed_ = false;
  bool is_closing_ = false;  // once the handshake is over
  godwit_net_status error_ = GODWIT_NET_OK;
  std::string explanation_;
};

}  // namespace godwit::tls
