// Names, addresses, connections.
#include "net/connect.h"

#include <cerrno>

#include "platform/net_resolve.h"
#include "platform/net_socket.h"

namespace godwit::net {
namespace {

namespace fs = platform::fs;
namespace pnet = platform::net;

Error unknown_name(const std::string& host, pnet::NameError error) {
  if (error == pnet::NameError::Interrupted)
    return Error(ErrorKind::Io, EINTR, "cannot look up '" + host + "': called off");
  const bool is_passing = error == pnet::NameError::Again;
  return Error(ErrorKind::NotFound,
               "cannot look up '" + host + "': " + (is_passing ? "try again later" : "no such name"));
}

}  // namespace

Result<fs::FileHandle> connect_tcp(const std::string& host, uint16_t port, const AddressFilter& allows,
                                   const Patience& patience) {
  auto found = pnet::resolve({.node = host, .kind = pnet::Kind::Stream, .protocol = pnet::Protocol::Tcp},
                             patience.mode);
  if (!found) return fail(unknown_name(host, found.error()));
  int last_error = 0;
  for (pnet::NamedAddress& named : *found) {
    named.address.port = port;
    if (allows && !allows(pnet::unmapped(named.address))) continue;
    auto socket = pnet::open(named.address.family, pnet::Kind::Stream);
    if (!socket) return fail(os_error(socket.error(), "cannot open a socket"));
    const auto connected =
        pnet::connect(socket->get(), named.address, fs::Blocking::Wait, patience.mode, patience.timeout_ns);
    if (connected) return std::move(*socket);
    last_error = connected.error() == EINPROGRESS ? ETIMEDOUT : connected.error();
    if (last_error == EINTR) break;
  }
  if (last_error == 0)
    return fail(ErrorKind::Usage, found->empty() ? "'" + host + "' has no address"
                                                 : "no address of '" + host + "' may be connected to");
  return fail(os_error(last_error, "cannot connect to " + host + ":" + std::to_string(port)));
}

Result<std::unique_ptr<Stream>> TcpConnector::connect(const Origin& origin, const AddressFilter& allows,
                                                      const Patience& patience) {
  if (origin.is_tls) return fail(ErrorKind::Unsupported, "https is not spoken here");
  ASSIGN_OR_RETURN(fs::FileHandle socket, connect_tcp(origin.host, origin.port, allows, patience));
  return tcp_stream(std::move(socket));
}

}  // namespace godwit::net
