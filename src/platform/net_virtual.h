// VirtualHosts: servers that are no machines: names that are answered for in the process which runs a guest.
#pragma once

#include <string>
#include <string_view>

#include "platform/net_address.h"

namespace godwit::platform::net {

// What a guest is told that all of them have for an address, on every port: one that no machine has, of those that are
// reserved for the future. spec: https://www.rfc-editor.org/rfc/rfc1112#section-4
inline Address virtual_address() {
  Address address;
  address.family = Family::Inet4;
  address.ip = {240, 0, 0, 1};
  return address;
}
inline bool is_virtual(const Address& address) {
  return address.family == Family::Inet4 && address.ip[0] == 240 && address.ip[1] == 0 &&
         address.ip[2] == 0 && address.ip[3] == 1;
}

// @threads those of the guest; may park.
class VirtualHosts {
 public:
  virtual bool serves(std::string_view name) const = 0;
  // Answers a request of HTTP/1, head and body, with a whole response.
  virtual std::string answer(std::string_view name, std::string_view request) = 0;
  // Where a guest is connected to in fact: somebody who accepts connections and has nothing to say. Requests come by answer(),
  // since it is TLS that is spoken with these hosts, and TLS is the host's.
  virtual Address door() const = 0;

 protected:
  ~VirtualHosts() = default;
};

// How many bytes a request of HTTP/1 has that begins so; 0: that is not known yet.
inline size_t request_bytes(std::string_view text) {
  const size_t end = text.find("\r\n\r\n");
  if (end == std::string_view::npos) return 0;
  size_t length = 0;
  for (size_t at = text.find("\r\n"); at < end; at = text.find("\r\n", at + 2)) {
    std::string_view line = text.substr(at + 2, text.find("\r\n", at + 2) - at - 2);
    constexpr std::string_view kName = "content-length:";
    if (line.size() < kName.size()) continue;
    bool is_it = true;
    for (size_t i = 0; i < kName.size(); i++) is_it &= (line[i] | 0x20) == (kName[i] | 0x20);
    if (!is_it) continue;
    line.remove_prefix(kName.size());
    for (const char c : line) {
      if (c < '0' || c > '9') continue;
      if (length > size_t{1} << 40) break;
      length = length * 10 + static_cast<size_t>(c - '0');
    }
  }
  return end + 4 + length;
}

}  // namespace godwit::platform::net
