// Group sock: connections and their bytes. Sockets that the embedder lent as a standard stream carry bytes; the rest would
// concern the embedder too.
// spec: https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#sock_accept
#include "wasi/sock_support.h"

namespace godwit::wasi {

// Waits for the next connection to a listening socket and writes its number. It is as `flags` say, whatever the listening
// one is.
Errno P1::sock_accept(Caller& caller, uint32_t fd, uint32_t flags, GuestPtr<uint32_t> accepted_fd) {
  WASI_ASSIGN_OR_RETURN(const DescriptorPtr listening,
                        find_own_socket(core_.descriptors, fd, right::kSockAccept));
  if (flags & ~fd_flag::kNonblock) return Errno::Inval;
  WASI_TRY(accepted_fd.check());
  const SocketState& socket = *listening->socket;
  WASI_ASSIGN_OR_RETURN(fs::FileHandle accepted,
                        net::accept(listening->fd, blocking_of(*listening), wait_mode(core_, caller),
                                    socket.receive_timeout_ns));
  WASI_ASSIGN_OR_RETURN(const uint32_t number, core_.descriptors.insert(own_socket(
                                                   std::move(accepted), socket.family, socket.kind, flags)));
  return put(accepted_fd, number);
}

// Receives into the buffers, in order; writes the number of bytes, and whether a datagram was longer.
Errno P1::sock_recv(Caller& caller, uint32_t fd, GuestSpan<Iovec> ri_data, uint32_t ri_flags,
                    GuestPtr<Size> ro_datalen, GuestPtr<uint16_t> ro_flags) {
  WASI_ASSIGN_OR_RETURN(const DescriptorPtr socket, find_socket(core_.descriptors, fd, 0));
  IovecRoom room;
  WASI_ASSIGN_OR_RETURN(const auto pieces, gather(ri_data, room));
  WASI_TRY(ro_datalen.check());
  WASI_TRY(ro_flags.check());
  WASI_ASSIGN_OR_RETURN(const net::Received received, receive(core_, caller, *socket, pieces, ri_flags));
  WASI_TRY(ro_flags.write(received.is_truncated ? kReceivedTruncated : 0));
  return put(ro_datalen, static_cast<Size>(received.size_bytes));
}

// Sends the buffers, in order; writes the number of bytes. There are no flags.
Errno P1::sock_send(Caller& caller, uint32_t fd, GuestSpan<Iovec> si_data, uint32_t si_flags,
                    GuestPtr<Size> so_datalen) {
  WASI_ASSIGN_OR_RETURN(const DescriptorPtr socket, find_socket(core_.descriptors, fd, 0));
  if (si_flags != 0) return Errno::Inval;
  IovecRoom room;
  WASI_ASSIGN_OR_RETURN(const auto pieces, gather(si_data, room));
  WASI_TRY(so_datalen.check());
  WASI_ASSIGN_OR_RETURN(const size_t size, send(core_, caller, *socket, pieces, nullptr));
  return put(so_datalen, static_cast<Size>(size));
}

// Ends one direction of a connection, or both.
Errno P1::sock_shutdown(uint32_t fd, uint32_t how) {
  WASI_ASSIGN_OR_RETURN(const DescriptorPtr socket,
                        find_own_socket(core_.descriptors, fd, right::kSockShutdown));
  if (how == 0 || (how & ~shutdown_flag::kAll)) return Errno::Inval;
  const net::Side side = how == shutdown_flag::kReading   ? net::Side::Reading
                         : how == shutdown_flag::kWriting ? net::Side::Writing
                                                          : net::Side::Both;
  return finish(net::shut_down(socket->fd, side));
}

}  // namespace godwit::wasi
