// Where agents may send requests to, and how.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "agent/manifest.h"
#include "net/connect.h"
#include "tls/trust.h"

namespace godwit::agent {

struct Url {
  net::Origin origin;
  std::string target;  // path and query; at least "/"
};

// "http" and "https" only; no user, no fragment. Nothing if the text is none.
std::optional<Url> parse_url(std::string_view text);

// True for addresses that lead to this machine, to its network, or to no single machine: those that a name from outside must
// not be able to mean. spec: https://www.iana.org/assignments/iana-ipv4-special-registry
bool is_private(const platform::net::Address& address);

// The grant by which a request may go there; null: none.
const HostGrant* find_grant(const std::vector<HostGrant>& grants, const net::Origin& origin);

// What a connection by this grant may lead to.
net::AddressFilter filter_of(const HostGrant& grant);

// HTTP with and without TLS; the plug-in is loaded when it is first needed. @threads any.
class TlsConnector final : public net::Connector {
 public:
  explicit TlsConnector(tls::Trust& trust) : trust_(trust) {}
  Result<std::unique_ptr<net::Stream>> connect(const net::Origin& origin, const net::AddressFilter& allows,
                                               const net::Patience& patience) override;
  // For protocols that begin without TLS: says `request`, and goes on with TLS if that is answered by `agreement`.
  // @errors as connect(). Unsupported: it is answered by something else.
  Result<std::unique_ptr<net::Stream>> connect_by(const net::Origin& origin, std::string_view request,
                                                  std::string_view agreement, const net::Patience& patience);

 private:
  Result<std::shared_ptr<tls::Session>> session_with(const std::string& host);

  tls::Trust& trust_;
};

}  // namespace godwit::agent
