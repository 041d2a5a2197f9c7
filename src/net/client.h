// Client: HTTP/1.1 requests, over connections that are used again.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "net/connect.h"
#include "net/message.h"
#include "net/parser.h"
#include "net/stream.h"

namespace godwit::net {

struct ClientConfig {
  size_t max_idle_connections = 32;           // of all origins together
  uint64_t idle_timeout_ns = 15'000'000'000;  // after which an idle connection is not used any more
  MessageLimits limits = {.header_bytes = 64 << 10, .fields = 200, .body_bytes = uint64_t{1} << 40};
};

struct ClientRequest {
  Origin origin;
  std::string method = "GET";
  std::string target = "/";
  // Host, Content-Length, Transfer-Encoding and Connection are the client's own.
  Fields fields = {};
  std::string_view body = {};
  // In place of `body`: gives the next piece, an empty one at the end; sent in chunks.
  std::function<Result<std::string>()> body_source = {};
  // Connections are shared by those of one partition: agents that must not see each other's have numbers of their own.
  uint64_t partition = 0;
  AddressFilter allows = {};
};

class Client;

// A response whose body may still be coming. Moves only.
// @lifetime the client, and what waits by the request's Patience, outlive it. @threads one.
class ClientResponse final {
 public:
  ~ClientResponse();
  ClientResponse(ClientResponse&&) noexcept;
  ClientResponse& operator=(ClientResponse&&) noexcept;

  uint32_t status() const { return parser_.head().status; }
  const Fields& fields() const { return parser_.head().fields; }

  // Appends what has come of the body, at least a byte. @returns how many; 0: that was all.
  // @errors Io. Malformed: it is no body.
  Result<size_t> read(std::string& into);
  // All of it. @errors Exhausted: larger than `most_bytes`.
  Result<std::string> read_all(uint64_t most_bytes);

 private:
  friend class Client;
  struct Link;

  ClientResponse(Client& client, std::unique_ptr<Link> link, Parser parser, const Patience& patience);
  void release();

  Client* client_;
  std::unique_ptr<Link> link_;  // null: given back
  mutable Parser parser_;
  std::string early_body_;
  Patience patience_;
};

// @threads one: that of the fibers which use it.
class Client final {
 public:
  // @lifetime `connector` outlives it.
  explicit Client(Connector& connector, const ClientConfig& config = {});
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Sends a request and waits for the head of its response. Follows no redirections. A request that may be repeated (GET,
  // HEAD, OPTIONS, PUT, DELETE without a body source) is, once, if an idle connection turns out to be closed.
  // @errors Usage: the method, the target or a field is none; or the address filter refuses. NotFound: no such host.
  //   Io: no connection, or it ended. Malformed: what came is no response. Unsupported: no TLS.
  Result<ClientResponse> send(const ClientRequest& request, const Patience& patience);

  size_t idle_connections() const { return idle_.size(); }

 private:
  friend class ClientResponse;

  std::unique_ptr<ClientResponse::Link> take_idle(const ClientRequest& request);
  void give_back(std::unique_ptr<ClientResponse::Link> link);
  Result<> write(ClientResponse::Link& link, const ClientRequest& request, const Patience& patience);
  Result<ClientResponse> exchange(std::unique_ptr<ClientResponse::Link> link, const ClientRequest& request,
                                  const Patience& patience);

  Connector& connector_;
  const ClientConfig config_;
  std::deque<std::unique_ptr<ClientResponse::Link>> idle_;  // those used last at the end
};

}  // namespace godwit::net
