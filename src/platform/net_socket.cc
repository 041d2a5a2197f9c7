// Sockets: thin over the system's calls, with waits that can be called off.
#include "platform/net_socket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

#include "platform/net_sockaddr.h"

namespace godwit::platform::net {
namespace {

constexpr uint32_t kMostWaitingConnections = 4096;  // the system's own limit on Linux

OsResult<> done(int result) {
  if (result != 0) return fs::os_fail(errno);
  return {};
}

int host_family(Family family) {
  switch (family) {
    case Family::Unspecified: return AF_UNSPEC;
    case Family::Inet4: return AF_INET;
    case Family::Inet6: return AF_INET6;
    case Family::Unix: return AF_UNIX;
  }
  return AF_UNSPEC;
}

// "/proc/self/fd/<dir>/<name>": the only name that a file in an open directory has for bind() and connect().
OsResult<SizedSockAddr> name_beneath(int dir, const char* name) {
  constexpr std::string_view kOpenFiles = "/proc/self/fd/";
  SizedSockAddr host = {};
  sockaddr_un& to = host.address.unix_name;
  to.sun_family = AF_UNIX;
  char* end = std::copy(kOpenFiles.begin(), kOpenFiles.end(), to.sun_path);
  end = std::to_chars(end, std::end(to.sun_path), dir).ptr;
  if (name) {
    const size_t size_bytes = std::strlen(name);
    if (size_bytes + 2 > static_cast<size_t>(std::end(to.sun_path) - end)) return fs::os_fail(ENAMETOOLONG);
    *end++ = '/';
    std::copy(name, name + size_bytes, end);
  }
  host.size_bytes = sizeof(sockaddr_un);
  return host;
}

OsResult<> connect_to(int fd, const SizedSockAddr& to, Blocking blocking, WaitMode mode,
                      uint64_t timeout_ns) {
  for (bool has_begun = false;; has_begun = true) {
    // the second time it says how the attempt went
    if (::connect(fd, &to.address.any, to.size_bytes) == 0 || (has_begun && errno == EISCONN)) return {};
    if (errno != EINPROGRESS && !(has_begun && errno == EALREADY)) return fs::os_fail(errno);
    if (blocking == Blocking::Never) return fs::os_fail(EINPROGRESS);
    if (auto waited = fs::wait_writable(fd, mode, timeout_ns); !waited)
      return fs::os_fail(waited.error() == EAGAIN ? EINPROGRESS : waited.error());
  }
}

int host_option(Option option) {
  switch (option) {
    case Option::ReuseAddress: return SO_REUSEADDR;
    case Option::DontRoute: return SO_DONTROUTE;
    case Option::Broadcast: return SO_BROADCAST;
    case Option::SendBuffer: return SO_SNDBUF;
    case Option::ReceiveBuffer: return SO_RCVBUF;
    case Option::KeepAlive: return SO_KEEPALIVE;
    case Option::OutOfBandInline: return SO_OOBINLINE;
    case Option::ReceiveLowWater: return SO_RCVLOWAT;
    case Option::AcceptsConnections: return SO_ACCEPTCONN;
  }
  return -1;
}

template <class T>
OsResult<T> get(int fd, int option) {
  T value = {};
  socklen_t size_bytes = sizeof value;
  OS_TRY(done(::getsockopt(fd, SOL_SOCKET, option, &value, &size_bytes)));
  return value;
}

size_t size_of(std::span<const IoVector> pieces) {
  size_t size_bytes = 0;
  for (const IoVector& piece : pieces) size_bytes += piece.iov_len;
  return size_bytes;
}

// What is sent goes out at once. Guests have no option to ask for it, and an answer in two pieces would wait for the
// peer's delayed acknowledgement of the first, 40 ms. Sockets of other kinds refuse it, and need it not.
void send_without_delay(int fd) {
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

}  // namespace

OsResult<FileHandle> open(Family family, Kind kind) {
  const int type = kind == Kind::Datagram ? SOCK_DGRAM : SOCK_STREAM;
  const int fd = ::socket(host_family(family), type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return fs::os_fail(errno);
  if (kind == Kind::Stream) send_without_delay(fd);
  return FileHandle(fd);
}

OsResult<> bind(int fd, const Address& address) {
  const SizedSockAddr host = to_sockaddr(address);
  return done(::bind(fd, &host.address.any, host.size_bytes));
}

OsResult<> bind_unix(int fd, int dir, const char* name) {
  OS_ASSIGN_OR_RETURN(const SizedSockAddr host, name_beneath(dir, name));
  return done(::bind(fd, &host.address.any, host.size_bytes));
}

OsResult<> listen(int fd, uint32_t backlog) {
  return done(::listen(fd, static_cast<int>(std::min(backlog, kMostWaitingConnections))));
}

OsResult<> connect(int fd, const Address& address, Blocking blocking, WaitMode mode, uint64_t timeout_ns) {
  return connect_to(fd, to_sockaddr(address), blocking, mode, timeout_ns);
}

OsResult<> connect_unix(int fd, int socket_file, Blocking blocking, WaitMode mode, uint64_t timeout_ns) {
  OS_ASSIGN_OR_RETURN(const SizedSockAddr host, name_beneath(socket_file, nullptr));
  return connect_to(fd, host, blocking, mode, timeout_ns);
}

OsResult<FileHandle> accept(int fd, Blocking blocking, WaitMode mode, uint64_t timeout_ns) {
  for (;;) {
    const int accepted = ::accept4(fd, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (accepted >= 0) {
      send_without_delay(accepted);
      return FileHandle(accepted);
    }
    // a connection that was given up before it was accepted is nobody's error
    if (errno == EINTR || errno == ECONNABORTED) continue;
    if (errno != EAGAIN || blocking == Blocking::Never) return fs::os_fail(errno);
    OS_TRY(fs::wait_readable(fd, mode, timeout_ns));
  }
}

OsResult<Received> receive(int fd, std::span<IoVector> pieces, const ReceiveOptions& options, WaitMode mode) {
  Received received;
  bool fills = options.wait_for_all && !options.peek && options.blocking == Blocking::Wait;
  if (fills) {
    OS_ASSIGN_OR_RETURN(const Kind kind, kind_of(fd));
    fills = kind == Kind::Stream;
  }
  const int flags = MSG_DONTWAIT | (options.peek ? MSG_PEEK : 0);
  for (;;) {
    SockAddr from = {};
    msghdr message = {};
    message.msg_name = &from;
    message.msg_namelen = sizeof from;
    message.msg_iov = pieces.data();
    message.msg_iovlen = pieces.size();
    const ssize_t size_bytes = ::recvmsg(fd, &message, flags);
    if (size_bytes >= 0) {
      received.size_bytes += static_cast<size_t>(size_bytes);
      received.is_truncated = (message.msg_flags & MSG_TRUNC) != 0;
      received.from = from_sockaddr(from, message.msg_namelen);
      if (!fills || size_bytes == 0) return received;
      pieces = fs::without_front(pieces, static_cast<size_t>(size_bytes));
      if (pieces.empty()) return received;
      continue;
    }
    if (errno == EINTR) continue;
    const bool waits = errno == EAGAIN && options.blocking == Blocking::Wait;
    int error = errno;
    if (waits) {
      auto waited = fs::wait_readable(fd, mode, options.timeout_ns);
      if (waited) continue;
      error = waited.error();
    }
    if (received.size_bytes != 0) return received;
    return fs::os_fail(error);
  }
}

OsResult<size_t> send(int fd, std::span<IoVector> pieces, const SendOptions& options, WaitMode mode) {
  SizedSockAddr to = {};
  if (options.to) to = to_sockaddr(*options.to);
  const size_t size_bytes = size_of(pieces);
  size_t sent_bytes = 0;
  for (;;) {
    msghdr message = {};
    if (options.to) {
      message.msg_name = &to.address;
      message.msg_namelen = to.size_bytes;
    }
    message.msg_iov = pieces.data();
    message.msg_iovlen = pieces.size();
    const ssize_t now_bytes = ::sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (now_bytes >= 0) {
      sent_bytes += static_cast<size_t>(now_bytes);
      if (sent_bytes >= size_bytes || options.blocking == Blocking::Never) return sent_bytes;
      pieces = fs::without_front(pieces, static_cast<size_t>(now_bytes));
      continue;
    }
    if (errno == EINTR) continue;
    int error = errno;
    if (error == EAGAIN && options.blocking == Blocking::Wait) {
      auto waited = fs::wait_writable(fd, mode, options.timeout_ns);
      if (waited) continue;
      error = waited.error();
    }
    if (sent_bytes != 0) return sent_bytes;
    return fs::os_fail(error);
  }
}

OsResult<> shut_down(int fd, Side side) {
  constexpr int kHow[] = {SHUT_RD, SHUT_WR, SHUT_RDWR};
  return done(::shutdown(fd, kHow[std::to_underlying(side)]));
}

OsResult<Address> local_address(int fd) {
  SockAddr host = {};
  socklen_t size_bytes = sizeof host;
  OS_TRY(done(::getsockname(fd, &host.any, &size_bytes)));
  return from_sockaddr(host, size_bytes);
}

OsResult<Address> peer_address(int fd) {
  SockAddr host = {};
  socklen_t size_bytes = sizeof host;
  OS_TRY(done(::getpeername(fd, &host.any, &size_bytes)));
  return from_sockaddr(host, size_bytes);
}

OsResult<int> get_option(int fd, Option option) { return get<int>(fd, host_option(option)); }

OsResult<> set_option(int fd, Option option, int value) {
  return done(::setsockopt(fd, SOL_SOCKET, host_option(option), &value, sizeof value));
}

OsResult<Kind> kind_of(int fd) {
  OS_ASSIGN_OR_RETURN(const int type, get<int>(fd, SO_TYPE));
  if (type == SOCK_DGRAM) return Kind::Datagram;
  if (type == SOCK_STREAM) return Kind::Stream;
  return Kind::Any;
}

OsResult<int> take_error(int fd) { return get<int>(fd, SO_ERROR); }

OsResult<Linger> get_linger(int fd) {
  OS_ASSIGN_OR_RETURN(const auto host, get<::linger>(fd, SO_LINGER));
  const int seconds = std::clamp(host.l_linger, 0, 65535);
  return Linger{.is_on = host.l_onoff != 0, .seconds = static_cast<uint16_t>(seconds)};
}

OsResult<> set_linger(int fd, Linger linger) {
  const ::linger host = {.l_onoff = linger.is_on ? 1 : 0, .l_linger = linger.seconds};
  return done(::setsockopt(fd, SOL_SOCKET, SO_LINGER, &host, sizeof host));
}

}  // namespace godwit::platform::net
