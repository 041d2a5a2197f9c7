// Boost.Beast's parser, and the rules that it leaves to others.
#include "net/parser.h"

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <exception>

namespace boost {

// What Boost calls where it would throw: out of memory, or a mistake of ours.
void throw_exception(const std::exception&, const source_location&) { std::abort(); }
void throw_exception(const std::exception&) { std::abort(); }

}  // namespace boost

namespace godwit::net {
namespace {

namespace http = boost::beast::http;
using boost::beast::error_code;
using boost::beast::string_view;

ParseFailure to_failure(const error_code& error) {
  if (error == http::error::header_limit || error == http::error::buffer_overflow)
    return {.status = 431, .why = "the header is too large"};
  if (error == http::error::bad_version)
    return {.status = 505, .why = "only HTTP/1.0 and HTTP/1.1 are spoken here"};
  if (error == http::error::body_limit) return {.status = 413, .why = "the body is too large"};
  return {.status = 400, .why = error.message()};
}

// What Beast calls back with goes into a Head and a body.
template <bool is_request>
class Collector final : public http::basic_parser<is_request> {
 public:
  explicit Collector(const MessageLimits& limits) : limits_(limits) {
    this->header_limit(limits.header_bytes);
    this->body_limit(boost::none);  // counted here: it may change when the head is known
  }

  Head head;
  std::optional<ParseFailure> failure;
  std::string* body = nullptr;

  void limit_body(uint64_t bytes) { limits_.body_bytes = bytes; }

 private:
  void refuse(uint32_t status, std::string why, error_code& error) {
    if (!failure) failure = ParseFailure{.status = status, .why = std::move(why)};
    error = http::error::bad_value;
  }

  void on_request_impl(http::verb, string_view method, string_view target, int version,
                       error_code&) override {
    head.method = method;
    head.target = target;
    head.minor_version = version % 10;
  }

  void on_response_impl(int status, string_view, int version, error_code&) override {
    head.status = static_cast<uint32_t>(status);
    head.minor_version = version % 10;
  }

  void on_field_impl(http::field field, string_view name, string_view value, error_code& error) override {
    if (has_head_) return;  // a trailer: nobody here needs one
    if (head.fields.size() >= limits_.fields) return refuse(431, "there are too many header fields", error);
    if (field == http::field::transfer_encoding) {
      // Beast takes other codings for the end of the message
      if (!equals_ignoring_case(value, "chunked"))
        return refuse(501, "the transfer coding is not 'chunked'", error);
      if (head.minor_version == 0) return refuse(400, "HTTP/1.0 has no transfer codings", error);
    }
    if (field == http::field::content_length && head.fields.find("content-length"))
      return refuse(400, "there is more than one Content-Length", error);
    if (is_request && field == http::field::host && head.fields.find("host"))
      return refuse(400, "there is more than one Host", error);
    head.fields.add(name, value);
  }

  void on_header_impl(error_code& error) override {
    has_head_ = true;
    if (is_request && head.minor_version == 1 && !head.fields.find("host"))
      refuse(400, "there is no Host", error);
  }

  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}

  std::size_t on_body_impl(string_view piece, error_code& error) override {
    if (piece.size() > limits_.body_bytes || taken_bytes_ > limits_.body_bytes - piece.size()) {
      refuse(413, "the body is too large", error);
      return 0;
    }
    taken_bytes_ += piece.size();
    body->append(piece);
    return piece.size();
  }

  void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, string_view piece, error_code& error) override {
    return on_body_impl(piece, error);
  }
  void on_finish_impl(error_code&) override {}

  MessageLimits limits_;
  uint64_t taken_bytes_ = 0;
  bool has_head_ = false;
};

template <class C>
std::unexpected<ParseFailure> failure_of(C& collector, const error_code& error) {
  return std::unexpected(collector.failure ? *collector.failure : to_failure(error));
}

template <class C>
std::expected<size_t, ParseFailure> feed_to(C& collector, Bytes bytes, uint32_t most_line_bytes,
                                            std::string& body) {
  collector.body = &body;
  size_t taken = 0;
  while (taken < bytes.size() && !collector.is_done()) {
    // the head alone at first; then as much of the body as there is
    const bool had_head = collector.is_header_done();
    collector.eager(had_head);
    error_code error;
    const Bytes rest = bytes.subspan(taken);
    const size_t now = collector.put(boost::asio::buffer(rest.data(), rest.size()), error);
    taken += now;
    if (error == http::error::need_more) {
      // Beast asks for lines whole: a chunk's, or a trailer
      if (now == 0 && rest.size() > most_line_bytes)
        return std::unexpected(ParseFailure{.status = had_head ? 400u : 431u, .why = "a line is too long"});
      break;
    }
    if (error) return failure_of(collector, error);
    if (!had_head && collector.is_header_done()) break;
    if (now == 0) break;
  }
  return taken;
}

}  // namespace

struct Parser::Impl {
  Impl(Kind kind, const MessageLimits& limits) : line_bytes(limits.header_bytes) {
    if (kind == Kind::Request) request.emplace(limits);
    else response.emplace(limits).skip(kind == Kind::ResponseToHead);
  }

  template <class Function>
  auto with(Function function) {
    return request ? function(*request) : function(*response);
  }

  uint32_t line_bytes;
  // One of them is there.
  std::optional<Collector<true>> request;
  std::optional<Collector<false>> response;
};

Parser::Parser(Kind kind, const MessageLimits& limits) : impl_(std::make_unique<Impl>(kind, limits)) {}
Parser::~Parser() = default;
Parser::Parser(Parser&&) noexcept = default;
Parser& Parser::operator=(Parser&&) noexcept = default;

std::expected<size_t, ParseFailure> Parser::feed(Bytes bytes, std::string& body) {
  return impl_->with([&](auto& collector) { return feed_to(collector, bytes, impl_->line_bytes, body); });
}

std::expected<void, ParseFailure> Parser::feed_end() {
  return impl_->with([&](auto& collector) -> std::expected<void, ParseFailure> {
    if (collector.is_done()) return {};
    error_code error;
    // of what Beast has not even seen the beginning, it does not miss the end
    if (collector.got_some()) collector.put_eof(error);
    else error = http::error::partial_message;
    if (error) return failure_of(collector, error);
    return {};
  });
}

bool Parser::has_head() const {
  return impl_->with([](const auto& collector) { return collector.is_header_done(); });
}
bool Parser::is_done() const {
  return impl_->with([](const auto& collector) { return collector.is_done(); });
}
Head& Parser::head() {
  return *impl_->with([](auto& collector) { return &collector.head; });
}
bool Parser::keeps_alive() const {
  return impl_->with([](const auto& collector) { return collector.keep_alive(); });
}
bool Parser::is_chunked() const {
  return impl_->with([](const auto& collector) { return collector.chunked(); });
}

std::optional<uint64_t> Parser::body_bytes() const {
  return impl_->with([](const auto& collector) -> std::optional<uint64_t> {
    if (collector.is_done() && !collector.chunked() && !collector.content_length()) return 0;
    const auto length = collector.content_length();
    return length ? std::optional<uint64_t>(*length) : std::nullopt;
  });
}

std::expected<void, ParseFailure> Parser::limit_body(uint64_t bytes) {
  impl_->with([&](auto& collector) { collector.limit_body(bytes); });
  if (const auto known = body_bytes(); known && *known > bytes)
    return std::unexpected(ParseFailure{.status = 413, .why = "the body is too large"});
  return {};
}

}  // namespace godwit::net
