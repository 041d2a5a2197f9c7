// Sockets. Those that are opened here never block as far as the system is concerned; calls wait as they are told to.
#pragma once

#include <cstdint>
#include <span>

#include "platform/fs_file.h"
#include "platform/fs_handle.h"
#include "platform/fs_wait.h"
#include "platform/net_address.h"

namespace godwit::platform::net {

using fs::Blocking;
using fs::FileHandle;
using fs::IoVector;
using fs::OsResult;
using fs::WaitMode;

enum class Kind : uint8_t { Any, Datagram, Stream };

// @errors EAFNOSUPPORT: the system has no such family. EPROTONOSUPPORT. EMFILE.
OsResult<FileHandle> open(Family family, Kind kind);

// IP addresses only. @errors EADDRINUSE, EADDRNOTAVAIL, EACCES, EINVAL: it has an address already.
OsResult<> bind(int fd, const Address& address);
// @errors EDESTADDRREQ, EOPNOTSUPP: not a stream socket.
OsResult<> listen(int fd, uint32_t backlog);

// IP addresses only. Waits, if told so, until the connection is there.
// @errors EINPROGRESS: Blocking::Never, or `timeout_ns` have passed; the attempt goes on. EINTR: told to stop.
//   ECONNREFUSED, ENETUNREACH, …
OsResult<> connect(int fd, const Address& address, Blocking blocking, WaitMode mode, uint64_t timeout_ns);

// The same by the name of a unix socket, one component in the directory `dir`, which must be open.
OsResult<> bind_unix(int fd, int dir, const char* name);
// The same to a unix socket that is open as a file (fs::Access::Path).
OsResult<> connect_unix(int fd, int socket_file, Blocking blocking, WaitMode mode, uint64_t timeout_ns);

// Waits, if told so, for the next connection. @errors EAGAIN: there is none. EINTR: told to stop. EINVAL: not listening.
OsResult<FileHandle> accept(int fd, Blocking blocking, WaitMode mode, uint64_t timeout_ns);

struct ReceiveOptions {
  bool peek = false;
  bool wait_for_all = false;  // of a stream: until all pieces are full, or no more comes
  Blocking blocking = Blocking::Wait;
  uint64_t timeout_ns = fs::kForever;
};
struct Received {
  size_t size_bytes = 0;
  bool is_truncated = false;  // a datagram was longer
  Address from = {};          // Unspecified: a stream's peer
};
// Receives into `pieces`, in order. Changes the entries of `pieces` if it waits for all.
// @errors EAGAIN: there is nothing, and it may not wait any longer. EINTR: told to stop. ENOTCONN, ECONNRESET, …
OsResult<Received> receive(int fd, std::span<IoVector> pieces, const ReceiveOptions& options, WaitMode mode);

struct SendOptions {
  const Address* to = nullptr;  // null: where it is connected to; IP addresses only
  Blocking blocking = Blocking::Wait;
  uint64_t timeout_ns = fs::kForever;
};
// Sends `pieces`, in order: all of them, if it may wait, unless something went wrong after some bytes. Returns how many
// bytes it sent. Changes the entries of `pieces`. Never raises a signal.
// @errors EAGAIN, EINTR as receive(). EPIPE, EDESTADDRREQ, EMSGSIZE, …
OsResult<size_t> send(int fd, std::span<IoVector> pieces, const SendOptions& options, WaitMode mode);

enum class Side : uint8_t { Reading, Writing, Both };
OsResult<> shut_down(int fd, Side side);

OsResult<Address> local_address(int fd);
OsResult<Address> peer_address(int fd);

// Options whose value is a number (or 0 and 1).
enum class Option : uint8_t {
  ReuseAddress,
  DontRoute,
  Broadcast,
  SendBuffer,
  ReceiveBuffer,
  KeepAlive,
  OutOfBandInline,
  ReceiveLowWater,
  AcceptsConnections,  // cannot be set
};
OsResult<int> get_option(int fd, Option option);
OsResult<> set_option(int fd, Option option, int value);

OsResult<Kind> kind_of(int fd);
// What went wrong since somebody asked last, as the system's errno; 0: nothing.
OsResult<int> take_error(int fd);

// Whether closing waits for what was not sent yet, and for how long.
struct Linger {
  bool is_on = false;
  uint16_t seconds = 0;
};
OsResult<Linger> get_linger(int fd);
OsResult<> set_linger(int fd, Linger linger);

}  // namespace godwit::platform::net
