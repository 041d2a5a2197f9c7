// Addresses of names, as the system knows them.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "platform/fs_wait.h"
#include "platform/net_address.h"
#include "platform/net_socket.h"

namespace godwit::platform::net {

enum class NameError : uint8_t {
  AddressFamily,  // the name has no address of that family
  Again,          // try later
  BadFlags,
  Fail,  // for good
  Family,
  Memory,
  NoData,  // the name has no address
  NoName,  // nobody knows the name
  Service,
  SocketType,
  System,
  Interrupted,  // told to stop
};

enum class Protocol : uint8_t { Any, Tcp, Udp };

struct NameRequest {
  std::string node = {};     // empty: this machine, or any address
  std::string service = {};  // empty: port 0
  Family family = Family::Unspecified;
  Kind kind = Kind::Any;
  Protocol protocol = Protocol::Any;
  bool passive = false;
  bool canonical_name = false;
  bool numeric_host = false;
  bool numeric_service = false;
  bool v4_mapped = false;
  bool all = false;
  bool address_configured = false;
};

struct NamedAddress {
  Address address;
  Kind kind = Kind::Any;
  Protocol protocol = Protocol::Any;
  std::string canonical_name = {};  // of the first only, if it was asked for
};

// Addresses for a request. Names are looked up by a thread of its own, which is left to itself when the wait is called
// off; addresses in digits need none.
std::expected<std::vector<NamedAddress>, NameError> resolve(const NameRequest& request, WaitMode mode);

}  // namespace godwit::platform::net
