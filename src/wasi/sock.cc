// Group sock: sockets that the embedder lent as a standard stream. Bytes go both ways without flags; there is nothing
// to accept, and shutting down would concern the embedder too.
// spec: https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#sock_accept
#include "wasi/p1_support.h"

namespace godwit::wasi {
namespace {

// @errors Badf. Notsock.
Expected<> check_socket(const DescriptorTable& descriptors, uint32_t fd) {
  WASI_ASSIGN_OR_RETURN(const DescriptorPtr found, descriptors.find(fd));
  if (!found->is_socket()) return std::unexpected(Errno::Notsock);
  return {};
}

}  // namespace

// Refused: no descriptor of a guest's listens.
Errno P1::sock_accept(uint32_t fd, uint32_t, GuestPtr<uint32_t>) {
  WASI_TRY(check_socket(core_.descriptors, fd));
  return Errno::Notsup;
}

// Receives into the buffers, in order. Without flags only.
Errno P1::sock_recv(Caller& caller, uint32_t fd, GuestSpan<Iovec> ri_data, uint32_t ri_flags,
                    GuestPtr<Size> ro_datalen, GuestPtr<uint16_t> ro_flags) {
  WASI_TRY(check_socket(core_.descriptors, fd));
  if (ri_flags != 0) return Errno::Notsup;
  WASI_TRY(ro_flags.write(0));
  return fd_read(caller, fd, ri_data, ro_datalen);
}

// Sends the buffers, in order. There are no flags.
Errno P1::sock_send(Caller& caller, uint32_t fd, GuestSpan<Iovec> si_data, uint32_t si_flags,
                    GuestPtr<Size> so_datalen) {
  WASI_TRY(check_socket(core_.descriptors, fd));
  if (si_flags != 0) return Errno::Inval;
  return fd_write(caller, fd, si_data, so_datalen);
}

// Refused: the embedder's connection is not the guest's to end.
Errno P1::sock_shutdown(uint32_t fd, uint32_t) {
  WASI_TRY(check_socket(core_.descriptors, fd));
  return Errno::Notsup;
}

}  // namespace godwit::wasi
