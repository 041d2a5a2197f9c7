// WasmEdge's first functions for sockets: those of the second with other parameters.
#include "wasi/sock_v1.h"

#include "wasi/sock_support.h"

namespace godwit::wasi {
namespace {

// Writes an address, 4 or 6 for its kind (3 for a unix socket's), and its port.
Errno put_address(const net::Address& found, GuestPtr<WasiAddress> address, GuestPtr<uint32_t> type,
                  GuestPtr<uint32_t> port) {
  WASI_TRY(type.check());
  WASI_TRY(port.check());
  WASI_TRY(write_address(address, found));
  uint32_t kind = 3;
  if (found.family == net::Family::Inet4) kind = 4;
  if (found.family == net::Family::Inet6) kind = 6;
  WASI_TRY(type.write(kind));
  return put(port, uint32_t{found.port});
}

}  // namespace

// As the second form, without flags.
Errno SockV1::sock_accept(Caller& caller, uint32_t fd, GuestPtr<uint32_t> accepted_fd) {
  return p1_.sock_accept(caller, fd, 0, accepted_fd);
}

// As the second form; the peer's port is not told.
Errno SockV1::sock_recv_from(Caller& caller, uint32_t fd, GuestSpan<Iovec> ri_data,
                             GuestPtr<WasiAddress> from, uint32_t ri_flags, GuestPtr<Size> ro_datalen,
                             GuestPtr<uint16_t> ro_flags) {
  // the place of the number of bytes takes the port first
  const GuestPtr<uint16_t> port(ro_datalen.memory(), ro_datalen.address());
  return p1_.sock_recv_from(caller, fd, ri_data, from, ri_flags, port, ro_datalen, ro_flags);
}

Errno SockV1::sock_getlocaladdr(uint32_t fd, GuestPtr<WasiAddress> address, GuestPtr<uint32_t> type,
                                GuestPtr<uint32_t> port) {
  WASI_ASSIGN_OR_RETURN(const DescriptorPtr socket, find_socket(core_.descriptors, fd, 0));
  WASI_ASSIGN_OR_RETURN(const net::Address own, net::local_address(socket->fd));
  return put_address(own, address, type, port);
}

Errno SockV1::sock_getpeeraddr(uint32_t fd, GuestPtr<WasiAddress> address, GuestPtr<uint32_t> type,
                               GuestPtr<uint32_t> port) {
  WASI_ASSIGN_OR_RETURN(const DescriptorPtr socket, find_socket(core_.descriptors, fd, 0));
  WASI_ASSIGN_OR_RETURN(const net::Address other, net::peer_address(socket->fd));
  return put_address(other, address, type, port);
}

}  // namespace godwit::wasi
