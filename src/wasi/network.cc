// Network: rules and what they let through.
#include "wasi/network.h"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace godwit::wasi {
namespace {

// The bound on what a guest can make the host remember.
constexpr size_t kMostLearned = 4096;

constexpr std::string_view kForms =
    "write HOST:PORT, for example example.org:443, 127.0.0.1:8080, [::1]:80 or *:443";

bool same_name(std::string_view a, std::string_view b) {
  while (a.ends_with('.')) a.remove_suffix(1);
  while (b.ends_with('.')) b.remove_suffix(1);
  return std::ranges::equal(a, b, [](char x, char y) {
    return std::tolower(static_cast<unsigned char>(x)) == std::tolower(static_cast<unsigned char>(y));
  });
}

bool same_ip(const net::Address& a, const net::Address& b) { return a.family == b.family && a.ip == b.ip; }

bool is_loopback(const net::Address& address) {
  if (address.family == net::Family::Inet4) return address.ip[0] == 127;
  return address.family == net::Family::Inet6 && address.ip[15] == 1 &&
         std::all_of(address.ip.begin(), address.ip.end() - 1, [](uint8_t byte) { return byte == 0; });
}

bool is_wildcard(const net::Address& address) {
  return std::ranges::all_of(address.ip, [](uint8_t byte) { return byte == 0; });
}

bool has_port(const Endpoint& rule, uint16_t port) { return !rule.port || *rule.port == port; }

// Without what was learned: by digits, by "*", and by the one name that needs no look-up.
bool covers(const Endpoint& rule, const net::Address& address) {
  if (!has_port(rule, address.port)) return false;
  if (rule.host == "*") return true;
  if (rule.ip) return same_ip(net::unmapped(*rule.ip), address);
  return same_name(rule.host, "localhost") && is_loopback(address);
}

std::unexpected<Error> refuse(std::string_view text, std::string_view why) {
  return fail(ErrorKind::Usage,
              "'" + std::string(text) + "': " + std::string(why) + "; " + std::string(kForms));
}

}  // namespace

Result<Endpoint> parse_endpoint(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return refuse(text, "there is no port");
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  Endpoint endpoint;
  if (port != "*") {
    uint16_t number = 0;
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
    if (error != std::errc() || end != port.data() + port.size())
      return refuse(text, "a port is a number from 0 to 65535, or *");
    endpoint.port = number;
  }
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
    if (host.find(':') == std::string_view::npos)
      return refuse(text, "only IPv6 addresses stand in brackets");
  } else if (host.find(':') != std::string_view::npos) {
    return refuse(text, "an IPv6 address stands in brackets");
  }
  endpoint.host = host.empty() ? "*" : std::string(host);
  endpoint.ip = net::parse_ip(host);
  if (!endpoint.ip && host.find(':') != std::string_view::npos)
    return refuse(text, "what stands in brackets is no IPv6 address");
  return endpoint;
}

bool Network::deny(const std::string& what, const std::string& remedy) {
  denials_.tell(Denials::Topic::Network, "the guest may not " + what + "; " + remedy + " would allow it");
  return false;
}

bool Network::may_open(net::Family family) {
  if (family == net::Family::Unix) return grants_.unix_sockets || deny("use unix sockets", "--allow-af-unix");
  if (grants_.all || !grants_.connect.empty() || !grants_.listen.empty()) return true;
  return deny("use the network", "--net, --allow-net HOST:PORT or --listen HOST:PORT");
}

bool Network::knows(const net::Address& peer) const {
  if (grants_.all) return true;
  const net::Address address = net::unmapped(peer);
  const bool is_allowed = !allows_ || allows_(address);
  if (std::ranges::any_of(grants_.connect, [&](const Endpoint& rule) {
        return (rule.host != "*" || is_allowed) && covers(rule, address);
      }))
    return true;
  if (!is_allowed) return false;
  const std::lock_guard lock(mutex_);
  return std::ranges::any_of(learned_, [&](const Learned& known) {
    return same_ip(known.ip, address) && has_port(grants_.connect[known.rule], address.port);
  });
}

bool Network::may_connect(const net::Address& to) {
  if (knows(to)) return true;
  const std::string text = net::to_text(net::unmapped(to));
  return deny("connect to " + text, "--allow-net " + text);
}

bool Network::may_look_up(std::string_view name) {
  if (grants_.all || name.empty() || net::parse_ip(name)) return true;
  for (const Endpoint& rule : grants_.connect)
    if (rule.host == "*" || same_name(rule.host, name)) return true;
  const std::string text(name);
  return deny("look up '" + text + "'", "--allow-net " + text + ":PORT");
}

bool Network::may_bind(const net::Address& to, net::Kind kind) {
  if (grants_.all) return true;
  const net::Address address = net::unmapped(to);
  if (std::ranges::any_of(grants_.listen, [&](const Endpoint& rule) { return covers(rule, address); }))
    return true;
  const bool is_clients = kind == net::Kind::Datagram && address.port == 0 && is_wildcard(address);
  if (is_clients && !grants_.connect.empty()) return true;
  const std::string text = net::to_text(address);
  return deny("listen at " + text, "--listen " + text);
}

bool Network::accepts_anyone_at(const net::Address& bound) const {
  if (grants_.all) return true;
  const net::Address address = net::unmapped(bound);
  return std::ranges::any_of(grants_.listen, [&](const Endpoint& rule) { return covers(rule, address); });
}

void Network::learn(std::string_view name, const net::Address& address) {
  net::Address ip = net::unmapped(address);
  ip.port = 0;
  const std::lock_guard lock(mutex_);
  for (size_t rule = 0; rule < grants_.connect.size(); rule++) {
    const bool is_new = std::ranges::none_of(
        learned_, [&](const Learned& known) { return known.rule == rule && same_ip(known.ip, ip); });
    if (is_new && same_name(grants_.connect[rule].host, name) && learned_.size() < kMostLearned)
      learned_.push_back({.ip = ip, .rule = rule});
  }
}

}  // namespace godwit::wasi
