// Connection: one client of a server's, on a fiber.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "net/parser.h"
#include "net/reactor.h"
#include "net/server.h"
#include "net/stream.h"

namespace godwit::net {

class Connection final {
 public:
  Connection(Server::Reactor& reactor, std::unique_ptr<Stream> stream, const platform::net::Address& peer,
             Handler& handler)
      : reactor_(reactor), stream_(std::move(stream)), peer_(peer), handler_(handler) {}

  // Answers requests until either side has enough. On a fiber.
  void serve();

  int fd() const { return stream_->fd(); }
  void set_gone();

 private:
  friend class Request;
  friend class ResponseWriter;
  friend class Server::Reactor;

  // Each returns whether there may be another request.
  bool serve_one();
  bool answer();
  // Waits for a request's first byte. False if none comes.
  bool wait_for_request();
  bool read_head();
  // Answers a request that nobody has answered.
  void refuse(uint32_t status, std::string_view why);
  // Reads and forgets what is left of a body, if that is little. False if it is not.
  bool skip_body();
  // Closes so that the client can still read the answer.
  void close_slowly();

  // Appends what comes to in_. 0: no more will come.
  Result<size_t> receive(const Patience& patience);
  Bytes input() const { return as_bytes(std::string_view(in_).substr(in_at_)); }
  void take_input(size_t bytes);
  // Gives the parser what is there, and appends to `body`.
  std::expected<void, ParseFailure> parse(std::string& body);

  Result<size_t> read_body(std::string& into);
  Result<> ask_for_body();
  Error fail_body(uint32_t status, ErrorKind kind, std::string why);
  Result<> write(std::span<platform::fs::IoVector> pieces);
  platform::fs::WaitMode mode() const {
    return {.stop = platform::fs::StopWord(&gone_), .parker = &reactor_.scheduler()};
  }

  Server::Reactor& reactor_;
  std::unique_ptr<Stream> stream_;
  const platform::net::Address peer_;
  Handler& handler_;

  std::string in_;    // came, and was not parsed
  size_t in_at_ = 0;  // where that begins
  // Of the request that is served now:
  std::optional<Parser> parser_;
  std::string early_body_;     // of its body, that came with its head
  bool keeps_ = false;         // the connection, once it is answered
  bool has_switched_ = false;  // to another protocol
  bool is_cut_ = false;        // in the middle of an answer: nothing may look like its end
  bool has_asked_for_body_ = false;
  std::optional<ParseFailure> body_failure_;
  std::atomic<uint64_t> gone_ = 0;
  std::function<void()> on_gone_;
  size_t slot_ = 0;  // among the reactor's connections that are in a request
};

}  // namespace godwit::net
