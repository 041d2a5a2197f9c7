// PostgreSQL: messages of a kind, a size and a body.
#include "agent/postgres.h"

#include <array>
#include <charconv>
#include <limits>

#include "agent/text.h"
#include "base/sha256.h"
#include "platform/random.h"

namespace godwit::agent {
namespace {

constexpr size_t kMostAnswerBytes = size_t{16} << 20;
constexpr size_t kMostRows = 10'000;
constexpr size_t kMostValues =
    1'000'000;  // of an answer: one that is NULL has 4 bytes there, and ten times that here
constexpr size_t kMostColumns = 1600;      // PostgreSQL's own bound
constexpr uint32_t kMostRounds = 100'000;  // of hashing, that the server may ask for
constexpr int32_t kByteaType = 17;

std::unexpected<Error> malformed() { return fail(ErrorKind::Malformed, "that is no answer of PostgreSQL"); }

template <class T>
void put(std::string& to, T value) {
  for (int shift = static_cast<int>(sizeof(T)) * 8 - 8; shift >= 0; shift -= 8)
    to += static_cast<char>(static_cast<uint64_t>(value) >> shift);
}
void put_text(std::string& to, std::string_view text) {
  to += text;
  to += '\0';
}
void put_message(std::string& to, char kind, std::string_view body) {
  to += kind;
  put<int32_t>(to, static_cast<int32_t>(body.size() + 4));
  to += body;
}

// Reads from the front of a body; after the end there are zeros, and is_good() is false.
class BodyReader final {
 public:
  explicit BodyReader(std::string_view body) : body_(body) {}
  template <class T>
  T take() {
    if (body_.size() < sizeof(T)) return is_good_ = false, T{};
    uint64_t value = 0;
    for (size_t i = 0; i < sizeof(T); i++) value = value << 8 | static_cast<uint8_t>(body_[i]);
    body_.remove_prefix(sizeof(T));
    return static_cast<T>(value);
  }
  std::string_view take_bytes(size_t size) {
    if (body_.size() < size) return is_good_ = false, std::string_view();
    const std::string_view bytes = body_.substr(0, size);
    body_.remove_prefix(size);
    return bytes;
  }
  std::string_view take_text() {
    const size_t end = body_.find('\0');
    if (end == std::string_view::npos) return is_good_ = false, std::string_view();
    const std::string_view text = body_.substr(0, end);
    body_.remove_prefix(end + 1);
    return text;
  }
  std::string_view rest() const { return body_; }
  bool is_good() const { return is_good_; }

 private:
  std::string_view body_;
  bool is_good_ = true;
};

std::string message_of_error(std::string_view body) {
  BodyReader reader(body);
  std::string text = "PostgreSQL: ";
  std::string code;
  for (char field; (field = reader.take<char>()) != 0 && reader.is_good();) {
    const std::string_view value = reader.take_text();
    if (field == 'M') text += value;
    if (field == 'C') code = value;
  }
  return code.empty() ? text : text + " (" + code + ")";
}

// One value that the server sent as text.
SqlValue value_of(int32_t type, std::string_view text) {
  const auto number = [&](auto kind) -> SqlValue {
    decltype(kind) value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::string(text);
    return value;
  };
  switch (type) {
    case 16: return static_cast<int64_t>(text == "t");
    case 20:
    case 21:
    case 23:
    case 26: return number(int64_t{});
    case 700:
    case 701: return number(double{});
    case kByteaType:
      if (text.starts_with("\\x"))
        if (const auto bytes = from_hex(text.substr(2)))
          return Blob{std::string(bytes->begin(), bytes->end())};
      return std::string(text);
    default: return std::string(text);
  }
}

// "INSERT 0 5", "UPDATE 3", "SELECT 2", "CREATE TABLE"
int64_t changes_of(std::string_view tag) {
  if (tag.starts_with("SELECT") || tag.starts_with("FETCH")) return 0;
  int64_t count = 0;
  const std::string_view last = tag.substr(tag.rfind(' ') + 1);
  std::from_chars(last.data(), last.data() + last.size(), count);
  return count;
}

Digest salted_password(std::string_view password, std::string_view salt, uint32_t rounds) {
  constexpr std::array<uint8_t, 4> kOne = {0, 0, 0, 1};
  Digest block = hmac_sha256(as_bytes(password), {as_bytes(salt), Bytes(kOne)});
  Digest sum = block;
  for (uint32_t i = 1; i < rounds; i++) {
    block = hmac_sha256(as_bytes(password), {Bytes(block)});
    for (size_t j = 0; j < sum.size(); j++) sum[j] ^= block[j];
  }
  return sum;
}

// "r=…,s=…,i=4096": the value of one letter.
std::string_view attribute(std::string_view text, char name) {
  while (!text.empty()) {
    const size_t end = std::min(text.find(','), text.size());
    const std::string_view part = text.substr(0, end);
    if (part.size() >= 2 && part[0] == name && part[1] == '=') return part.substr(2);
    text.remove_prefix(std::min(text.size(), end + 1));
  }
  return {};
}

}  // namespace

PostgresConnection::PostgresConnection(std::unique_ptr<net::Stream> stream)
    : wire_(std::move(stream), kMostAnswerBytes) {}

Result<PostgresConnection::Message> PostgresConnection::receive(const net::Patience& patience) {
  for (;;) {
    ASSIGN_OR_RETURN(Message message, receive_any(patience));
    if (message.kind == 'A' && is_listening_) notifications_.push_back(std::move(message.body));
    // notices, settings, notifications: of no interest
    else if (message.kind != 'N' && message.kind != 'S' && message.kind != 'A') return message;
  }
}

Result<PostgresConnection::Message> PostgresConnection::receive_any(const net::Patience& patience) {
  ASSIGN_OR_RETURN(const std::string head, wire_.take(5, patience));
  BodyReader reader(std::string_view(head).substr(1));
  const auto size = reader.take<uint32_t>();
  if (size < 4 || size > kMostAnswerBytes) return malformed();
  ASSIGN_OR_RETURN(std::string body, wire_.take(size - 4, patience));
  return Message{head[0], std::move(body)};
}

Result<> PostgresConnection::listen(std::string_view channel, const net::Patience& patience) {
  keep_alive(wire_.fd());
  is_listening_ = true;
  // an identifier cannot be a value: quoted, it is any text
  std::string statement = "LISTEN \"";
  for (const char c : channel) statement += c == '"' ? std::string("\"\"") : std::string(1, c);
  const auto done = run(statement + "\"", {}, patience);
  if (!done) return fail(Error(done.error().kind(), done.error().message()));
  return {};
}

Result<std::string> PostgresConnection::next_notification(const net::Patience& patience) {
  while (notifications_.empty()) {
    wire_.begin_answer();
    ASSIGN_OR_RETURN(Message message, receive_any(patience));
    if (message.kind == 'E') return fail(ErrorKind::Usage, message_of_error(message.body));
    if (message.kind == 'A') notifications_.push_back(std::move(message.body));
    else if (message.kind != 'N' && message.kind != 'S') return malformed();
  }
  const std::string body = std::move(notifications_.front());
  notifications_.pop_front();
  BodyReader reader(body);
  reader.take<int32_t>();  // of which process
  reader.take_text();      // of which channel: there is one
  std::string payload(reader.take_text());
  if (!reader.is_good()) return malformed();
  return payload;
}

Result<std::unique_ptr<PostgresConnection>> PostgresConnection::connect(net::Connector& connector,
                                                                        const net::Origin& origin,
                                                                        const Login& login,
                                                                        const net::Patience& patience) {
  ASSIGN_OR_RETURN(auto stream, connector.connect(origin, {}, patience));
  return begin(std::move(stream), login, patience);
}

Result<std::unique_ptr<PostgresConnection>> PostgresConnection::begin(std::unique_ptr<net::Stream> stream,
                                                                      const Login& login,
                                                                      const net::Patience& patience) {
  auto connection = std::unique_ptr<PostgresConnection>(new PostgresConnection(std::move(stream)));
  TRY(connection->log_in(login, patience));
  return connection;
}

Result<> PostgresConnection::log_in(const Login& login, const net::Patience& patience) {
  std::string body;
  put<int32_t>(body, 3 << 16);  // the protocol's version
  for (const std::string_view text :
       {std::string_view("user"), std::string_view(login.user), std::string_view("database"),
        std::string_view(login.database), std::string_view("client_encoding"), std::string_view("UTF8")})
    put_text(body, text);
  body += '\0';
  std::string bytes;
  put<int32_t>(bytes, static_cast<int32_t>(body.size() + 4));
  TRY(wire_.send(bytes + body, patience));
  for (;;) {
    ASSIGN_OR_RETURN(const Message message, receive(patience));
    switch (message.kind) {
      case 'E': return fail(ErrorKind::Usage, message_of_error(message.body));
      case 'R': {
        BodyReader reader(message.body);
        const auto wanted = reader.take<int32_t>();
        if (wanted == 10) TRY(prove(login, reader.rest(), patience));
        else if (wanted != 0)
          return fail(ErrorKind::Unsupported,
                      "PostgreSQL wants the password by a way that would tell it: have it use scram-sha-256");
        break;
      }
      case 'K': break;  // how to call off a statement: we close the connection
      case 'Z': status_ = message.body.empty() ? '\0' : message.body[0]; return {};
      default: return malformed();
    }
  }
}

// spec: https://www.rfc-editor.org/rfc/rfc7677
Result<> PostgresConnection::prove(const Login& login, std::string_view mechanisms,
                                   const net::Patience& patience) {
  BodyReader offered(mechanisms);
  bool is_offered = false;
  for (std::string_view name; !(name = offered.take_text()).empty();) is_offered |= name == "SCRAM-SHA-256";
  if (!is_offered) return fail(ErrorKind::Unsupported, "PostgreSQL does not offer SCRAM-SHA-256");
  std::array<uint8_t, 18> random;
  TRY(platform::fill_random(random));
  const std::string nonce = to_hex(random);
  const std::string first = "n=,r=" + nonce;
  std::string body, bytes;
  put_text(body, "SCRAM-SHA-256");
  put<int32_t>(body, static_cast<int32_t>(first.size() + 3));
  body += "n,," + first;
  put_message(bytes, 'p', body);
  TRY(wire_.send(bytes, patience));
  ASSIGN_OR_RETURN(const Message challenge, receive(patience));
  if (challenge.kind == 'E') return fail(ErrorKind::Usage, message_of_error(challenge.body));
  BodyReader reader(challenge.body);
  if (challenge.kind != 'R' || reader.take<int32_t>() != 11) return malformed();
  const std::string server_first(reader.rest());
  const std::string_view all_nonces = attribute(server_first, 'r');
  const auto salt = from_base64(attribute(server_first, 's'));
  const std::string_view rounds_text = attribute(server_first, 'i');
  uint32_t rounds = 0;
  std::from_chars(rounds_text.data(), rounds_text.data() + rounds_text.size(), rounds);
  if (!all_nonces.starts_with(nonce) || !salt || rounds == 0 || rounds > kMostRounds) return malformed();
  const Digest salted = salted_password(login.password, *salt, rounds);
  const Digest client_key = hmac_sha256(salted, {as_bytes("Client Key")});
  Sha256 hash;
  hash.update(client_key);
  const Digest stored_key = hash.finish();
  const std::string without_proof = "c=biws,r=" + std::string(all_nonces);
  const std::string all = first + "," + server_first + "," + without_proof;
  const Digest signature = hmac_sha256(stored_key, {as_bytes(all)});
  Digest proof = client_key;
  for (size_t i = 0; i < proof.size(); i++) proof[i] ^= signature[i];
  bytes.clear();
  put_message(bytes, 'p', without_proof + ",p=" + to_base64(proof));
  TRY(wire_.send(bytes, patience));
  ASSIGN_OR_RETURN(const Message verdict, receive(patience));
  if (verdict.kind == 'E') return fail(ErrorKind::Usage, message_of_error(verdict.body));
  BodyReader last(verdict.body);
  if (verdict.kind != 'R' || last.take<int32_t>() != 12) return malformed();
  // the server knows the password, too
  const Digest server_key = hmac_sha256(salted, {as_bytes("Server Key")});
  const Digest expected = hmac_sha256(server_key, {as_bytes(all)});
  if (!is_same_secret(attribute(last.rest(), 'v'), to_base64(expected)))
    return fail(ErrorKind::Io, "this PostgreSQL does not know the password that it asks for");
  return {};
}

Result<SqlResult> PostgresConnection::run(std::string_view statement, std::span<const SqlValue> values,
                                          const net::Patience& patience) {
  if (statement.find('\0') != std::string_view::npos)
    return fail(ErrorKind::Usage, "the statement has a NUL");
  if (values.size() > static_cast<size_t>(std::numeric_limits<int16_t>::max()))
    return fail(ErrorKind::Usage, "there are too many values");
  status_ = 0;
  std::string bytes, body;
  // Parse: no name, the statement, types of values
  put_text(body, "");
  put_text(body, statement);
  put<int16_t>(body, static_cast<int16_t>(values.size()));
  for (const SqlValue& value : values)
    put<int32_t>(body, std::holds_alternative<Blob>(value) ? kByteaType : 0);
  put_message(bytes, 'P', body);
  // Bind: no names, formats of values (0 text, 1 binary), values, formats of results
  body.clear();
  put_text(body, "");
  put_text(body, "");
  put<int16_t>(body, static_cast<int16_t>(values.size()));
  for (const SqlValue& value : values) put<int16_t>(body, std::holds_alternative<Blob>(value) ? 1 : 0);
  put<int16_t>(body, static_cast<int16_t>(values.size()));
  for (const SqlValue& value : values) {
    std::string text;
    if (const auto* integer = std::get_if<int64_t>(&value)) text = std::to_string(*integer);
    else if (const auto* real = std::get_if<double>(&value)) {
      char digits[32];
      text.assign(digits, std::to_chars(digits, digits + sizeof digits, *real).ptr);
    } else if (const auto* string = std::get_if<std::string>(&value)) text = *string;
    else if (const auto* blob = std::get_if<Blob>(&value)) text = blob->bytes;
    else {
      put<int32_t>(body, -1);
      continue;
    }
    put<int32_t>(body, static_cast<int32_t>(text.size()));
    body += text;
  }
  put<int16_t>(body, 0);
  put_message(bytes, 'B', body);
  body.assign(2, '\0');
  body[0] = 'P';
  put_message(bytes, 'D', body);  // Describe the portal
  body.assign(5, '\0');
  put_message(bytes, 'E', body);  // Execute it, all rows
  put_message(bytes, 'S', "");
  wire_.begin_answer();
  TRY(wire_.send(bytes, patience));

  SqlResult result;
  size_t values_so_far = 0;
  std::vector<int32_t> types;
  std::string error;
  for (;;) {
    ASSIGN_OR_RETURN(const Message message, receive(patience));
    BodyReader reader(message.body);
    switch (message.kind) {
      case '1':  // parsed
      case '2':  // bound
      case 'n':  // no rows
      case 'I':  // an empty statement
        break;
      case 'T': {
        const auto count = reader.take<uint16_t>();
        if (count > kMostColumns) return malformed();
        for (uint16_t i = 0; i < count; i++) {
          result.columns.emplace_back(reader.take_text());
          reader.take_bytes(6);  // table, column
          types.push_back(reader.take<int32_t>());
          reader.take_bytes(8);  // size, modifier, format
        }
        break;
      }
      case 'D': {
        const auto count = reader.take<uint16_t>();
        if (count != types.size()) return malformed();
        if (result.rows.size() >= kMostRows)
          return fail(ErrorKind::Exhausted,
                      "PostgreSQL: more than " + std::to_string(kMostRows) + " rows: ask for fewer");
        if (types.size() > kMostValues - values_so_far)
          return fail(ErrorKind::Exhausted,
                      "PostgreSQL: more than " + std::to_string(kMostValues) + " values: ask for fewer");
        values_so_far += types.size();
        auto& row = result.rows.emplace_back();
        for (const int32_t type : types) {
          const auto size = reader.take<int32_t>();
          if (size < 0) row.emplace_back();
          else row.push_back(value_of(type, reader.take_bytes(static_cast<size_t>(size))));
        }
        break;
      }
      case 'C': result.changes = changes_of(reader.take_text()); break;
      case 'E': error = message_of_error(message.body); break;
      case 'Z':
        status_ = message.body.empty() ? '\0' : message.body[0];
        if (!error.empty()) return fail(ErrorKind::Usage, error);
        return result;
      case 'G':
      case 'H':
      case 'W': return fail(ErrorKind::Unsupported, "PostgreSQL: COPY is not for agents");
      default: return malformed();
    }
    if (!reader.is_good()) return malformed();
  }
}

}  // namespace godwit::agent
