// Redis: commands on a connection.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "agent/database.h"
#include "agent/wire.h"
#include "net/connect.h"

namespace godwit::agent {

// spec: https://redis.io/docs/latest/develop/reference/protocol-spec (RESP2)
class RedisConnection final {
 public:
  // Connects, and says who asks if there is a password.
  // @errors Io: nobody is there. Usage: what the server says.
  static Result<std::unique_ptr<RedisConnection>> connect(net::Connector& connector,
                                                          const net::Origin& origin, const std::string& user,
                                                          const std::string& password,
                                                          const net::Patience& patience);

  // The error for a command that guests may not give: it would change the connection for whoever has it next, keep it, or
  // is the operator's.
  static Result<> allow(std::span<const SqlValue> command);
  // @param command name and arguments, at least the name.
  // @returns one column; a row for the answer, or one for each of a list's. A list in a list is its size, as an integer, and
  //   then its elements.
  // @errors Usage: what the server says; the connection is good. Others: it is not.
  Result<SqlResult> call(std::span<const SqlValue> command, const net::Patience& patience);

  // From then on the connection is for next_message() only, which waits for the next one of that channel.
  // @errors as call(). Malformed: what came is no message.
  Result<> subscribe(const std::string& channel, const net::Patience& patience);
  Result<std::string> next_message(const net::Patience& patience);

 private:
  explicit RedisConnection(std::unique_ptr<net::Stream> stream);
  Result<> read(SqlResult& into, int depth, const net::Patience& patience);

  Wire wire_;
};

}  // namespace godwit::agent
