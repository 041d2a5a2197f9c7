// Redis: arrays of texts there, answers of five kinds back.
#include "agent/redis.h"

#include <charconv>

#include "net/message.h"

namespace godwit::agent {
namespace {

constexpr size_t kMostAnswerBytes = size_t{16} << 20;
constexpr size_t kMostElements = 100'000;
constexpr int kMostDepth = 8;

std::string text_of(const SqlValue& value) {
  if (const auto* integer = std::get_if<int64_t>(&value)) return std::to_string(*integer);
  if (const auto* real = std::get_if<double>(&value)) {
    char text[32];
    return std::string(text, std::to_chars(text, text + sizeof text, *real).ptr);
  }
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* blob = std::get_if<Blob>(&value)) return blob->bytes;
  return {};
}

std::optional<int64_t> number_of(std::string_view text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::unexpected<Error> malformed() { return fail(ErrorKind::Malformed, "that is no answer of Redis"); }

}  // namespace

RedisConnection::RedisConnection(std::unique_ptr<net::Stream> stream)
    : wire_(std::move(stream), kMostAnswerBytes) {}

Result<> RedisConnection::allow(std::span<const SqlValue> command) {
  if (command.empty()) return fail(ErrorKind::Usage, "a command has a name");
  const std::string name = text_of(command[0]);
  for (const std::string_view denied :
       {"SELECT",       "SWAPDB",       "AUTH",      "HELLO",      "RESET",      "QUIT",
        "CLIENT",       "MONITOR",      "SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "UNSUBSCRIBE",
        "PUNSUBSCRIBE", "SUNSUBSCRIBE", "MULTI",     "EXEC",       "DISCARD",    "WATCH",
        "UNWATCH",      "ASKING",       "READONLY",  "READWRITE",  "SYNC",       "PSYNC",
        "REPLCONF",     "CONFIG",       "ACL",       "SHUTDOWN",   "DEBUG",      "REPLICAOF",
        "SLAVEOF",      "MODULE",       "CLUSTER",   "FAILOVER",   "SAVE",       "BGSAVE",
        "BGREWRITEAOF", "MIGRATE",      "LATENCY",   "SLOWLOG"})
    if (net::equals_ignoring_case(name, denied))
      return fail(ErrorKind::Usage, "agents may not say " + std::string(denied) +
                                        ": connections are used by one run after another");
  return {};
}

Result<std::unique_ptr<RedisConnection>> RedisConnection::connect(net::Connector& connector,
                                                                  const net::Origin& origin,
                                                                  const std::string& user,
                                                                  const std::string& password,
                                                                  const net::Patience& patience) {
  ASSIGN_OR_RETURN(auto stream, connector.connect(origin, {}, patience));
  auto connection = std::unique_ptr<RedisConnection>(new RedisConnection(std::move(stream)));
  if (password.empty()) return connection;
  std::vector<SqlValue> command = {"AUTH"};
  if (!user.empty()) command.emplace_back(user);
  command.emplace_back(password);
  const auto done = connection->call(command, patience);
  if (!done) return fail(Error(done.error().kind(), done.error().message()));
  return connection;
}

Result<> RedisConnection::subscribe(const std::string& channel, const net::Patience& patience) {
  keep_alive(wire_.fd());
  const SqlValue command[] = {"SUBSCRIBE", channel};
  const auto done = call(command, patience);
  if (!done) return fail(Error(done.error().kind(), done.error().message()));
  return {};
}

Result<std::string> RedisConnection::next_message(const net::Patience& patience) {
  for (;;) {
    wire_.begin_answer();
    SqlResult pushed;
    TRY(read(pushed, 0, patience));
    if (pushed.rows.size() != 3) return malformed();
    if (text_of(pushed.rows[0][0]) == "message") return text_of(pushed.rows[2][0]);
  }
}

Result<SqlResult> RedisConnection::call(std::span<const SqlValue> command, const net::Patience& patience) {
  std::string bytes = "*" + std::to_string(command.size()) + "\r\n";
  for (const SqlValue& value : command) {
    const std::string text = text_of(value);
    bytes += "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
  }
  wire_.begin_answer();
  TRY(wire_.send(bytes, patience));
  SqlResult result;
  result.columns.emplace_back("reply");
  TRY(read(result, 0, patience));
  // of what others say on a channel, something may have come already
  const bool is_subscribing = command.size() == 2 && text_of(command[0]) == "SUBSCRIBE";
  if (wire_.has_more() && !is_subscribing) return malformed();
  return result;
}

Result<> RedisConnection::read(SqlResult& into, int depth, const net::Patience& patience) {
  ASSIGN_OR_RETURN(const std::string line, wire_.take_line(patience));
  if (line.empty() || into.rows.size() > kMostElements) return malformed();
  const std::string_view rest = std::string_view(line).substr(1);
  switch (line[0]) {
    case '+': into.rows.push_back({std::string(rest)}); return {};
    case '-':
      if (depth == 0) return fail(ErrorKind::Usage, "Redis: " + std::string(rest));
      into.rows.push_back({std::string(rest)});
      return {};
    case ':': {
      const auto number = number_of(rest);
      if (!number) return malformed();
      into.rows.push_back({*number});
      return {};
    }
    case '$': {
      const auto size = number_of(rest);
      if (!size || *size < -1) return malformed();
      if (*size == -1) {
        into.rows.emplace_back().emplace_back();
        return {};
      }
      ASSIGN_OR_RETURN(std::string text, wire_.take(static_cast<size_t>(*size), patience));
      ASSIGN_OR_RETURN(const std::string end, wire_.take(2, patience));
      if (end != "\r\n") return malformed();
      into.rows.push_back({std::move(text)});
      return {};
    }
    case '*': {
      const auto count = number_of(rest);
      if (!count || *count < -1 || *count > static_cast<int64_t>(kMostElements) || depth >= kMostDepth)
        return malformed();
      if (*count == -1) {
        into.rows.emplace_back().emplace_back();
        return {};
      }
      if (depth > 0) into.rows.push_back({*count});
      for (int64_t i = 0; i < *count; i++) TRY(read(into, depth + 1, patience));
      return {};
    }
    default: return malformed();
  }
}

}  // namespace godwit::agent
