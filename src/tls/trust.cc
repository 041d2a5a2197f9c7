// Trust and Session: the library's objects.
#include "tls/trust.h"

#include <utility>

#include "platform/memory_map.h"
#include "tls/library.h"

namespace godwit::tls {
namespace {

constexpr size_t kMostAuthorityBytes = 16 << 20;

godwit_net_explain explain_into(std::string& text) {
  return {.user = &text, .explain = [](void* user, const char* words, uint64_t size) {
            static_cast<std::string*>(user)->assign(words, size);
          }};
}

}  // namespace

godwit_net_state Session::state() const {
  godwit_net_state state = {};
  state.struct_size_bytes = sizeof state;
  library_.state(session_, &state);
  return state;
}

std::string Session::protocol() const {
  const godwit_net_bytes name = library_.protocol(session_);
  return std::string(as_text(Bytes(name.data, static_cast<size_t>(name.size_bytes))));
}

Outcome<> Session::advance() {
  const godwit_net_explain explain = explain_into(explanation_);
  const godwit_net_status status = library_.advance(session_, &explain);
  if (status != GODWIT_NET_OK) return std::unexpected(status);
  return {};
}

Outcome<size_t> Session::write(std::string_view plain) {
  const Bytes bytes = as_bytes(plain);
  uint64_t taken = 0;
  const auto status = library_.write(session_, {.data = bytes.data(), .size_bytes = bytes.size()}, &taken);
  if (status != GODWIT_NET_OK) return std::unexpected(status);
  return taken;
}

Outcome<size_t> Session::read(MutableBytes to) {
  uint64_t size = 0;
  const godwit_net_status status = library_.read(session_, to.data(), to.size(), &size);
  if (status != GODWIT_NET_OK) return std::unexpected(status);
  return size;
}

Result<Authorities> read_authorities(const std::string& path) {
  const auto file = platform::MappedFile::copy(path);
  if (!file)
    return fail(file.error().kind(),
                "cannot read the certificates of authorities: " + file.error().message());
  if (file->bytes().size() > kMostAuthorityBytes)
    return fail(ErrorKind::Io, "'" + path + "' is too large for a file of certificates");
  return Authorities{path, std::string(as_text(file->bytes()))};
}

Trust::~Trust() {
  if (trust_) library_->release_trust(trust_);
}

Result<> Trust::load() {
  const std::lock_guard lock(mutex_);
  return trust_ ? Result<>() : load_now();
}

Result<> Trust::load_now() {
  ASSIGN_OR_RETURN(library_, load_library(directories_));
  std::vector<godwit_net_authorities> authorities;
  for (const auto& [name, pem] : authorities_) {
    const Bytes bytes = as_bytes(pem);
    authorities.push_back({.name = name.c_str(), .pem = {.data = bytes.data(), .size_bytes = bytes.size()}});
  }
  godwit_net_trust_request request = {};
  request.struct_size_bytes = sizeof request;
  request.trusts_system = 1;
  request.authority_count = static_cast<uint32_t>(authorities.size());
  request.authorities = authorities.data();
  std::string why;
  const godwit_net_explain explain = explain_into(why);
  godwit_net_trust* trust = nullptr;
  if (library_->create_trust(&request, &explain, &trust) != GODWIT_NET_OK)
    return fail(ErrorKind::Usage, "TLS for guests: " + why);
  trust_ = trust;
  return {};
}

Outcome<std::shared_ptr<Session>> Trust::connect(std::string_view server_name, std::string_view protocols) {
  const Bytes name = as_bytes(server_name), offered = as_bytes(protocols);
  godwit_net_session* session = nullptr;
  const auto status =
      library_->create_client_session(trust_, {.data = name.data(), .size_bytes = name.size()},
                                      {.data = offered.data(), .size_bytes = offered.size()}, &session);
  if (status != GODWIT_NET_OK) return std::unexpected(status);
  return std::make_shared<Session>(*library_, session, std::string(server_name));
}

std::string advice(godwit_net_status status, const Session& session) {
  std::string refused =
      "the certificate of " + session.server_name() + " is refused: " + session.explanation();
  switch (status) {
    case GODWIT_NET_AUTHORITY:
      return refused + "; --tls-ca FILE would trust the authorities whose certificates are in FILE";
    case GODWIT_NET_HOST:
    case GODWIT_NET_EXPIRED:
    case GODWIT_NET_UNTRUSTED: return refused;
    default: return {};
  }
}

}  // namespace godwit::tls
