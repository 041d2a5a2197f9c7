// Group sock, continued: WasmEdge's functions that make sockets and name addresses.
//
//   WasiAddress   | bytes u32 | number of bytes u32 |         4: IPv4 | 16: IPv6 | 128: family u16, address
//
// What was not granted is Acces, and whoever started the guest is told what would allow it.
#include <algorithm>

#include "platform/fs_path.h"
#include "platform/fs_resolve.h"
#include "wasi/guest_path.h"
#include "wasi/sock_support.h"

namespace godwit::wasi {
namespace {

// The unix socket that a guest path names, open as a file.
Expected<fs::FileHandle> open_unix_socket(const DescriptorTable& descriptors, std::string_view path) {
  const auto place = find_preopened(descriptors, path);
  if (!place) return std::unexpected(Errno::Noent);
  WASI_ASSIGN_OR_RETURN(fs::FileHandle file,
                        fs::open_beneath(place->dir->fd, place->rest, {.access = fs::Access::Path}));
  return file;
}

Errno bind_to_path(const DescriptorTable& descriptors, const Descriptor& socket, std::string_view path) {
  const auto place = find_preopened(descriptors, path);
  if (!place) return Errno::Noent;
  if (place->dir->permission == Permission::ReadOnly) return Errno::Rofs;
  if (!(place->dir->base & right::kPathCreateFile)) return Errno::Notcapable;
  WASI_ASSIGN_OR_RETURN(const fs::Entry entry, fs::resolve_entry(place->dir->fd, place->rest));
  if (entry.must_be_directory) return Errno::Notdir;
  return finish(net::bind_unix(socket.fd, entry.dir, entry.name));
}

}  // namespace

// Opens a socket and writes its number. `type` Any is a stream.
Errno P1::sock_open(uint32_t family, uint32_t type, GuestPtr<uint32_t> opened_fd) {
  if (family < 1 || family > 3) return Errno::Afnosupport;
  if (type > 2) return Errno::Prototype;
  const net::Family host_family = to_family(static_cast<SocketFamily>(family));
  const bool has_virtual = core_.virtual_hosts && host_family == net::Family::Inet4;
  if (!has_virtual && !core_.network->may_open(host_family))
    return host_family == net::Family::Unix ? Errno::Nosys : Errno::Acces;
  WASI_TRY(opened_fd.check());
  const bool is_datagram = static_cast<SocketType>(type) == SocketType::Datagram;
  const net::Kind kind = is_datagram ? net::Kind::Datagram : net::Kind::Stream;
  WASI_ASSIGN_OR_RETURN(fs::FileHandle handle, net::open(host_family, kind));
  WASI_ASSIGN_OR_RETURN(const uint32_t number,
                        core_.descriptors.insert(own_socket(std::move(handle), host_family, kind, 0)));
  return put(opened_fd, number);
}

// Gives a socket an address of this machine.
Errno P1::sock_bind(uint32_t fd, GuestPtr<WasiAddress> address, uint32_t port) {
  WASI_ASSIGN_OR_RETURN(const DescriptorPtr found, find_own_socket(core_.descriptors, fd, 0));
  WASI_ASSIGN_OR_RETURN(const net::Address to, read_address(address, port));
  SocketState& socket = *found->socket;
  if (to.family != socket.family) return Errno::Afnosupport;
  if (to.family == net::Family::Unix) {
    const Errno bound = bind_to_path(core_.descriptors, *found, to.path);
    if (bound == Errno::Success) socket.may_listen = true;
    return bound;
  }
  if (!core_.network->may_bind(to, socket.kind)) return Errno::Acces;
  WASI_TRY(net::bind(found->fd, to));
  socket.may_listen = socket.hears_anyone = core_.network->accepts_anyone_at(to);
  return Errno::Success;
}

// Makes a socket take connections; about `backlog` wait to be accepted.
Errno P1::sock_listen(uint32_t fd, uint32_t backlog) {
  WASI_ASSIGN_OR_RETURN(const DescriptorPtr found, find_own_socket(core_.descriptors, fd, 0));
  SocketState& socket = *found->socket;
  if (!socket.may_listen) {  // it has no address, and gets any
    WASI_ASSIGN_OR_RETURN(const net::Address any, net::local_address(found->fd));
    if (any.family == net::Family::Unix) return Errno::Destaddrreq;
    if (!core_.network->may_bind(any, net::Kind::Stream)) return Errno::Acces;
    socket.may_listen = true;
  }
  return finish(net::listen(found->fd, backlog));
}

// Connects a socket. One that shall not wait gets Inprogress, and can be written to when the connection is there.
Errno P1::sock_connect(Caller& caller, uint32_t fd, GuestPtr<WasiAddress> address, uint32_t port) {
  WASI_ASSIGN_OR_RETURN(const DescriptorPtr found, find_own_socket(core_.descriptors, fd, 0));
  WASI_ASSIGN_OR_RETURN(const net::Address to, read_address(address, port));
  const SocketState& socket = *found->socket;
  const fs::WaitMode mode = wait_mode(core_, caller);
  if (to.family == net::Family::Unix) {
    if (socket.family != net::Family::Unix) return Errno::Afnosupport;
    WASI_ASSIGN_OR_RETURN(const fs::FileHandle file, open_unix_socket(core_.descriptors, to.path));
    return finish(
        net::connect_unix(found->fd, file.get(), blocking_of(*found), mode, socket.send_timeout_ns));
  }
  if (core_.virtual_hosts && net::is_virtual(to))
    return finish(net::connect(found->fd, core_.virtual_hosts->door(), blocking_of(*found), mode,
                               socket.send_timeout_ns));
  if (!core_.network->may_connect(to)) return Errno::Acces;
  return finish(net::connect(found->fd, to, blocking_of(*found), mode, socket.send_timeout_ns));
}

// Receives into the buffers, in order; writes where from, the number of bytes, and whether a datagram was longer.
Errno P1::sock_recv_from(Caller& caller, uint32_t fd, GuestSpan<Iovec> ri_data, GuestPtr<WasiAddress> from,
                         uint32_t ri_flags, GuestPtr<uint16_t> port, GuestPtr<Size> ro_datalen,
                         GuestPtr<uint16_t> ro_flags) {
  WASI_ASSIGN_OR_RETURN(const DescriptorPtr socket, find_socket(core_.descriptors, fd, 0));
  IovecRoom room;
  WASI_ASSIGN_OR_RETURN(const auto pieces, gather(ri_data, room));
  WASI_TRY(check_room(from));
  WASI_TRY(port.check());
  WASI_TRY(ro_datalen.check());
  WASI_TRY(ro_flags.check());
  WASI_ASSIGN_OR_RETURN(net::Received received, receive(core_, caller, *socket, pieces, ri_flags));
  if (received.from.family == net::Family::Unspecified) {  // a stream's: it has one peer
    WASI_ASSIGN_OR_RETURN(received.from, net::peer_address(socket->fd));
  }
  WASI_TRY(write_address(from, received.from));
  WASI_TRY(port.write(received.from.port));
  WASI_TRY(ro_flags.write(received.is_truncated ? kReceivedTruncated : 0));
  return put(ro_datalen, static_cast<Size>(received.size_bytes));
}

// Sends the buffers, in order, to an address; writes the number of bytes. There are no flags.
Errno P1::sock_send_to(Caller& caller, uint32_t fd, GuestSpan<Iovec> si_data, GuestPtr<WasiAddress> to,
                       uint32_t port, uint32_t si_flags, GuestPtr<Size> so_datalen) {
  WASI_ASSIGN_OR_RETURN(const DescriptorPtr socket, find_own_socket(core_.descriptors, fd, 0));
  if (si_flags != 0) return Errno::Inval;
  WASI_ASSIGN_OR_RETURN(const net::Address address, read_address(to, port));
  if (address.family == net::Family::Unix) return Errno::Notsup;
  if (!core_.network->may_connect(address)) return Errno::Acces;
  IovecRoom room;
  WASI_ASSIGN_OR_RETURN(const auto pieces, gather(si_data, room));
  WASI_TRY(so_datalen.check());
  WASI_ASSIGN_OR_RETURN(const size_t size, send(core_, caller, *socket, pieces, &address));
  return put(so_datalen, static_cast<Size>(size));
}

// Writes the address of a socket's own end, and its port.
Errno P1::sock_getlocaladdr(uint32_t fd, GuestPtr<WasiAddress> address, GuestPtr<uint32_t> port) {
  WASI_ASSIGN_OR_RETURN(const DescriptorPtr socket, find_socket(core_.descriptors, fd, 0));
  WASI_ASSIGN_OR_RETURN(const net::Address own, net::local_address(socket->fd));
  WASI_TRY(port.check());
  WASI_TRY(write_address(address, own));
  return put(port, uint32_t{own.port});
}

// Writes the address of the other end of a connection, and its port.
Errno P1::sock_getpeeraddr(uint32_t fd, GuestPtr<WasiAddress> address, GuestPtr<uint32_t> port) {
  WASI_ASSIGN_OR_RETURN(const DescriptorPtr socket, find_socket(core_.descriptors, fd, 0));
  WASI_ASSIGN_OR_RETURN(const net::Address other, net::peer_address(socket->fd));
  WASI_TRY(port.check());
  WASI_TRY(write_address(address, other));
  return put(port, uint32_t{other.port});
}

}  // namespace godwit::wasi
