// Remotes: connections to databases elsewhere, that the runs of an agent use one after the other.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "agent/manifest.h"
#include "agent/outbound.h"
#include "agent/postgres.h"
#include "agent/redis.h"
#include "net/connect.h"

namespace godwit::agent {

// New connections, as a grant says. @errors as RedisConnection::connect() and PostgresConnection::connect(); of TLS:
// Unsupported: the server has none. Io, Usage: its certificate is not believed.
Result<std::unique_ptr<RedisConnection>> connect_redis(TlsConnector& connector, const DatabaseGrant& grant,
                                                       const std::string& password,
                                                       const net::Patience& patience);
Result<std::unique_ptr<PostgresConnection>> connect_postgres(TlsConnector& connector,
                                                             const DatabaseGrant& grant,
                                                             const std::string& password,
                                                             const net::Patience& patience);

// @threads one: that of the fibers which use it.
class Remotes final {
 public:
  // @lifetime `connector` outlives it.
  explicit Remotes(TlsConnector& connector) : connector_(connector) {}

  // @param agent the number of the agent's record: connections of one are never another's.
  // @errors as RedisConnection and PostgresConnection have them.
  Result<SqlResult> call_redis(uint64_t agent, const DatabaseGrant& grant, const std::string& password,
                               std::span<const SqlValue> command, const net::Patience& patience);
  Result<SqlResult> run_postgres(uint64_t agent, const DatabaseGrant& grant, const std::string& password,
                                 std::string_view statement, std::span<const SqlValue> values,
                                 const net::Patience& patience);

 private:
  // Who connects where, as whom: what differs in any of it is another's.
  static std::string key(uint64_t agent, const DatabaseGrant& grant, const std::string& password);
  template <class Connection>
  using Idle = std::map<std::string, std::vector<std::unique_ptr<Connection>>>;

  TlsConnector& connector_;
  Idle<RedisConnection> redis_;
  Idle<PostgresConnection> postgres_;
};

}  // namespace godwit::agent
