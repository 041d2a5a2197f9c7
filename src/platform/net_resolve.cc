// Addresses of names, by getaddrinfo.
#include "platform/net_resolve.h"

#include <fcntl.h>
#include <netdb.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <memory>

#include "platform/net_sockaddr.h"
#include "platform/thread.h"

namespace godwit::platform::net {
namespace {

using Answer = std::expected<std::vector<NamedAddress>, NameError>;

// The system's resolver keeps its answers on the stack.
constexpr size_t kStack_bytes = 512 << 10;

NameError error_of(int code) {
  switch (code) {
#ifdef EAI_ADDRFAMILY
    case EAI_ADDRFAMILY: return NameError::AddressFamily;
#endif
#ifdef EAI_NODATA
    case EAI_NODATA: return NameError::NoData;
#endif
    case EAI_AGAIN: return NameError::Again;
    case EAI_BADFLAGS: return NameError::BadFlags;
    case EAI_FAMILY: return NameError::Family;
    case EAI_MEMORY: return NameError::Memory;
    case EAI_NONAME: return NameError::NoName;
    case EAI_SERVICE: return NameError::Service;
    case EAI_SOCKTYPE: return NameError::SocketType;
    case EAI_SYSTEM: return NameError::System;
    default: return NameError::Fail;
  }
}

addrinfo to_hints(const NameRequest& request) {
  addrinfo hints = {};
  hints.ai_flags = (request.passive ? AI_PASSIVE : 0) | (request.canonical_name ? AI_CANONNAME : 0) |
                   (request.numeric_host ? AI_NUMERICHOST : 0) |
                   (request.numeric_service ? AI_NUMERICSERV : 0) | (request.v4_mapped ? AI_V4MAPPED : 0) |
                   (request.all ? AI_ALL : 0) | (request.address_configured ? AI_ADDRCONFIG : 0);
  if (request.family == Family::Inet4) hints.ai_family = AF_INET;
  if (request.family == Family::Inet6) hints.ai_family = AF_INET6;
  if (request.kind == Kind::Stream) hints.ai_socktype = SOCK_STREAM;
  if (request.kind == Kind::Datagram) hints.ai_socktype = SOCK_DGRAM;
  if (request.protocol == Protocol::Tcp) hints.ai_protocol = IPPROTO_TCP;
  if (request.protocol == Protocol::Udp) hints.ai_protocol = IPPROTO_UDP;
  return hints;
}

NamedAddress from_addrinfo(const addrinfo& host) {
  NamedAddress found;
  SockAddr address = {};
  std::memcpy(&address, host.ai_addr, std::min<size_t>(host.ai_addrlen, sizeof address));
  found.address = from_sockaddr(address, host.ai_addrlen);
  if (host.ai_socktype == SOCK_STREAM) found.kind = Kind::Stream;
  if (host.ai_socktype == SOCK_DGRAM) found.kind = Kind::Datagram;
  if (host.ai_protocol == IPPROTO_TCP) found.protocol = Protocol::Tcp;
  if (host.ai_protocol == IPPROTO_UDP) found.protocol = Protocol::Udp;
  if (host.ai_canonname) found.canonical_name = host.ai_canonname;
  return found;
}

Answer look_up(const NameRequest& request) {
  const addrinfo hints = to_hints(request);
  addrinfo* list = nullptr;
  const int code = ::getaddrinfo(request.node.empty() ? nullptr : request.node.c_str(),
                                 request.service.empty() ? nullptr : request.service.c_str(), &hints, &list);
  if (code != 0) return std::unexpected(error_of(code));
  std::vector<NamedAddress> found;
  for (const addrinfo* host = list; host; host = host->ai_next)
    if (host->ai_family == AF_INET || host->ai_family == AF_INET6) found.push_back(from_addrinfo(*host));
  ::freeaddrinfo(list);
  return found;
}

// A look-up in progress: who waits and the thread that does it each hold it. The thread closes its end of a pipe when
// the answer is there.
struct Lookup {
  NameRequest request;
  Answer answer = std::unexpected(NameError::Fail);
  std::atomic<bool> is_done = false;
  fs::FileHandle done, working;
};

bool needs_no_thread(const NameRequest& request) {
  return request.node.empty() || request.numeric_host || parse_ip(request.node).has_value();
}

}  // namespace

Answer resolve(const NameRequest& request, WaitMode mode) {
  if (needs_no_thread(request)) return look_up(request);
  auto lookup = std::make_shared<Lookup>();
  lookup->request = request;
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return std::unexpected(NameError::System);
  lookup->done = fs::FileHandle(ends[0]);
  lookup->working = fs::FileHandle(ends[1]);
  auto started = Thread::start_alone(
      [lookup] {
        lookup->answer = look_up(lookup->request);
        lookup->is_done.store(true, std::memory_order_release);
        lookup->working.reset();
      },
      kStack_bytes);
  if (!started) return std::unexpected(NameError::Again);
  if (auto waited = fs::wait_readable(lookup->done.get(), mode); !waited)
    return std::unexpected(waited.error() == EINTR ? NameError::Interrupted : NameError::System);
  if (!lookup->is_done.load(std::memory_order_acquire)) return std::unexpected(NameError::System);
  return std::move(lookup->answer);
}

}  // namespace godwit::platform::net
