// The functions of `wasmedge_httpsreq`.
#include "tls/https_request.h"

#include <cstring>
#include <utility>

#include "platform/net_resolve.h"
#include "platform/net_socket.h"
#include "runtime/guest_access.h"
#include "runtime/trap.h"
#include "tls/response_end.h"
#include "tls/stream.h"

namespace godwit::tls {
namespace {

namespace fs = platform::fs;
namespace net = platform::net;

constexpr uint64_t kConnectTimeout_ns = 30'000'000'000;
constexpr size_t kMostNameBytes = 1024;

std::unexpected<Error> out_of_bounds(std::string what) {
  return fail(Error(ErrorKind::Trap, static_cast<uint32_t>(runtime::Trap::MemoryOutOfBounds),
                    std::move(what) + " lies outside of the memory"));
}

Result<std::string> copy_of(host::GuestString text, const char* what) {
  const auto view = text.view();
  if (!view) return out_of_bounds(what);
  const runtime::GuestAccess access;
  return std::string(*view);
}

}  // namespace

std::expected<fs::FileHandle, std::string> HttpsRequest::connect(const std::string& server, uint16_t port,
                                                                 fs::WaitMode mode) {
  if (!core_.network->may_look_up(server)) return std::unexpected("");
  const auto found = net::resolve(
      {.node = server, .service = std::to_string(port), .kind = net::Kind::Stream, .numeric_service = true},
      mode);
  if (!found) return std::unexpected("the name has no address");
  for (const net::NamedAddress& named : *found) core_.network->learn(server, named.address);
  std::string why;
  for (const net::NamedAddress& named : *found) {
    if (!core_.network->may_connect(named.address)) continue;
    auto socket = net::open(named.address.family, net::Kind::Stream);
    const auto connected =
        socket ? net::connect(socket->get(), named.address, fs::Blocking::Wait, mode, kConnectTimeout_ns)
               : fs::OsResult<>(std::unexpected(socket.error()));
    if (connected) return std::move(*socket);
    if (mode.stop.requested()) break;
    why = connected.error() == EINPROGRESS ? "nobody answers there" : std::strerror(connected.error());
  }
  return std::unexpected(why);
}

HttpsRequest::Answer HttpsRequest::fetch(const std::string& server, uint16_t port, std::string_view request,
                                         fs::WaitMode mode) {
  auto connection = connect(server, port, mode);
  if (!connection) return std::unexpected(std::move(connection).error());
  auto session = trust_.connect(server);
  if (!session) return std::unexpected("that is no name of a server");
  Stream stream(std::move(*connection), *session, mode);
  const auto told = [&](const Stream::Failure& failure) {
    const std::string refused = advice(failure.status, **session);
    return std::unexpected(refused.empty() ? failure.text : refused);
  };
  if (auto written = stream.write(request); !written) return told(written.error());
  std::string answer;
  for (ResponseEnd end(request);;) {
    const auto size = stream.read(answer);
    if (!size) return told(size.error());
    const ResponseEnd::Verdict verdict = end.look_at(answer);
    if (verdict == ResponseEnd::Verdict::Ended) return answer;
    if (*size == 0 && verdict == ResponseEnd::Verdict::Open) return answer;
    if (*size == 0) return std::unexpected("the answer ended early");
    if (answer.size() > kMostBytes) return std::unexpected("the answer is too large");
  }
}

Result<> HttpsRequest::wasmedge_httpsreq_send_data(host::Caller& caller, host::GuestString server,
                                                   uint32_t port, host::GuestString request) {
  {
    const std::lock_guard lock(mutex_);
    answer_ = {};
  }
  ASSIGN_OR_RETURN(const std::string name, copy_of(server, "the server's name"));
  ASSIGN_OR_RETURN(const std::string text, copy_of(request, "the request"));
  if (core_.virtual_hosts && core_.virtual_hosts->serves(name) && text.size() <= kMostBytes) {
    std::string answer = core_.virtual_hosts->answer(name, text);
    const std::lock_guard lock(mutex_);
    answer_ = std::move(answer);
    return {};
  }
  TRY(trust_.load());
  Answer answer = std::unexpected("a name, a port or a request as large as that is not served");
  const fs::WaitMode mode = {.stop = fs::StopWord(&caller.interrupt_word()), .parker = core_.parker};
  if (name.size() <= kMostNameBytes && port <= 0xFFFF && text.size() <= kMostBytes)
    answer = fetch(name, static_cast<uint16_t>(port), text, mode);
  if (!answer && !answer.error().empty() && !mode.stop.requested())
    core_.denials->tell(wasi::Denials::Topic::Tls, "the guest's HTTPS request to " +
                                                       name.substr(0, kMostNameBytes) + ":" +
                                                       std::to_string(port) + " failed: " + answer.error());
  const std::lock_guard lock(mutex_);
  if (answer) answer_ = std::move(*answer);
  return {};
}

uint32_t HttpsRequest::wasmedge_httpsreq_get_rcv_len() {
  const std::lock_guard lock(mutex_);
  return static_cast<uint32_t>(answer_.size());
}

Result<> HttpsRequest::wasmedge_httpsreq_get_rcv(host::GuestPtr<uint8_t> to) {
  const std::lock_guard lock(mutex_);
  const auto bytes = to.memory().bytes(to.address(), answer_.size());
  if (!bytes) return out_of_bounds("the room for the answer");
  const runtime::GuestAccess access;
  if (!answer_.empty()) std::memcpy(bytes->data(), answer_.data(), answer_.size());
  return {};
}

}  // namespace godwit::tls
