// ResponseWriter: heads, and bodies in whatever frame the client understands.
#include <charconv>

#include "net/connection.h"

namespace godwit::net {
namespace {

namespace fs = platform::fs;

fs::IoVector piece_of(std::string_view text) {
  return {.iov_base = const_cast<char*>(text.data()), .iov_len = text.size()};
}

bool is_the_servers(std::string_view name) {
  for (const std::string_view own : {"content-length", "transfer-encoding", "connection", "date"})
    if (equals_ignoring_case(name, own)) return true;
  return false;
}

Error gone() { return Error(ErrorKind::Io, "the client is gone"); }

}  // namespace

Result<> ResponseWriter::add_field(std::string_view name, std::string_view value) {
  if (!is_token(name) || is_the_servers(name))
    return fail(ErrorKind::Usage, "a response has no field '" + std::string(name) + "' of its handler's");
  if (!is_field_value(value))
    return fail(ErrorKind::Usage,
                "the value of the field '" + std::string(name) + "' has a line end or a control character");
  fields_ += name;
  fields_ += ": ";
  fields_ += value;
  fields_ += "\r\n";
  return {};
}

bool ResponseWriter::may_have_body() const { return status_ != 204 && status_ != 304 && status_ >= 200; }

Result<> ResponseWriter::send_head(Framing framing, std::string_view body) {
  has_begun_ = true;
  framing_ = framing;
  const uint32_t minor_version = connection_.parser_ ? connection_.parser_->head().minor_version : 1;
  if (framing == Framing::UntilClose || connection_.reactor_.is_draining()) connection_.keeps_ = false;
  // who has more to send than was asked for is not waited for
  if (connection_.parser_ && connection_.parser_->has_head() && !connection_.parser_->is_done() &&
      !connection_.has_asked_for_body_)
    connection_.keeps_ = false;
  std::string head;
  head.reserve(192 + fields_.size());
  head += "HTTP/1.1 ";
  head += std::to_string(status_);
  head += ' ';
  head += reason_of(status_);
  head += "\r\n";
  head += connection_.reactor_.date();
  head += fields_;
  if (framing == Framing::Length && may_have_body()) {
    head += "Content-Length: ";
    head += std::to_string(body.size());
    head += "\r\n";
  }
  if (framing == Framing::Chunks) head += "Transfer-Encoding: chunked\r\n";
  if (!connection_.keeps_) head += "Connection: close\r\n";
  else if (minor_version == 0) head += "Connection: keep-alive\r\n";
  head += "\r\n";
  const bool is_head_only = !may_have_body() || (connection_.parser_ && connection_.parser_->has_head() &&
                                                 connection_.parser_->head().method == "HEAD");
  if (is_head_only) framing_ = Framing::None;
  fs::IoVector pieces[] = {piece_of(head), piece_of(is_head_only ? std::string_view() : body)};
  TRY(connection_.write({pieces, pieces[1].iov_len > 0 ? 2u : 1u}));
  sent_bytes_ += pieces[1].iov_len > 0 ? body.size() : 0;
  return {};
}

Result<> ResponseWriter::send(std::string_view body) {
  if (has_begun_) return fail(ErrorKind::Usage, "the response has begun");
  is_finished_ = true;
  return send_head(Framing::Length, body);
}

Result<> ResponseWriter::switch_protocols(std::string_view fields) {
  if (has_begun_) return fail(ErrorKind::Usage, "the response has begun");
  has_begun_ = is_finished_ = true;
  status_ = 101;
  connection_.keeps_ = false;
  connection_.has_switched_ = true;
  const std::string head = "HTTP/1.1 101 Switching Protocols\r\n" + std::string(fields) + "\r\n";
  fs::IoVector piece = piece_of(head);
  return connection_.write({&piece, 1});
}

Result<> ResponseWriter::begin() {
  if (has_begun_) return fail(ErrorKind::Usage, "the response has begun");
  const bool has_chunks = connection_.parser_->head().minor_version != 0;
  return send_head(has_chunks ? Framing::Chunks : Framing::UntilClose, {});
}

Result<> ResponseWriter::write(std::string_view piece) {
  if (!has_begun_) TRY(begin());
  if (is_finished_) return fail(ErrorKind::Usage, "the response is finished");
  if (connection_.gone_.load(std::memory_order_relaxed) != 0) return fail(gone());
  if (piece.empty() || framing_ == Framing::None) return {};
  sent_bytes_ += piece.size();
  if (framing_ == Framing::UntilClose) {
    fs::IoVector whole = piece_of(piece);
    return connection_.write({&whole, 1});
  }
  char size[20];
  char* end = std::to_chars(std::begin(size), std::end(size), piece.size(), 16).ptr;
  *end++ = '\r';
  *end++ = '\n';
  fs::IoVector pieces[] = {piece_of({size, static_cast<size_t>(end - size)}), piece_of(piece),
                           piece_of("\r\n")};
  return connection_.write(pieces);
}

Result<> ResponseWriter::finish() {
  if (!has_begun_) TRY(begin());
  if (std::exchange(is_finished_, true)) return {};
  if (framing_ != Framing::Chunks) return {};
  fs::IoVector last = piece_of("0\r\n\r\n");
  return connection_.write({&last, 1});
}

void ResponseWriter::drop() {
  connection_.keeps_ = false;
  is_finished_ = true;
  if (framing_ == Framing::Chunks) framing_ = Framing::None;
  connection_.is_cut_ = true;
}

}  // namespace godwit::net
