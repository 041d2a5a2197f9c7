// Outbound: URLs, the guard against requests to private networks, TLS streams.
#include "agent/outbound.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <tuple>

#include "net/message.h"
#include "platform/net_socket.h"
#include "tls/net_stream.h"

namespace godwit::agent {
namespace {

namespace fs = platform::fs;
namespace pnet = platform::net;

struct Range {
  uint32_t prefix;
  uint32_t bits;
};
constexpr Range kPrivate4[] = {
    {0x00000000, 8},   // this network
    {0x0a000000, 8},   // private
    {0x64400000, 10},  // shared by customers of a carrier
    {0x7f000000, 8},   // this machine
    {0xa9fe0000, 16},  // this link; where clouds tell machines their secrets
    {0xac100000, 12},  // private
    {0xc0000000, 24},  // protocol assignments
    {0xc0000200, 24},  // documentation
    {0xc0586300, 24},  // 6to4 relays
    {0xc0a80000, 16},  // private
    {0xc6120000, 15},  // benchmarks
    {0xc6336400, 24},  // documentation
    {0xcb007100, 24},  // documentation
    {0xe0000000, 4},   // multicast
    {0xf0000000, 4},   // reserved, broadcast
};

bool is_private4(const uint8_t* ip) {
  const uint32_t value = static_cast<uint32_t>(ip[0]) << 24 | static_cast<uint32_t>(ip[1]) << 16 |
                         static_cast<uint32_t>(ip[2]) << 8 | ip[3];
  return std::ranges::any_of(
      kPrivate4, [&](const Range& range) { return (value ^ range.prefix) >> (32 - range.bits) == 0; });
}

bool is_private6(const std::array<uint8_t, 16>& ip) {
  const auto begins = [&](std::initializer_list<uint8_t> prefix) {
    return std::equal(prefix.begin(), prefix.end(), ip.begin());
  };
  // an IPv4 address in other clothes: translated, 6to4
  if (begins({0x00, 0x64, 0xff, 0x9b}))
    return is_private4(&ip[12]) || !begins({0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0});
  if (begins({0x20, 0x02})) return is_private4(&ip[2]);
  // What is in use of the rest lies in 2000::/3; there, documentation and Teredo's tunnels, which hide an address, do not count.
  if ((ip[0] & 0xe0) != 0x20) return true;
  return begins({0x20, 0x01, 0x0d, 0xb8}) || begins({0x20, 0x01, 0x00, 0x00});
}

}  // namespace

std::optional<Url> parse_url(std::string_view text) {
  Url url;
  const size_t scheme = text.find("://");
  if (scheme == std::string_view::npos) return std::nullopt;
  if (net::equals_ignoring_case(text.substr(0, scheme), "https")) url.origin.is_tls = true;
  else if (!net::equals_ignoring_case(text.substr(0, scheme), "http")) return std::nullopt;
  text.remove_prefix(scheme + 3);
  const size_t end = std::min(text.find_first_of("/?#"), text.size());
  std::string_view authority = text.substr(0, end);
  url.target = text.substr(end);
  if (!url.target.starts_with('/')) url.target.insert(0, "/");
  if (!net::is_target(url.target) || url.target.find('#') != std::string::npos) return std::nullopt;
  url.origin.port = url.origin.is_tls ? 443 : 80;
  std::string_view port;
  if (authority.starts_with('[')) {
    const size_t close = authority.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    url.origin.host = authority.substr(1, close - 1);
    if (!pnet::parse_ip(url.origin.host)) return std::nullopt;
    port = authority.substr(close + 1);
  } else {
    const size_t colon = authority.find(':');
    url.origin.host = authority.substr(0, colon);
    if (colon != std::string_view::npos) port = authority.substr(colon);
    // no user, no spaces, nothing that another reader could take for something else
    const auto is_host_char = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
             c == '.' || c == '_';
    };
    if (url.origin.host.empty() || !std::ranges::all_of(url.origin.host, is_host_char)) return std::nullopt;
  }
  for (char& c : url.origin.host)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  if (port.empty()) return url;
  const auto [last, error] = std::from_chars(port.data() + 1, port.data() + port.size(), url.origin.port);
  if (port.front() != ':' || port.size() < 2 || error != std::errc() || last != port.data() + port.size() ||
      url.origin.port == 0)
    return std::nullopt;
  return url;
}

bool is_private(const pnet::Address& address) {
  const pnet::Address plain = pnet::unmapped(address);
  if (plain.family == pnet::Family::Inet4) return is_private4(plain.ip.data());
  if (plain.family == pnet::Family::Inet6) return is_private6(plain.ip);
  return true;
}

const HostGrant* find_grant(const std::vector<HostGrant>& grants, const net::Origin& origin) {
  const HostGrant* found = nullptr;
  for (const HostGrant& grant : grants) {
    if (!grant.covers(origin.host, origin.port)) continue;
    if (grant.may_be_private) return &grant;
    found = &grant;
  }
  return found;
}

net::AddressFilter filter_of(const HostGrant& grant) {
  if (grant.may_be_private) return {};
  return [](const pnet::Address& address) { return !is_private(address); };
}

Result<std::shared_ptr<tls::Session>> TlsConnector::session_with(const std::string& host) {
  TRY(trust_.load());
  auto made = trust_.connect(host);
  if (!made) return fail(ErrorKind::Usage, "'" + host + "' is no name of a server");
  return std::move(*made);
}

Result<std::unique_ptr<net::Stream>> TlsConnector::connect_by(const net::Origin& origin,
                                                              std::string_view request,
                                                              std::string_view agreement,
                                                              const net::Patience& patience) {
  ASSIGN_OR_RETURN(auto session, session_with(origin.host));
  ASSIGN_OR_RETURN(fs::FileHandle socket, net::connect_tcp(origin.host, origin.port, {}, patience));
  std::string text(request);
  while (!text.empty()) {
    fs::IoVector piece = {.iov_base = text.data(), .iov_len = text.size()};
    const auto sent =
        pnet::send(socket.get(), {&piece, 1}, {.timeout_ns = patience.timeout_ns}, patience.mode);
    if (!sent) return fail(net::os_error(sent.error(), "cannot write to the connection"));
    text.erase(0, *sent);
  }
  // no more than that: what follows is TLS's
  std::string answer(agreement.size(), '\0');
  for (size_t at = 0; at < answer.size();) {
    fs::IoVector piece = {.iov_base = answer.data() + at, .iov_len = answer.size() - at};
    const auto got =
        pnet::receive(socket.get(), {&piece, 1}, {.timeout_ns = patience.timeout_ns}, patience.mode);
    if (!got) return fail(net::os_error(got.error(), "cannot read from the connection"));
    if (got->size_bytes == 0) return fail(ErrorKind::Io, "the server closed the connection");
    at += got->size_bytes;
  }
  if (answer != agreement)
    return fail(ErrorKind::Unsupported, "'" + origin.host + "' speaks no TLS, which 'tls = true' asks for");
  auto stream = std::make_unique<tls::NetStream>(std::move(socket), std::move(session));
  TRY(stream->begin(patience));
  return stream;
}

Result<std::unique_ptr<net::Stream>> TlsConnector::connect(const net::Origin& origin,
                                                           const net::AddressFilter& allows,
                                                           const net::Patience& patience) {
  std::shared_ptr<tls::Session> session;
  if (origin.is_tls) {
    ASSIGN_OR_RETURN(session, session_with(origin.host));
  }
  ASSIGN_OR_RETURN(fs::FileHandle socket, net::connect_tcp(origin.host, origin.port, allows, patience));
  if (!session) return net::tcp_stream(std::move(socket));
  auto stream = std::make_unique<tls::NetStream>(std::move(socket), std::move(session));
  TRY(stream->begin(patience));
  return stream;
}

}  // namespace godwit::agent
