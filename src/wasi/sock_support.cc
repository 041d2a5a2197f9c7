// What the functions for sockets share.
#include "wasi/sock_support.h"

#include <algorithm>
#include <cstring>

namespace godwit::wasi {

Expected<DescriptorPtr> find_socket(const DescriptorTable& descriptors, uint32_t fd, Rights needed) {
  WASI_ASSIGN_OR_RETURN(DescriptorPtr found, descriptors.find(fd));
  if (!found->is_socket()) return std::unexpected(Errno::Notsock);
  if (needed & ~found->base) return std::unexpected(Errno::Notcapable);
  return found;
}

Expected<DescriptorPtr> find_own_socket(const DescriptorTable& descriptors, uint32_t fd, Rights needed) {
  WASI_ASSIGN_OR_RETURN(DescriptorPtr found, find_socket(descriptors, fd, needed));
  if (!found->socket) return std::unexpected(Errno::Notsup);
  return found;
}

DescriptorPtr own_socket(platform::fs::FileHandle handle, net::Family family, net::Kind kind,
                         uint32_t fd_flags) {
  auto opened = std::make_shared<Descriptor>();
  opened->fd = handle.get();
  opened->owned = std::move(handle);
  opened->kind = kind == net::Kind::Datagram ? FileKind::DatagramSocket : FileKind::StreamSocket;
  opened->readable = opened->writable = true;
  opened->flags = fd_flags;
  opened->base = rights_of(opened->kind);
  opened->socket = std::make_unique<SocketState>();
  opened->socket->family = family;
  opened->socket->kind = kind;
  return opened;
}

net::Family to_family(SocketFamily family) {
  switch (family) {
    case SocketFamily::Unspecified: return net::Family::Unspecified;
    case SocketFamily::Inet4: return net::Family::Inet4;
    case SocketFamily::Inet6: return net::Family::Inet6;
    case SocketFamily::Unix: return net::Family::Unix;
  }
  return net::Family::Unspecified;
}

SocketFamily from_family(net::Family family) {
  switch (family) {
    case net::Family::Unspecified: return SocketFamily::Unspecified;
    case net::Family::Inet4: return SocketFamily::Inet4;
    case net::Family::Inet6: return SocketFamily::Inet6;
    case net::Family::Unix: return SocketFamily::Unix;
  }
  return SocketFamily::Unspecified;
}

Expected<net::Address> read_address(GuestPtr<WasiAddress> at, uint32_t port) {
  if (port > 0xFFFF) return std::unexpected(Errno::Inval);
  WASI_ASSIGN_OR_RETURN(const WasiAddress where, at.read());
  if (where.buf_len != kInet4Size && where.buf_len != kInet6Size && where.buf_len != kAnyAddressSize)
    return std::unexpected(Errno::Inval);
  WASI_ASSIGN_OR_RETURN(const MutableBytes bytes, at.memory().bytes(where.buf, where.buf_len));
  uint8_t copy[kAnyAddressSize] = {};
  {
    const runtime::GuestAccess access;
    std::memcpy(copy, bytes.data(), bytes.size());
  }
  net::Address address = {.port = static_cast<uint16_t>(port)};
  const uint8_t* data = copy;
  if (where.buf_len == kAnyAddressSize) {
    const auto family = load_unaligned<uint16_t>(copy);
    if (family < 1 || family > 3) return std::unexpected(Errno::Afnosupport);
    address.family = to_family(static_cast<SocketFamily>(family));
    data += sizeof family;
  } else {
    address.family = where.buf_len == kInet4Size ? net::Family::Inet4 : net::Family::Inet6;
  }
  if (address.family == net::Family::Unix) {
    const auto* path = reinterpret_cast<const char*>(data);
    address.path.assign(path, ::strnlen(path, sizeof copy - sizeof(uint16_t)));
  } else {
    std::copy_n(data, address.family == net::Family::Inet4 ? kInet4Size : kInet6Size, address.ip.begin());
  }
  return address;
}

Expected<> check_room(GuestPtr<WasiAddress> at) {
  WASI_ASSIGN_OR_RETURN(const WasiAddress where, at.read());
  if (where.buf_len < kInet4Size) return std::unexpected(Errno::Inval);
  WASI_TRY(at.memory().bytes(where.buf, where.buf_len));
  return {};
}

Expected<> write_address(GuestPtr<WasiAddress> at, const net::Address& address) {
  WASI_ASSIGN_OR_RETURN(const WasiAddress where, at.read());
  uint8_t image[kAnyAddressSize] = {};
  Size size = address.family == net::Family::Inet4 ? kInet4Size : kInet6Size;
  if (where.buf_len >= kAnyAddressSize) {
    store_unaligned<uint16_t>(image, static_cast<uint16_t>(from_family(address.family)));
    if (address.family != net::Family::Unix) std::ranges::copy(address.ip, image + sizeof(uint16_t));
    size = kAnyAddressSize;
  } else {
    if (address.family == net::Family::Unix || where.buf_len < size) return std::unexpected(Errno::Inval);
    std::ranges::copy(address.ip, image);
  }
  WASI_ASSIGN_OR_RETURN(const MutableBytes bytes, at.memory().bytes(where.buf, size));
  const runtime::GuestAccess access;
  std::memcpy(bytes.data(), image, size);
  return {};
}

namespace {

bool is_from_the_network(const net::Address& peer) {
  return peer.family == net::Family::Inet4 || peer.family == net::Family::Inet6;
}

bool is_stranger(const Core& core, const net::Received& received) {
  return is_from_the_network(received.from) && !core.network->knows(received.from);
}

// Takes datagrams that are not for the guest out of the queue, before their bytes come near it, until there is one that
// is.
Expected<> drop_strangers(const Core& core, const Descriptor& socket, net::ReceiveOptions options,
                          fs::WaitMode mode) {
  options.peek = true;
  for (;;) {
    WASI_ASSIGN_OR_RETURN(const net::Received first, net::receive(socket.fd, {}, options, mode));
    if (!is_stranger(core, first)) return {};
    const auto dropped = net::receive(socket.fd, {}, {.blocking = fs::Blocking::Never}, mode);
    if (!dropped && dropped.error() != EAGAIN) return std::unexpected(errno_from_host(dropped.error()));
    if (mode.stop.requested()) return std::unexpected(Errno::Intr);
  }
}

}  // namespace

Expected<net::Received> receive(const Core& core, const Caller& caller, const Descriptor& socket,
                                std::span<fs::IoVector> pieces, uint32_t ri_flags) {
  if (ri_flags & ~receive_flag::kAll) return std::unexpected(Errno::Inval);
  WASI_TRY(check_readable(socket));
  const fs::WaitMode mode = wait_mode(core, caller);
  net::ReceiveOptions options = {.peek = (ri_flags & receive_flag::kPeek) != 0,
                                 .wait_for_all = (ri_flags & receive_flag::kWaitAll) != 0,
                                 .blocking = blocking_of(socket)};
  if (socket.socket) options.timeout_ns = socket.socket->receive_timeout_ns;
  const bool sifts = socket.socket && socket.kind == FileKind::DatagramSocket && !socket.socket->hears_anyone;
  for (;;) {
    if (sifts) WASI_TRY(drop_strangers(core, socket, options, mode));
    const runtime::GuestAccess access;
    WASI_ASSIGN_OR_RETURN(net::Received received, net::receive(socket.fd, pieces, options, mode));
    // a stranger's, if another thread of the guest took the one that was looked at
    if (!sifts || !is_stranger(core, received)) return received;
  }
}

Expected<size_t> send(const Core& core, const Caller& caller, const Descriptor& socket,
                      std::span<fs::IoVector> pieces, const net::Address* to) {
  WASI_TRY(check_writable(socket));
  net::SendOptions options = {.to = to, .blocking = blocking_of(socket)};
  if (socket.socket) options.timeout_ns = socket.socket->send_timeout_ns;
  const runtime::GuestAccess access;
  WASI_ASSIGN_OR_RETURN(const size_t size, net::send(socket.fd, pieces, options, wait_mode(core, caller)));
  return size;
}

}  // namespace godwit::wasi
