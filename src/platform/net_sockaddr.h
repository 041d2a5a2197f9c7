// The system's own socket addresses, turned into ours and back: only for the files of this room.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "platform/net_address.h"

namespace godwit::platform::net {

union SockAddr {
  sockaddr any;
  sockaddr_in inet4;
  sockaddr_in6 inet6;
  sockaddr_un unix_name;
  sockaddr_storage storage;
};

struct SizedSockAddr {
  SockAddr address;
  socklen_t size_bytes;
};

// Of an IP address; of family Unspecified for others.
SizedSockAddr to_sockaddr(const Address& address);
// Without a unix socket's path.
Address from_sockaddr(const SockAddr& host, socklen_t size_bytes);

}  // namespace godwit::platform::net
