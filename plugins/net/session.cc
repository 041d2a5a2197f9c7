// Session: OpenSSL between memory BIOs.
#include "session.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>

namespace godwit::tls {
namespace {

// The longest name of a host, without a dot at its end. spec: https://www.rfc-editor.org/rfc/rfc1035#section-2.3.4
constexpr size_t kMostNameBytes = 253;
constexpr size_t kRecordBytes = 16384;

// Letters of names as certificates have them: what else there is in international names is written with these.
bool is_host_name(std::string_view name) {
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  };
  if (name.empty() || name.size() > kMostNameBytes || name.front() == '.') return false;
  for (size_t i = 0; i < name.size(); i++) {
    if (name[i] == '.' && name[i - 1] == '.') return false;
    if (name[i] != '.' && !is_letter(name[i])) return false;
  }
  return true;
}

// Tells OpenSSL whose certificate it is to be. @returns false: no memory
bool expect(SSL* ssl, const std::string& name) {
  X509_VERIFY_PARAM* wanted = SSL_get0_param(ssl);
  X509_VERIFY_PARAM_set_hostflags(wanted,
                                  X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  if (X509_VERIFY_PARAM_set1_ip_asc(wanted, name.c_str()) == 1) return true;  // is not sent: names are
  return X509_VERIFY_PARAM_set1_host(wanted, name.data(), name.size()) == 1 &&
         SSL_set_tlsext_host_name(ssl, name.c_str()) == 1;
}

bool is_ip(const std::string& name) {
  ASN1_OCTET_STRING* ip = a2i_IPADDRESS(name.c_str());
  ASN1_OCTET_STRING_free(ip);
  ERR_clear_error();
  return ip != nullptr;
}

godwit_net_status status_of_verification(long result) {
  switch (result) {
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN: return GODWIT_NET_AUTHORITY;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH: return GODWIT_NET_HOST;
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID: return GODWIT_NET_EXPIRED;
    default: return GODWIT_NET_UNTRUSTED;
  }
}

godwit_net_status status_of_reason(int reason) {
  if (reason > SSL_AD_REASON_OFFSET) return GODWIT_NET_ALERT;
  switch (reason) {
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC:
    case SSL_R_BAD_RECORD_TYPE:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
    case SSL_R_ENCRYPTED_LENGTH_TOO_LONG:
    case SSL_R_DATA_LENGTH_TOO_LONG:
    case SSL_R_RECORD_LENGTH_MISMATCH:
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST: return GODWIT_NET_CORRUPT;
    case ERR_R_MALLOC_FAILURE: return GODWIT_NET_NO_MEMORY;
    default: return GODWIT_NET_PEER;
  }
}

}  // namespace

// @returns false: no memory
bool Session::attach(SSL_CTX* context) {
  ssl_.reset(SSL_new(context));
  Bio from_peer(BIO_new(BIO_s_mem())), to_peer(BIO_new(BIO_s_mem()));
  if (!ssl_ || !from_peer || !to_peer) return false;
  BIO_set_mem_eof_return(from_peer.get(), -1);  // empty: more may come
  from_peer_ = from_peer.release();
  to_peer_ = to_peer.release();
  SSL_set_bio(ssl_.get(), from_peer_, to_peer_);
  return true;
}

godwit_net_status Session::accept(std::shared_ptr<const Identity> identity,
                                  std::unique_ptr<Session>& session) {
  ERR_clear_error();
  std::unique_ptr<Session> made(new Session);
  if (!made->attach(identity->get())) return GODWIT_NET_NO_MEMORY;
  SSL_set_accept_state(made->ssl_.get());
  made->identity_ = std::move(identity);
  session = std::move(made);
  return GODWIT_NET_OK;
}

std::span<const uint8_t> Session::protocol() const {
  const unsigned char* name = nullptr;
  unsigned size = 0;
  if (!is_handshaking()) SSL_get0_alpn_selected(ssl_.get(), &name, &size);
  return {name, size};
}

godwit_net_status Session::create(const Trust& trust, std::string_view name, std::string_view protocols,
                                  std::unique_ptr<Session>& session) {
  ERR_clear_error();
  std::string wanted(name);
  if (wanted.ends_with('.')) wanted.pop_back();
  if (wanted.find('\0') != std::string::npos || (!is_host_name(wanted) && !is_ip(wanted)))
    return GODWIT_NET_NAME;
  std::unique_ptr<Session> made(new Session);
  if (!made->attach(trust.get()) || !expect(made->ssl_.get(), wanted)) return GODWIT_NET_NO_MEMORY;
  // 0 is success here, alone of all its functions
  if (!protocols.empty() &&
      SSL_set_alpn_protos(made->ssl_.get(), reinterpret_cast<const unsigned char*>(protocols.data()),
                          static_cast<unsigned>(protocols.size())) != 0)
    return GODWIT_NET_FAILED;
  SSL_set_connect_state(made->ssl_.get());
  std::string explanation;
  const godwit_net_status status = made->advance(explanation);  // the first message is there to be taken
  if (status == GODWIT_NET_OK) session = std::move(made);
  return status;
}

size_t Session::pending_bytes() const { return BIO_ctrl_pending(from_peer_); }
size_t Session::to_take_bytes() const { return BIO_ctrl_pending(to_peer_); }

bool Session::wants_read() const {
  if (error_ != GODWIT_NET_OK || has_closed_ || to_read_bytes() != 0) return false;
  return !is_handshaking() || to_take_bytes() == 0;
}

size_t Session::feed(std::span<const uint8_t> from_peer) {
  const size_t pending = pending_bytes();
  if (is_fed_whole_ || pending >= GODWIT_NET_BUFFER_BYTES) return 0;
  const size_t size = std::min<size_t>(from_peer.size(), GODWIT_NET_BUFFER_BYTES - pending);
  if (error_ != GODWIT_NET_OK || has_closed_) return from_peer.size();  // nobody will look at it
  size_t taken = 0;
  if (size != 0 && BIO_write_ex(from_peer_, from_peer.data(), size, &taken) != 1) return 0;
  return taken;
}

godwit_net_status Session::fail(godwit_net_status status, std::string explanation) {
  error_ = status;
  explanation_ = std::move(explanation);
  ERR_clear_error();
  return error_;
}

godwit_net_status Session::fail_by(int ssl_error) {
  const long verified = SSL_get_verify_result(ssl_.get());
  if (is_handshaking() && verified != X509_V_OK)
    return fail(status_of_verification(verified), X509_verify_cert_error_string(verified));
  const unsigned long code = ERR_peek_error();
  if (ssl_error != SSL_ERROR_SSL || code == 0) return fail(GODWIT_NET_FAILED, "OpenSSL failed");
  const godwit_net_status status = status_of_reason(ERR_GET_REASON(code));
  return fail(status, take_openssl_error());
}

godwit_net_status Session::advance(std::string& explanation) {
  ERR_clear_error();
  if (error_ == GODWIT_NET_OK && is_handshaking()) {
    const int done = SSL_do_handshake(ssl_.get());
    if (done == 1) {
      send_early();
    } else if (const int why = SSL_get_error(ssl_.get(), done); why != SSL_ERROR_WANT_READ) {
      fail_by(why);
    }
  }
  if (error_ == GODWIT_NET_OK && !is_handshaking()) decipher();
  if (error_ == GODWIT_NET_OK && is_handshaking() && is_fed_whole_ && pending_bytes() == 0)
    fail(GODWIT_NET_TRUNCATED, "the connection ended during the handshake");
  explanation = explanation_;
  return error_;
}

// As much as there is room for, record by record.
void Session::decipher() {
  std::array<char, kRecordBytes> record;
  while (!has_closed_ && to_read_bytes() < GODWIT_NET_BUFFER_BYTES) {
    size_t size = 0;
    if (SSL_read_ex(ssl_.get(), record.data(), record.size(), &size) == 1) {
      plain_.append(record.data(), size);
      continue;
    }
    const int why = SSL_get_error(ssl_.get(), 0);
    if (why == SSL_ERROR_WANT_READ) return;
    if (why != SSL_ERROR_ZERO_RETURN) return void(fail_by(why));
    has_closed_ = true;
  }
}

size_t Session::take(std::span<uint8_t> to) {
  size_t size = 0;
  if (to.empty() || BIO_read_ex(to_peer_, to.data(), to.size(), &size) != 1) size = 0;
  ERR_clear_error();
  return size;
}

void Session::send_early() {
  for (std::string_view rest = early_; !rest.empty() && error_ == GODWIT_NET_OK;) {
    size_t size = 0;
    if (SSL_write_ex(ssl_.get(), rest.data(), rest.size(), &size) == 1) rest.remove_prefix(size);
    else fail_by(SSL_get_error(ssl_.get(), 0));
  }
  early_ = {};
  if (is_closing_) close();
}

godwit_net_status Session::write(std::string_view plain, size_t& taken) {
  ERR_clear_error();
  taken = 0;
  if (error_ != GODWIT_NET_OK) return error_;
  if (is_closing_) return GODWIT_NET_CLOSED;
  const size_t waiting = is_handshaking() ? early_.size() : to_take_bytes();
  if (waiting >= GODWIT_NET_BUFFER_BYTES) return GODWIT_NET_OK;
  plain = plain.substr(0, GODWIT_NET_BUFFER_BYTES - waiting);
  if (is_handshaking()) {
    early_ += plain;
    taken = plain.size();
    return GODWIT_NET_OK;
  }
  while (taken < plain.size()) {
    size_t size = 0;
    if (SSL_write_ex(ssl_.get(), plain.data() + taken, plain.size() - taken, &size) != 1)
      return fail_by(SSL_get_error(ssl_.get(), 0));
    taken += size;
  }
  return GODWIT_NET_OK;
}

godwit_net_status Session::read(std::span<uint8_t> to, size_t& size) {
  size = 0;
  if (to_read_bytes() == 0) {
    plain_.clear();
    read_bytes_ = 0;
    std::string explanation;
    if (advance(explanation) != GODWIT_NET_OK) return error_;
  }
  if (to_read_bytes() == 0) {
    if (has_closed_) return GODWIT_NET_CLOSED;
    return is_fed_whole_ ? GODWIT_NET_TRUNCATED : GODWIT_NET_AGAIN;
  }
  size = std::min(to.size(), to_read_bytes());
  std::copy_n(plain_.data() + read_bytes_, size, to.data());
  read_bytes_ += size;
  if (to_read_bytes() != 0) return GODWIT_NET_OK;
  plain_ = {};  // an idle session keeps nothing
  read_bytes_ = 0;
  return GODWIT_NET_OK;
}

void Session::close() {
  ERR_clear_error();
  is_closing_ = true;
  if (error_ == GODWIT_NET_OK && !is_handshaking()) SSL_shutdown(ssl_.get());
  ERR_clear_error();
}

}  // namespace godwit::tls
