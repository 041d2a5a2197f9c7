// Stream: a connection, as those who speak HTTP see it.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "base/bytes.h"
#include "base/error.h"
#include "platform/fs_file.h"
#include "platform/fs_wait.h"
#include "platform/net_address.h"

namespace godwit::net {

// How a call waits, and how long it waits for anything to happen.
struct Patience {
  platform::fs::WaitMode mode = {};
  uint64_t timeout_ns = platform::fs::kForever;
};

// Errors are of kind Io; code(): ETIMEDOUT: nothing happened for so long. EINTR: called off. Others as the system has them.
// @threads one at a time.
class Stream {
 public:
  virtual ~Stream() = default;

  // What there is to do before anything is read or written: of TLS, the handshake. @param patience for the whole of it
  virtual Result<> begin(const Patience&) { return {}; }
  // Waits for bytes and reads some. @returns how many; 0: no more will come.
  virtual Result<size_t> read(MutableBytes to, const Patience& patience) = 0;
  // Writes all of `pieces`, in order. Changes the entries of `pieces`.
  virtual Result<> write(std::span<platform::fs::IoVector> pieces, const Patience& patience) = 0;
  // Tells the other side that no more will come.
  virtual void end() = 0;
  // The socket, to look at; not to be read or written.
  virtual int fd() const = 0;
};

// Makes streams of connections that a server has accepted. @threads any.
class Acceptor {
 public:
  // Does not wait. @returns null: it cannot.
  virtual std::unique_ptr<Stream> accept(platform::fs::FileHandle socket) = 0;

 protected:
  ~Acceptor() = default;
};

// Over TCP, or what else the system connects. Never blocks but by `patience`.
std::unique_ptr<Stream> tcp_stream(platform::fs::FileHandle socket);

// The error for a call of the system's that failed so.
Error os_error(int error, std::string_view what);

}  // namespace godwit::net
