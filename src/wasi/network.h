// Network: what of the network a guest may use. Nothing, unless it was granted.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "platform/net_address.h"
#include "platform/net_socket.h"
#include "wasi/denials.h"

namespace godwit::wasi {

namespace net = platform::net;

// Hosts and ports, as an operator writes them.
struct Endpoint {
  std::string host;                // a name, or an address in digits; "*": any
  std::optional<uint16_t> port;    // nothing: any
  std::optional<net::Address> ip;  // `host` in digits
};

// "host:port", "1.2.3.4:80", "[::1]:80", "*:443", "host:*", ":80" (any host).
// @errors Usage: says what was expected.
Result<Endpoint> parse_endpoint(std::string_view text);

struct NetworkGrants {
  bool all = false;                    // connect anywhere, listen anywhere
  std::vector<Endpoint> connect = {};  // connect and send there, and look the names up
  std::vector<Endpoint> listen = {};   // bind, listen and receive there
  bool unix_sockets = false;           // by paths inside the preopened directories
};

// @threads any.
class Network final {
 public:
  // @lifetime `denials` outlives this.
  Network(NetworkGrants grants, Denials& denials) : grants_(std::move(grants)), denials_(denials) {}

  // Each is false, and told, if it was not granted.
  bool may_open(net::Family family);
  bool may_connect(const net::Address& to);
  bool may_look_up(std::string_view name);
  // For datagrams, 0.0.0.0:0 is what every client binds to: allowed to whoever may connect somewhere.
  bool may_bind(const net::Address& to, net::Kind kind);

  // False: datagrams from others than whom the guest may connect to are not for it.
  bool accepts_anyone_at(const net::Address& bound) const;
  // Of what a rule allows that names no address, only what `allows`; before the guest runs.
  void restrict(std::function<bool(const net::Address&)> allows) { allows_ = std::move(allows); }

  // As may_connect, without telling anybody.
  bool knows(const net::Address& peer) const;

  // `address` is what `name` stands for now: who may connect to the one may connect to the other.
  void learn(std::string_view name, const net::Address& address);

 private:
  bool deny(const std::string& what, const std::string& remedy);

  const NetworkGrants grants_;
  std::function<bool(const net::Address&)> allows_;  // empty: all
  Denials& denials_;
  struct Learned {
    net::Address ip;  // without its port
    size_t rule;      // of grants_.connect
  };
  mutable std::mutex mutex_;  // guards what follows
  std::vector<Learned> learned_;
};

}  // namespace godwit::wasi
