// Remotes: idle connections, by what they are for.
#include "agent/remotes.h"

#include <cerrno>

namespace godwit::agent {
namespace {

constexpr size_t kMostIdle = 4;  // of one kind, per thread

template <class Connection, class Connect>
Result<std::unique_ptr<Connection>> take(std::vector<std::unique_ptr<Connection>>& idle, bool& is_used,
                                         Connect connect) {
  is_used = !idle.empty();
  if (!is_used) return connect();
  auto connection = std::move(idle.back());
  idle.pop_back();
  return connection;
}

// An error by which a server says that it has closed a connection that waited: nothing was done yet.
bool was_closed(const Error& error) {
  return error.kind() == ErrorKind::Io && error.code() != ETIMEDOUT && error.code() != EINTR;
}

}  // namespace

Result<std::unique_ptr<RedisConnection>> connect_redis(TlsConnector& connector, const DatabaseGrant& grant,
                                                       const std::string& password,
                                                       const net::Patience& patience) {
  return RedisConnection::connect(connector, {.is_tls = grant.is_tls, .host = grant.host, .port = grant.port},
                                  grant.user, password, patience);
}

Result<std::unique_ptr<PostgresConnection>> connect_postgres(TlsConnector& connector,
                                                             const DatabaseGrant& grant,
                                                             const std::string& password,
                                                             const net::Patience& patience) {
  const net::Origin origin = {.is_tls = grant.is_tls, .host = grant.host, .port = grant.port};
  const PostgresConnection::Login login = {
      .user = grant.user, .database = grant.database, .password = password};
  if (!grant.is_tls) return PostgresConnection::connect(connector, origin, login, patience);
  ASSIGN_OR_RETURN(auto stream, connector.connect_by(origin, PostgresConnection::kTlsRequest,
                                                     PostgresConnection::kTlsAgreement, patience));
  return PostgresConnection::begin(std::move(stream), login, patience);
}

std::string Remotes::key(uint64_t agent, const DatabaseGrant& grant, const std::string& password) {
  std::string key = std::to_string(agent);
  for (const std::string& part : {grant.name, grant.host, std::to_string(grant.port), grant.user,
                                  grant.database, password, std::string(grant.is_tls ? "tls" : "")})
    key += '\0' + part;
  return key;
}

Result<SqlResult> Remotes::call_redis(uint64_t agent, const DatabaseGrant& grant, const std::string& password,
                                      std::span<const SqlValue> command, const net::Patience& patience) {
  TRY(RedisConnection::allow(command));
  const std::string whose = key(agent, grant, password);
  for (;;) {
    bool is_used = false;
    ASSIGN_OR_RETURN(auto connection, take(redis_[whose], is_used, [&] {
                       return connect_redis(connector_, grant, password, patience);
                     }));
    auto result = connection->call(command, patience);
    if (!result && is_used && was_closed(result.error()))
      continue;  // it was idle for too long for the server
    auto& idle = redis_[whose];
    if ((result || result.error().kind() == ErrorKind::Usage) && idle.size() < kMostIdle)
      idle.push_back(std::move(connection));
    return result;
  }
}

Result<SqlResult> Remotes::run_postgres(uint64_t agent, const DatabaseGrant& grant,
                                        const std::string& password, std::string_view statement,
                                        std::span<const SqlValue> values, const net::Patience& patience) {
  const std::string whose = key(agent, grant, password);
  for (;;) {
    bool is_used = false;
    ASSIGN_OR_RETURN(auto connection, take(postgres_[whose], is_used, [&] {
                       return connect_postgres(connector_, grant, password, patience);
                     }));
    auto result = connection->run(statement, values, patience);
    if (!result && is_used && was_closed(result.error())) continue;
    if (result && !connection->is_idle())
      return fail(
          ErrorKind::Usage,
          "the statement leaves a transaction open, which would be the next one's: it was rolled back");
    auto& idle = postgres_[whose];
    if (connection->is_idle() && idle.size() < kMostIdle) idle.push_back(std::move(connection));
    return result;
  }
}

}  // namespace godwit::agent
