// Reads as much of HTTP/1 as tells where an answer ends.
#include "tls/response_end.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <limits>

namespace godwit::tls {
namespace {

// What is longer is taken for something else than a head or a line, rather than looked through again and again.
constexpr size_t kMostHeadBytes = 256 << 10;

constexpr std::string_view kLineEnd = "\r\n", kHeadEnd = "\r\n\r\n";

bool is_same(std::string_view a, std::string_view b) {
  return std::ranges::equal(
      a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

// The status in "HTTP/1.1 200 OK"; 0 if there is none.
int status_of(std::string_view head) {
  constexpr size_t kAt = std::string_view("HTTP/1.1 ").size();
  int status = 0;
  if (head.starts_with("HTTP/1.") && head.size() >= kAt + 3)
    std::from_chars(head.data() + kAt, head.data() + kAt + 3, status);
  return status;
}

}  // namespace

void ResponseEnd::read_field(std::string_view line) {
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return;
  const std::string_view name = line.substr(0, colon), value = trimmed(line.substr(colon + 1));
  if (is_same(name, "transfer-encoding")) {
    constexpr std::string_view kChunked = "chunked";
    const bool is_last =
        value.size() >= kChunked.size() && is_same(value.substr(value.size() - kChunked.size()), kChunked);
    body_ = is_last ? Body::Chunked : Body::Open;
  } else if (is_same(name, "content-length") && body_ == Body::Unknown) {
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), end_);
    if (error == std::errc() && end == value.data() + value.size()) body_ = Body::Sized;
  }
}

// Once a whole head is there, body_ says what follows it.
void ResponseEnd::read_head(std::string_view answer) {
  for (;;) {
    const size_t size = answer.find(kHeadEnd, head_);
    if (size == std::string_view::npos) {
      if (answer.size() - head_ > kMostHeadBytes) body_ = Body::Open;
      return;
    }
    const std::string_view head = answer.substr(head_, size - head_);
    const size_t next = size + kHeadEnd.size();
    const int status = status_of(head);
    if (status >= 100 && status < 200 && status != 101) {
      head_ = next;
      continue;
    }
    for (size_t at = head.find(kLineEnd); at != std::string_view::npos;) {
      const size_t begin = at + kLineEnd.size();
      at = head.find(kLineEnd, begin);
      read_field(head.substr(begin, at == std::string_view::npos ? at : at - begin));
    }
    if (answers_head_ || status == 204 || status == 304) {
      body_ = Body::Sized;
      end_ = 0;
    }
    if (body_ == Body::Unknown) body_ = Body::Open;
    if (body_ == Body::Sized && end_ > std::numeric_limits<size_t>::max() - next) body_ = Body::Open;
    else if (body_ == Body::Sized) end_ += next;
    chunk_ = next;
    return;
  }
}

bool ResponseEnd::skip_chunks(std::string_view answer) {
  for (;;) {
    const size_t line_end = answer.find(kLineEnd, chunk_);
    if (line_end == std::string_view::npos) {
      if (answer.size() - chunk_ > kMostHeadBytes) body_ = Body::Open;
      return false;
    }
    const size_t next = line_end + kLineEnd.size();
    if (is_last_) {
      if (line_end == chunk_) return true;
      chunk_ = next;
      continue;
    }
    size_t size = 0;
    const auto [end, error] = std::from_chars(answer.data() + chunk_, answer.data() + line_end, size, 16);
    if (error != std::errc()) {
      body_ = Body::Open;  // no chunk: whoever asked may make of it what they can
      return false;
    }
    if (size == 0) {
      is_last_ = true;
      chunk_ = next;
      continue;
    }
    if (size > answer.size() || answer.size() - size < next + kLineEnd.size()) return false;
    chunk_ = next + size + kLineEnd.size();
  }
}

ResponseEnd::Verdict ResponseEnd::look_at(std::string_view answer) {
  if (body_ == Body::Unknown) read_head(answer);
  if (body_ == Body::Unknown) return Verdict::More;
  if (body_ == Body::Sized) return answer.size() >= end_ ? Verdict::Ended : Verdict::More;
  if (body_ == Body::Chunked && skip_chunks(answer)) return Verdict::Ended;
  return body_ == Body::Open ? Verdict::Open : Verdict::More;
}

}  // namespace godwit::tls
