// ResponseEnd: finds out where an answer of HTTP/1 ends, as its head says.
#pragma once

#include <cstddef>
#include <string_view>

namespace godwit::tls {

// spec: https://www.rfc-editor.org/rfc/rfc9112#section-6.3
class ResponseEnd final {
 public:
  // @param request what is answered: what its first line asks for matters
  explicit ResponseEnd(std::string_view request) : answers_head_(request.starts_with("HEAD ")) {}

  enum class Verdict : uint8_t {
    More,   // there must be more to come
    Ended,  // it is whole
    Open,   // it ends where the connection does
  };
  // @param answer all that came so far: each call with the same bytes and more
  Verdict look_at(std::string_view answer);

 private:
  enum class Body : uint8_t { Unknown, Sized, Chunked, Open };

  void read_head(std::string_view answer);
  void read_field(std::string_view line);
  // Whether the last chunk and what follows it are there.
  bool skip_chunks(std::string_view answer);

  const bool answers_head_;
  size_t head_ = 0;  // where the head begins: behind those of interim answers
  Body body_ = Body::Unknown;
  size_t end_ = 0;        // Sized: of the answer
  size_t chunk_ = 0;      // Chunked: where the next chunk begins
  bool is_last_ = false;  // the last chunk was seen: what follows are fields
};

}  // namespace godwit::tls
