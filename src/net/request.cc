// Request: what a handler sees of a connection.
#include "net/connection.h"

namespace godwit::net {

const Head& Request::head() const { return connection_.parser_->head(); }
void Request::hide_field(std::string_view name) { connection_.parser_->head().fields.remove(name); }
const platform::net::Address& Request::peer() const { return connection_.peer_; }
async::Scheduler& Request::scheduler() const { return connection_.reactor_.scheduler(); }
platform::fs::WaitMode Request::mode() const { return connection_.mode(); }
uint32_t Request::thread() const { return connection_.reactor_.index(); }
const std::atomic<uint64_t>& Request::gone() const { return connection_.gone_; }

bool Request::set_target() {
  std::string_view target = head().target;
  if (target == "*") {
    path_ = target;
    return method() == "OPTIONS";
  }
  // a client that takes this server for a proxy. spec: https://www.rfc-editor.org/rfc/rfc9112#section-3.2.2
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (target.size() < scheme.size() || !equals_ignoring_case(target.substr(0, scheme.size()), scheme))
      continue;
    const size_t path = target.find_first_of("/?", scheme.size());
    target = path == std::string_view::npos ? "/" : target.substr(path);
    break;
  }
  if (!target.starts_with('/') || !is_target(target)) return false;
  const size_t mark = target.find('?');
  path_ = target.substr(0, mark);
  query_ = mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
  return true;
}

std::string_view Request::host() const {
  const std::string* host = field("host");
  if (!host) return {};
  const std::string_view text = *host;
  const size_t end = text.starts_with('[') ? text.find(']') : std::string_view::npos;
  if (end != std::string_view::npos) return text.substr(0, end + 1);
  return text.substr(0, text.find(':'));
}

Result<size_t> Request::read(std::string& into) { return connection_.read_body(into); }

Result<size_t> Request::receive(std::string& into, uint64_t timeout_ns) {
  Connection& connection = connection_;
  if (connection.input().empty()) {
    const platform::fs::WaitMode mode = {.stop = connection.reactor_.stop_word(),
                                         .parker = &connection.reactor_.scheduler()};
    ASSIGN_OR_RETURN(const size_t size, connection.receive({.mode = mode, .timeout_ns = timeout_ns}));
    if (size == 0) return size;
  }
  const size_t size = connection.input().size();
  into += as_text(connection.input());
  connection.take_input(size);
  return size;
}

Result<> Request::send_raw(std::string_view bytes) {
  platform::fs::IoVector piece = {.iov_base = const_cast<char*>(bytes.data()), .iov_len = bytes.size()};
  return connection_.write({&piece, 1});
}

Result<std::string> Request::read_all() {
  std::string body;
  for (;;) {
    ASSIGN_OR_RETURN(const size_t size, connection_.read_body(body));
    if (size == 0) return body;
  }
}

Result<> Request::limit_body(uint64_t bytes) {
  // what was refused by the former limit only
  if (connection_.body_failure_ && connection_.body_failure_->status == 413)
    connection_.body_failure_.reset();
  if (const auto limited = connection_.parser_->limit_body(bytes); !limited)
    return fail(connection_.fail_body(limited.error().status, ErrorKind::Exhausted, limited.error().why));
  return {};
}

void Request::on_gone(std::function<void()> function) {
  if (function && gone().load(std::memory_order_relaxed) != 0) return function();
  connection_.on_gone_ = std::move(function);
}

}  // namespace godwit::net
