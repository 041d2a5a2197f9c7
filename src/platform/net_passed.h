// Sockets that a service manager (systemd) has opened for this process.
#pragma once

#include <vector>

#include "platform/net_socket.h"

namespace godwit::platform::net {

struct PassedSocket {
  FileHandle handle;
  Family family = Family::Unspecified;
};

// Those that listen, in their order: the descriptors 3, 4, … as the environment's LISTEN_FDS and LISTEN_PID say. They
// belong to the caller now, and the environment says so no longer.
std::vector<PassedSocket> take_passed_sockets();

}  // namespace godwit::platform::net
