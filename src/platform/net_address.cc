// Addresses of sockets.
#include "platform/net_address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

#include "platform/net_sockaddr.h"

namespace godwit::platform::net {

std::optional<Address> parse_ip(std::string_view text) {
  char terminated[INET6_ADDRSTRLEN];
  if (text.size() >= sizeof terminated) return std::nullopt;
  *std::copy(text.begin(), text.end(), terminated) = '\0';
  Address address;
  if (::inet_pton(AF_INET, terminated, address.ip.data()) == 1) {
    address.family = Family::Inet4;
    return address;
  }
  if (::inet_pton(AF_INET6, terminated, address.ip.data()) != 1) return std::nullopt;
  address.family = Family::Inet6;
  return address;
}

Address unmapped(const Address& address) {
  constexpr std::array<uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  if (address.family != Family::Inet6 || !std::equal(kMapped.begin(), kMapped.end(), address.ip.begin()))
    return address;
  Address plain = {.family = Family::Inet4, .port = address.port};
  std::copy(address.ip.begin() + kMapped.size(), address.ip.end(), plain.ip.begin());
  return plain;
}

std::string to_text(const Address& address) {
  char text[INET6_ADDRSTRLEN] = {};
  switch (address.family) {
    case Family::Unspecified: return "no address";
    case Family::Unix: return "unix:" + address.path;
    case Family::Inet4:
      ::inet_ntop(AF_INET, address.ip.data(), text, sizeof text);
      return std::string(text) + ":" + std::to_string(address.port);
    case Family::Inet6:
      ::inet_ntop(AF_INET6, address.ip.data(), text, sizeof text);
      return "[" + std::string(text) + "]:" + std::to_string(address.port);
  }
  return {};
}

SizedSockAddr to_sockaddr(const Address& address) {
  SizedSockAddr host = {};
  if (address.family == Family::Inet4) {
    host.address.inet4.sin_family = AF_INET;
    host.address.inet4.sin_port = htons(address.port);
    std::memcpy(&host.address.inet4.sin_addr, address.ip.data(), sizeof(in_addr));
    host.size_bytes = sizeof(sockaddr_in);
  } else if (address.family == Family::Inet6) {
    host.address.inet6.sin6_family = AF_INET6;
    host.address.inet6.sin6_port = htons(address.port);
    std::memcpy(&host.address.inet6.sin6_addr, address.ip.data(), sizeof(in6_addr));
    host.size_bytes = sizeof(sockaddr_in6);
  } else {
    host.address.any.sa_family = AF_UNSPEC;
    host.size_bytes = sizeof(sockaddr);
  }
  return host;
}

Address from_sockaddr(const SockAddr& host, socklen_t size_bytes) {
  Address address;
  if (size_bytes < sizeof(sa_family_t)) return address;
  if (host.any.sa_family == AF_INET && size_bytes >= sizeof(sockaddr_in)) {
    address.family = Family::Inet4;
    address.port = ntohs(host.inet4.sin_port);
    std::memcpy(address.ip.data(), &host.inet4.sin_addr, sizeof(in_addr));
  } else if (host.any.sa_family == AF_INET6 && size_bytes >= sizeof(sockaddr_in6)) {
    address.family = Family::Inet6;
    address.port = ntohs(host.inet6.sin6_port);
    std::memcpy(address.ip.data(), &host.inet6.sin6_addr, sizeof(in6_addr));
  } else if (host.any.sa_family == AF_UNIX) {
    address.family = Family::Unix;
  }
  return address;
}

}  // namespace godwit::platform::net
