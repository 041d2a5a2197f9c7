// PostgreSQL: statements on a connection.
#pragma once

#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "agent/database.h"
#include "agent/wire.h"
#include "net/connect.h"

namespace godwit::agent {

// The protocol's extended queries: values never become part of a statement's text. Passwords by SCRAM-SHA-256 only, which
// does not tell them. spec: https://www.postgresql.org/docs/current/protocol.html
class PostgresConnection final {
 public:
  struct Login {
    std::string user;
    std::string database;
    std::string password;
  };
  // @errors Io: nobody is there. Usage: what the server says. Unsupported: it wants the password itself.
  static Result<std::unique_ptr<PostgresConnection>> connect(net::Connector& connector,
                                                             const net::Origin& origin, const Login& login,
                                                             const net::Patience& patience);

  // The same over a stream that is there.
  static Result<std::unique_ptr<PostgresConnection>> begin(std::unique_ptr<net::Stream> stream,
                                                           const Login& login, const net::Patience& patience);

  // From then on the connection is for next_notification() only, which waits for the next one of that channel.
  // @errors as run().
  Result<> listen(std::string_view channel, const net::Patience& patience);
  Result<std::string> next_notification(const net::Patience& patience);

  // What is sent, and what is answered, by which both agree to go on with TLS.
  static constexpr std::string_view kTlsRequest = {"\0\0\0\x08\x04\xd2\x16\x2f", 8};
  static constexpr std::string_view kTlsAgreement = "S";

  // Runs one statement; $1, $2 … in it stand for the values. Integers, reals, booleans (as 0 and 1) and bytea have types of
  // their own in the result, all else is text.
  // @errors Usage: what the server says; the connection is good if is_idle(). Others: it is not.
  Result<SqlResult> run(std::string_view statement, std::span<const SqlValue> values,
                        const net::Patience& patience);
  // Whether the connection has no transaction open, so that another may have it.
  bool is_idle() const { return status_ == 'I'; }

 private:
  struct Message {
    char kind;
    std::string body;
  };

  explicit PostgresConnection(std::unique_ptr<net::Stream> stream);
  Result<Message> receive(const net::Patience& patience);
  // One message, whatever it is.
  Result<Message> receive_any(const net::Patience& patience);
  Result<> log_in(const Login& login, const net::Patience& patience);
  Result<> prove(const Login& login, std::string_view mechanisms, const net::Patience& patience);

  Wire wire_;
  std::deque<std::string> notifications_;  // that came before they were asked for
  bool is_listening_ = false;
  char status_ = 0;  // of the last ReadyForQuery
};

}  // namespace godwit::agent
