// Connections that begin here.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "net/stream.h"
#include "platform/net_address.h"

namespace godwit::net {

// Where a request goes.
struct Origin {
  bool is_tls = false;
  std::string host;  // a name or an address; IPv6 without brackets
  uint16_t port = 0;

  bool operator==(const Origin&) const = default;
};

// Whether an address may be connected to. Asked of each that a name has, just before: what a name meant earlier says
// nothing.
using AddressFilter = std::function<bool(const platform::net::Address&)>;

// Looks the host up and connects to the first of its addresses that answers.
// @errors NotFound: no such name. Usage: `allows` refuses all its addresses. Io: nobody answers there.
Result<platform::fs::FileHandle> connect_tcp(const std::string& host, uint16_t port,
                                             const AddressFilter& allows, const Patience& patience);

// Makes streams for a client.
// @threads as the client that uses it.
class Connector {
 public:
  // @errors as connect_tcp(). Unsupported: it makes none of that kind.
  virtual Result<std::unique_ptr<Stream>> connect(const Origin& origin, const AddressFilter& allows,
                                                  const Patience& patience) = 0;

 protected:
  ~Connector() = default;
};

// Without TLS.
class TcpConnector final : public Connector {
 public:
  Result<std::unique_ptr<Stream>> connect(const Origin& origin, const AddressFilter& allows,
                                          const Patience& patience) override;
};

}  // namespace godwit::net
