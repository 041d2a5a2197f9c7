// Group sock, continued: addresses of names, as WasmEdge has it. The guest brings a list of as many AddrInfos as it has
// room for, linked by `next`, each with a SockAddr and room for the address:
//
//   results ─▶ u32 ─▶ AddrInfo ─▶ SockAddr ─▶ port, 2 bytes, big-endian | IPv4, 4 bytes
//                        │                    port | flow 4 | IPv6, 16 bytes | scope 4
//                        ▼
//                     AddrInfo ─▶ …
#include <algorithm>
#include <array>
#include <cstring>

#include "platform/net_resolve.h"
#include "wasi/sock_support.h"

namespace godwit::wasi {
namespace {

// Longest texts, as in the host's own interface.
constexpr size_t kMaxNode = 1024, kMaxService = 31;
constexpr Size kInet4Data = 6, kInet6Data = 26;
constexpr Size kHostInet4 = 16, kHostInet6 = 28;  // what the sizes of addresses are called

Errno to_errno(net::NameError error) {
  switch (error) {
    case net::NameError::AddressFamily: return Errno::Aiaddrfamily;
    case net::NameError::Again: return Errno::Aiagain;
    case net::NameError::BadFlags: return Errno::Aibadflag;
    case net::NameError::Fail: return Errno::Aifail;
    case net::NameError::Family: return Errno::Aifamily;
    case net::NameError::Memory: return Errno::Aimemory;
    case net::NameError::NoData: return Errno::Ainodata;
    case net::NameError::NoName: return Errno::Ainoname;
    case net::NameError::Service: return Errno::Aiservice;
    case net::NameError::SocketType: return Errno::Aisocktype;
    case net::NameError::System: return Errno::Aisystem;
    case net::NameError::Interrupted: return Errno::Intr;
  }
  return Errno::Aifail;
}

// A text up to its NUL, if it has one. @errors Fault. Nametoolong.
Expected<std::string> text_of(GuestString text, size_t longest) {
  WASI_ASSIGN_OR_RETURN(const std::string_view view, text.view());
  if (view.size() > longest + 1) return std::unexpected(Errno::Nametoolong);
  const runtime::GuestAccess access;
  std::string copy(view);
  copy.resize(std::min(copy.size(), copy.find('\0')));
  return copy;
}

Expected<net::NameRequest> to_request(const AddrInfo& hints) {
  if (hints.flags & ~addrinfo_flag::kAll) return std::unexpected(Errno::Aibadflag);
  if (hints.family > SocketFamily::Inet6) return std::unexpected(Errno::Aifamily);
  if (hints.type > SocketType::Stream) return std::unexpected(Errno::Aisocktype);
  if (hints.protocol > 2) return std::unexpected(Errno::Aisocktype);
  const auto has = [&](uint16_t flag) { return (hints.flags & flag) != 0; };
  net::NameRequest request;
  request.family = to_family(hints.family);
  if (hints.type == SocketType::Datagram) request.kind = net::Kind::Datagram;
  if (hints.type == SocketType::Stream) request.kind = net::Kind::Stream;
  request.protocol = static_cast<net::Protocol>(hints.protocol);
  request.passive = has(addrinfo_flag::kPassive);
  request.canonical_name = has(addrinfo_flag::kCanonicalName);
  request.numeric_host = has(addrinfo_flag::kNumericHost);
  request.numeric_service = has(addrinfo_flag::kNumericService);
  request.v4_mapped = has(addrinfo_flag::kV4Mapped);
  request.all = has(addrinfo_flag::kAllAddresses);
  request.address_configured = has(addrinfo_flag::kAddressConfigured);
  return request;
}

struct Data {
  std::array<uint8_t, kInet6Data> bytes{};
  Size size = 0;
};
Data data_of(const net::Address& address) {
  Data data;
  data.bytes[0] = static_cast<uint8_t>(address.port >> 8);
  data.bytes[1] = static_cast<uint8_t>(address.port);
  if (address.family == net::Family::Inet4) {
    std::copy_n(address.ip.begin(), kInet4Size, data.bytes.begin() + 2);
    data.size = kInet4Data;
  } else {
    std::ranges::copy(address.ip, data.bytes.begin() + 6);
    data.size = kInet6Data;
  }
  return data;
}

// Copies as much of `from` as there is room for; returns how much.
Expected<Size> copy_out(host::GuestMemory memory, Address to, Size room, std::string_view from) {
  const auto size = static_cast<Size>(std::min<size_t>(room, from.size()));
  WASI_ASSIGN_OR_RETURN(const MutableBytes bytes, memory.bytes(to, size));
  const runtime::GuestAccess access;
  if (size != 0) std::memcpy(bytes.data(), from.data(), size);
  return size;
}

// Fills the AddrInfo at `at`; false if the address does not fit into what the guest has room for.
Expected<bool> fill(host::GuestMemory memory, Address at, AddrInfo& info, const net::NamedAddress& found) {
  WASI_ASSIGN_OR_RETURN(SockAddr socket_address, memory.read<SockAddr>(info.addr));
  const Data data = data_of(found.address);
  if (socket_address.data_len < data.size) return false;
  socket_address.family = info.family = from_family(found.address.family);
  socket_address.data_len = data.size;
  WASI_TRY(copy_out(memory, socket_address.data, data.size,
                    {reinterpret_cast<const char*>(data.bytes.data()), data.size}));
  WASI_TRY(memory.write(info.addr, socket_address));
  info.type = SocketType::Any;
  if (found.kind == net::Kind::Datagram) info.type = SocketType::Datagram;
  if (found.kind == net::Kind::Stream) info.type = SocketType::Stream;
  info.protocol = static_cast<uint8_t>(found.protocol);
  info.addr_len = found.address.family == net::Family::Inet4 ? kHostInet4 : kHostInet6;
  WASI_ASSIGN_OR_RETURN(info.canonical_name_len,
                        copy_out(memory, info.canonical_name, info.canonical_name_len, found.canonical_name));
  WASI_TRY(memory.write(at, info));
  return true;
}

}  // namespace

// Writes at most `max_results` addresses of a name (or of one in digits) into the guest's list, and how many. Addresses
// that do not fit into what the list has room for are left out.
Errno P1::sock_getaddrinfo(Caller& caller, GuestString node, GuestString service, GuestPtr<AddrInfo> hints,
                           GuestPtr<Address> results, Size max_results, GuestPtr<Size> nresults) {
  net::NameRequest request;
  if (hints.address() != 0) {
    WASI_ASSIGN_OR_RETURN(const AddrInfo wanted, hints.read());
    WASI_ASSIGN_OR_RETURN(request, to_request(wanted));
  }
  WASI_ASSIGN_OR_RETURN(request.node, text_of(node, kMaxNode));
  WASI_ASSIGN_OR_RETURN(request.service, text_of(service, kMaxService));
  if (request.node.empty() && request.service.empty()) return Errno::Ainoname;
  WASI_ASSIGN_OR_RETURN(Address at, results.read());
  WASI_TRY(nresults.check());
  const bool is_virtual = core_.virtual_hosts && core_.virtual_hosts->serves(request.node);
  if (!is_virtual && !core_.network->may_look_up(request.node)) return Errno::Acces;
  if (is_virtual) {
    request.node = net::to_text(net::virtual_address());
    request.node.resize(request.node.rfind(':'));  // without a port
  }
  const auto found = net::resolve(request, wait_mode(core_, caller));
  if (!found) return to_errno(found.error());
  const host::GuestMemory memory = results.memory();
  Size count = 0;
  for (const net::NamedAddress& address : *found) {
    core_.network->learn(request.node, address.address);
    if (count == max_results || at == 0) continue;
    WASI_ASSIGN_OR_RETURN(AddrInfo info, memory.read<AddrInfo>(at));
    WASI_ASSIGN_OR_RETURN(const bool fits, fill(memory, at, info, address));
    if (!fits) continue;
    count++;
    at = info.next;
  }
  return put(nresults, count);
}

}  // namespace godwit::wasi
