// What the functions for sockets share: finding them, their addresses in guest memory, receiving and sending.
#pragma once

#include <span>

#include "wasi/p1_support.h"

namespace godwit::wasi {

// @errors Badf. Notsock. Notcapable: it has not `needed`.
Expected<DescriptorPtr> find_socket(const DescriptorTable& descriptors, uint32_t fd, Rights needed);
// The same for the guest's own, which the embedder has no part in. @errors Notsup: it was lent.
Expected<DescriptorPtr> find_own_socket(const DescriptorTable& descriptors, uint32_t fd, Rights needed);

// A descriptor for a socket of the guest's own.
DescriptorPtr own_socket(platform::fs::FileHandle handle, net::Family family, net::Kind kind,
                         uint32_t fd_flags);

net::Family to_family(SocketFamily family);
SocketFamily from_family(net::Family family);

// @errors Inval: it has another number of bytes than an address, or there is no such port. Fault. Afnosupport.
Expected<net::Address> read_address(GuestPtr<WasiAddress> at, uint32_t port);
// The port is not written, nor a unix socket's path, which is the host's. @errors Inval: no room. Fault.
Expected<> write_address(GuestPtr<WasiAddress> at, const net::Address& address);
// Fault now, if a later write_address() would be one; Inval if there may be no room.
Expected<> check_room(GuestPtr<WasiAddress> at);

// Receives as sock_recv does. Datagrams that are not for the guest are dropped on the way.
Expected<net::Received> receive(const Core& core, const Caller& caller, const Descriptor& socket,
                                std::span<fs::IoVector> pieces, uint32_t ri_flags);
// Sends as sock_send does. `to`: null, or where to.
Expected<size_t> send(const Core& core, const Caller& caller, const Descriptor& socket,
                      std::span<fs::IoVector> pieces, const net::Address* to);

}  // namespace godwit::wasi
