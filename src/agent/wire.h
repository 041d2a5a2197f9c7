// Wire: what servers of databases say, read within bounds.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "net/stream.h"

namespace godwit::agent {

// Has the system find out, within some minutes, that the other side of a connection is gone without a word.
void keep_alive(int socket);

// @threads that of the fiber which uses it.
class Wire final {
 public:
  // @param most_bytes of one answer; a server that sends more is not listened to.
  Wire(std::unique_ptr<net::Stream> stream, size_t most_bytes)
      : stream_(std::move(stream)), most_bytes_(most_bytes) {}

  // From here on another answer is counted.
  void begin_answer() { taken_ = 0; }
  // Errors are those of net::Stream. Exhausted: more than `most_bytes`. Io: the connection ended.
  Result<> send(std::string_view bytes, const net::Patience& patience);
  Result<std::string> take(size_t bytes, const net::Patience& patience);
  // Up to CR LF, without it.
  Result<std::string> take_line(const net::Patience& patience);
  // Whether there is something that nobody has asked for.
  bool has_more() const { return at_ < in_.size(); }
  // The socket, to look at.
  int fd() const { return stream_->fd(); }

 private:
  Result<> receive(const net::Patience& patience);
  Result<> count(size_t bytes);

  std::unique_ptr<net::Stream> stream_;
  const size_t most_bytes_;
  size_t taken_ = 0;
  std::string in_;
  size_t at_ = 0;
};

}  // namespace godwit::agent
