// McpClient: tools of servers of MCP elsewhere, called for agents.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "agent/tools.h"
#include "net/client.h"

namespace godwit::agent {

// Streamable HTTP; begins a session with a server when it is first needed, and again when the server has ended it.
// @threads one: that of the fibers which use it.
class McpClient final {
 public:
  // Of a server's answers, each.
  static constexpr size_t kMostBytes = size_t{8} << 20;

  // @lifetime `client` outlives it.
  explicit McpClient(net::Client& client) : client_(client) {}

  // Who asks.
  struct Caller {
    uint64_t agent =
        0;  // the number of the agent's record: sessions and connections of one are never another's
    std::string token;  // sent as bearer token; empty: none
    std::string traceparent;
    net::Patience patience;
  };

  // @param arguments JSON, an object. @returns the "result" of tools/call, as JSON: {"content":[…],"isError":…}
  // @errors Usage: the arguments are no object, or the server says that the call makes no sense. Io, Malformed: the server.
  //   Exhausted: its answer is too large. NotFound: no such host. Unsupported: it speaks none of our versions.
  Result<std::string> call(const McpGrant& grant, std::string_view tool, std::string_view arguments,
                           const Caller& caller);
  // The tools that the grant covers, as a JSON array of what tools/list describes. @errors as call().
  Result<std::string> list(const McpGrant& grant, const Caller& caller);

 private:
  struct Session {
    std::string id;  // empty: the server has given none
    std::string version;
  };
  struct Reply {
    uint32_t status = 0;
    std::string session;  // that the server has given
    std::string message;  // the one that answers the request
  };

  // Sends a message and waits for its answer; of a notification only for the status.
  Result<Reply> post(const McpGrant& grant, const Session& session, std::string_view message, int64_t id,
                     const Caller& caller);
  Result<Session> begin(const McpGrant& grant, const Caller& caller);
  // The "result" of a request, as JSON.
  Result<std::string> request(const McpGrant& grant, std::string_view method, std::string_view params,
                              const Caller& caller);

  net::Client& client_;
  std::map<std::string, Session> sessions_;
  int64_t last_id_ = 0;
};

}  // namespace godwit::agent
