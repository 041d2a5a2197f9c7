// Listening on several sockets at once, and looking for peers that have left.
#include "platform/net_server.h"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <vector>

namespace godwit::platform::net {
namespace {

OsResult<FileHandle> bound(const Address& address, bool is_shared) {
  OS_ASSIGN_OR_RETURN(FileHandle socket, open(address.family, Kind::Stream));
  OS_TRY(set_option(socket.get(), Option::ReuseAddress, 1));
  const int on = 1;
  if (is_shared && ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0)
    return fs::os_fail(errno);
  OS_TRY(bind(socket.get(), address));
  return socket;
}

}  // namespace

OsResult<> listen_together(Address& address, std::span<FileHandle> sockets, uint32_t backlog) {
  // sockets that share an address let others of the same user in; this one finds out whether there is somebody
  if (address.port != 0) {
    OS_ASSIGN_OR_RETURN(const FileHandle probe, bound(address, false));
    OS_TRY(listen(probe.get(), 1));
  }
  for (FileHandle& socket : sockets) {
    OS_ASSIGN_OR_RETURN(socket, bound(address, true));
    OS_TRY(listen(socket.get(), backlog));
    OS_ASSIGN_OR_RETURN(address, local_address(socket.get()));
  }
  return {};
}

OsResult<> find_closed(std::span<int> fds) {
  std::vector<pollfd> polled(fds.size());
  for (size_t i = 0; i < fds.size(); i++) polled[i] = {.fd = fds[i], .events = POLLRDHUP, .revents = 0};
  if (::poll(polled.data(), polled.size(), 0) < 0 && errno != EINTR) return fs::os_fail(errno);
  for (size_t i = 0; i < fds.size(); i++)
    if (polled[i].revents != 0) fds[i] = -1;
  return {};
}

}  // namespace godwit::platform::net
