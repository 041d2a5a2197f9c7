// Client: one exchange, and the connections between exchanges.
#include "net/client.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include "platform/clock.h"
#include "platform/net_server.h"

namespace godwit::net {
namespace {

namespace fs = platform::fs;

constexpr size_t kPieceBytes = 16384;

uint64_t now_ns() { return platform::now_ns(platform::Clock::Monotonic); }

fs::IoVector piece_of(std::string_view text) {
  return {.iov_base = const_cast<char*>(text.data()), .iov_len = text.size()};
}

bool is_the_clients(std::string_view name) {
  for (const std::string_view own : {"host", "content-length", "transfer-encoding", "connection"})
    if (equals_ignoring_case(name, own)) return true;
  return false;
}

bool may_repeat(const ClientRequest& request) {
  if (request.body_source) return false;
  for (const std::string_view method : {"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
    if (request.method == method) return true;
  return false;
}

std::string host_field(const Origin& origin) {
  const bool is_v6 = origin.host.contains(':');
  std::string text = is_v6 ? "[" + origin.host + "]" : origin.host;
  if (origin.port != (origin.is_tls ? 443 : 80)) text += ":" + std::to_string(origin.port);
  return text;
}

Result<> check(const ClientRequest& request) {
  if (!is_token(request.method) || request.method == "CONNECT")
    return fail(ErrorKind::Usage, "'" + request.method + "' is no method");
  if (!is_target(request.target) || !request.target.starts_with('/'))
    return fail(ErrorKind::Usage, "'" + request.target + "' is no target of a request");
  for (const Field& field : request.fields)
    if (!is_token(field.name) || is_the_clients(field.name) || !is_field_value(field.value))
      return fail(ErrorKind::Usage,
                  "a request has no field '" + field.name + "' of its sender's, or not with that value");
  if (!is_field_value(request.origin.host) || request.origin.host.empty())
    return fail(ErrorKind::Usage, "'" + request.origin.host + "' is no host");
  return {};
}

// The connection ended before there was anything of a response.
bool is_stale(const Error& error) {
  return error.kind() == ErrorKind::Io &&
         (error.code() == ECONNRESET || error.code() == EPIPE || error.code() == ECONNABORTED);
}

}  // namespace

struct ClientResponse::Link {
  std::unique_ptr<Stream> stream;
  Origin origin;
  uint64_t partition = 0;
  std::string in;  // came, and was not parsed
  uint64_t idle_since_ns = 0;

  Result<size_t> receive(const Patience& patience) {
    std::array<uint8_t, kPieceBytes> piece;
    ASSIGN_OR_RETURN(const size_t size, stream->read(piece, patience));
    in.append(as_text(Bytes(piece).first(size)));
    return size;
  }
};

ClientResponse::ClientResponse(Client& client, std::unique_ptr<Link> link, Parser parser,
                               const Patience& patience)
    : client_(&client), link_(std::move(link)), parser_(std::move(parser)), patience_(patience) {}
ClientResponse::~ClientResponse() = default;
ClientResponse::ClientResponse(ClientResponse&&) noexcept = default;
ClientResponse& ClientResponse::operator=(ClientResponse&&) noexcept = default;

void ClientResponse::release() {
  if (link_ && parser_.keeps_alive() && link_->in.empty()) client_->give_back(std::move(link_));
  link_.reset();
}

Result<size_t> ClientResponse::read(std::string& into) {
  if (!early_body_.empty()) {
    into += early_body_;
    return std::exchange(early_body_, {}).size();
  }
  const size_t before = into.size();
  while (!parser_.is_done()) {
    if (!link_->in.empty()) {
      const auto taken = parser_.feed(as_bytes(link_->in), into);
      if (!taken) return fail(ErrorKind::Malformed, "the response: " + taken.error().why);
      link_->in.erase(0, *taken);
      if (into.size() > before) return into.size() - before;
      if (parser_.is_done()) break;
    }
    ASSIGN_OR_RETURN(const size_t size, link_->receive(patience_));
    if (size > 0) continue;
    if (const auto ended = parser_.feed_end(); !ended)
      return fail(Error(ErrorKind::Io, ECONNRESET, "the response is not whole: " + ended.error().why));
  }
  release();
  return 0;
}

Result<std::string> ClientResponse::read_all(uint64_t most_bytes) {
  std::string body;
  for (;;) {
    ASSIGN_OR_RETURN(const size_t size, read(body));
    if (size == 0) return body;
    if (body.size() > most_bytes)
      return fail(ErrorKind::Exhausted,
                  "the response is larger than " + std::to_string(most_bytes) + " bytes");
  }
}

Client::Client(Connector& connector, const ClientConfig& config) : connector_(connector), config_(config) {}
Client::~Client() = default;

std::unique_ptr<ClientResponse::Link> Client::take_idle(const ClientRequest& request) {
  const uint64_t oldest = now_ns() - std::min(now_ns(), config_.idle_timeout_ns);
  std::erase_if(idle_, [&](const auto& link) { return link->idle_since_ns < oldest; });
  for (size_t i = idle_.size(); i-- > 0;) {
    if (idle_[i]->origin != request.origin || idle_[i]->partition != request.partition) continue;
    auto link = std::move(idle_[i]);
    idle_.erase(idle_.begin() + static_cast<std::ptrdiff_t>(i));
    // one that the server has closed, or on which it talks unasked, is of no use
    fs::Waited file = {.fd = link->stream->fd(), .wants_read = true};
    const auto ready = fs::wait_for({&file, 1}, 0, {});
    if (ready && *ready == 0) return link;
  }
  return nullptr;
}

void Client::give_back(std::unique_ptr<ClientResponse::Link> link) {
  link->idle_since_ns = now_ns();
  idle_.push_back(std::move(link));
  if (idle_.size() > config_.max_idle_connections) idle_.pop_front();
}

Result<> Client::write(ClientResponse::Link& link, const ClientRequest& request, const Patience& patience) {
  std::string head =
      request.method + " " + request.target + " HTTP/1.1\r\nHost: " + host_field(request.origin) + "\r\n";
  for (const Field& field : request.fields) head += field.name + ": " + field.value + "\r\n";
  const bool has_length = !request.body.empty() || request.method == "POST" || request.method == "PUT" ||
                          request.method == "PATCH";
  if (request.body_source) head += "Transfer-Encoding: chunked\r\n";
  else if (has_length) head += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  head += "\r\n";
  fs::IoVector pieces[] = {piece_of(head), piece_of(request.body)};
  const bool has_body = !request.body_source && !request.body.empty();
  TRY(link.stream->write({pieces, has_body ? 2u : 1u}, patience));
  if (!request.body_source) return {};
  for (;;) {
    ASSIGN_OR_RETURN(const std::string piece, request.body_source());
    std::string frame;
    for (size_t size = piece.size(), digit = 0; digit < 16 && (size != 0 || digit == 0); digit++, size >>= 4)
      frame.insert(frame.begin(), "0123456789abcdef"[size & 15]);
    frame += "\r\n";
    fs::IoVector chunk[] = {piece_of(frame), piece_of(piece), piece_of("\r\n")};
    TRY(link.stream->write(chunk, patience));
    if (piece.empty()) return {};
  }
}

Result<ClientResponse> Client::exchange(std::unique_ptr<ClientResponse::Link> link,
                                        const ClientRequest& request, const Patience& patience) {
  TRY(write(*link, request, patience));
  const Parser::Kind kind = request.method == "HEAD" ? Parser::Kind::ResponseToHead : Parser::Kind::Response;
  Parser parser(kind, config_.limits);
  std::string early_body;
  for (bool has_some = false;;) {
    const auto taken = parser.feed(as_bytes(link->in), early_body);
    if (!taken) return fail(ErrorKind::Malformed, "the response: " + taken.error().why);
    link->in.erase(0, *taken);
    if (parser.has_head()) {
      const uint32_t status = parser.head().status;
      // what comes before the response. Nobody here asks for another protocol.
      if (status == 101) return fail(ErrorKind::Malformed, "the response: another protocol, unasked");
      if (status >= 200) break;
      parser = Parser(kind, config_.limits);
      if (!link->in.empty()) continue;
    }
    ASSIGN_OR_RETURN(const size_t size, link->receive(patience));
    if (size == 0)
      return fail(
          Error(ErrorKind::Io, has_some ? EPROTO : ECONNRESET, "the connection ended before the response"));
    has_some = true;
  }
  ClientResponse response(*this, std::move(link), std::move(parser), patience);
  response.early_body_ = std::move(early_body);
  return response;
}

Result<ClientResponse> Client::send(const ClientRequest& request, const Patience& patience) {
  TRY(check(request));
  if (auto link = take_idle(request)) {
    auto response = exchange(std::move(link), request, patience);
    if (response || !may_repeat(request) || !is_stale(response.error())) return response;
  }
  auto link = std::make_unique<ClientResponse::Link>();
  link->origin = request.origin;
  link->partition = request.partition;
  ASSIGN_OR_RETURN(link->stream, connector_.connect(request.origin, request.allows, patience));
  return exchange(std::move(link), request, patience);
}

}  // namespace godwit::net
