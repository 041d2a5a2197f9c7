// Whom to answer.
#include "net/visitors.h"

#include <algorithm>

namespace godwit::net {
namespace {

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return result;
}

}  // namespace

bool is_loopback(const platform::net::Address& address) {
  using platform::net::Family;
  const platform::net::Address plain = platform::net::unmapped(address);
  if (plain.family == Family::Inet4) return plain.ip[0] == 127;
  return plain.family == Family::Inet6 && plain.ip == platform::net::parse_ip("::1")->ip;
}

bool is_this_machine(std::string_view host) {
  return host == "localhost" || host == "127.0.0.1" || host == "[::1]";
}

bool is_for(const Request& request, std::span<const std::string> hosts) {
  const std::string host = lower(request.host());
  return is_this_machine(host) || std::ranges::find(hosts, host) != hosts.end();
}

bool is_from(const Request& request, std::span<const std::string> origins) {
  const std::string* origin = request.field("origin");
  if (!origin) return true;
  const std::string text = lower(*origin);
  const std::string* host = request.field("host");
  if (host && (text == "http://" + lower(*host) || text == "https://" + lower(*host))) return true;
  return std::ranges::find(origins, text) != origins.end();
}

}  // namespace godwit::net
