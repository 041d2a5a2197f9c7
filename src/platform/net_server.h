// What servers need of sockets beyond what guests do.
#pragma once

#include <cstdint>
#include <span>

#include "platform/net_socket.h"

namespace godwit::platform::net {

// Sockets that listen at one address together; the system spreads connections over them.
// @param address an IP address; port 0: any free one, the same for all. Receives the port.
// @errors EADDRINUSE: somebody listens there already, another process of this user too. EADDRNOTAVAIL, EACCES, …
OsResult<> listen_together(Address& address, std::span<FileHandle> sockets, uint32_t backlog);

// Looks, without waiting, which of the connections the other side has closed, or closed its half of.
// @param fds are replaced by -1 where that is so.
// @cost one call of the system's for all.
OsResult<> find_closed(std::span<int> fds);

}  // namespace godwit::platform::net
