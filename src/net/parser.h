// Parser: HTTP/1.1 messages out of bytes, by Boost.Beast.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "net/message.h"

namespace godwit::net {

// What a message may at most have.
struct MessageLimits {
  uint32_t header_bytes = 16 << 10;         // its first line and its fields; of a chunk, its first line
  uint32_t fields = 100;                    // header fields
  uint64_t body_bytes = uint64_t{1} << 20;  // without what chunks cost
};

// Why a message is refused, and the status to answer it with if it is a request.
struct ParseFailure {
  uint32_t status = 400;
  std::string why;
};

// One message. Stricter than HTTP where leniency lets two readers disagree about where a message ends: there is one
// Content-Length, or one Transfer-Encoding, which is `chunked` and of HTTP/1.1; one Host, if it is of HTTP/1.1.
// @threads one at a time.
class Parser final {
 public:
  enum class Kind : uint8_t {
    Request,
    Response,
    ResponseToHead,  // has no body, whatever its fields say
  };
  Parser(Kind kind, const MessageLimits& limits);
  ~Parser();
  Parser(Parser&&) noexcept;
  Parser& operator=(Parser&&) noexcept;

  // Takes bytes, from the front, and returns how many: none if more are needed first. Stops where the head ends, and
  // where the message does. What is of the body is appended to `body`.
  // @errors for good.
  std::expected<size_t, ParseFailure> feed(Bytes bytes, std::string& body);
  // No more bytes will come. @errors the message was not whole.
  std::expected<void, ParseFailure> feed_end();

  bool has_head() const;
  bool is_done() const;
  // Once the head is there:
  Head& head();
  // Whether another message may follow.
  bool keeps_alive() const;
  bool is_chunked() const;
  // Of the body; nothing if it is not known.
  std::optional<uint64_t> body_bytes() const;
  // Refuses a body that is larger than this from now on. @errors it is known to be.
  std::expected<void, ParseFailure> limit_body(uint64_t bytes);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace godwit::net
