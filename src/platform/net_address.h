// Addresses of sockets, apart from how the system lays them out.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace godwit::platform::net {

enum class Family : uint8_t { Unspecified, Inet4, Inet6, Unix };

struct Address {
  Family family = Family::Unspecified;
  uint16_t port = 0;             // host order
  std::array<uint8_t, 16> ip{};  // network order; of Inet4 the first four count
  std::string path = {};         // Unix only

  bool operator==(const Address&) const = default;
};

// "127.0.0.1" or "::1"; nothing for anything else.
std::optional<Address> parse_ip(std::string_view text);

// What `address` stands for: an IPv6 address that maps an IPv4 one becomes that.
Address unmapped(const Address& address);

// "127.0.0.1:80", "[::1]:80", "unix:name".
std::string to_text(const Address& address);

}  // namespace godwit::platform::net
