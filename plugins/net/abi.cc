// The ABI's table over Trust and Session. Nothing thrown passes this file.
#include <openssl/crypto.h>

#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "identity.h"
#include "session.h"
#include "signing.h"
#include "trust.h"

// The session's tests build a library that claims another version.
#ifndef GODWIT_NET_CLAIMED_MINOR
#define GODWIT_NET_CLAIMED_MINOR GODWIT_NET_ABI_MINOR
#endif

struct godwit_net_trust {
  std::unique_ptr<godwit::tls::Trust> trust;
};
struct godwit_net_identity {
  std::shared_ptr<const godwit::tls::Identity> identity;
};
struct godwit_net_session {
  std::unique_ptr<godwit::tls::Session> session;
};

namespace godwit::tls {
namespace {

std::string_view text_of(godwit_net_bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data), static_cast<size_t>(bytes.size_bytes)};
}

void explain(const godwit_net_explain* to, std::string_view text) {
  if (to && to->explain && !text.empty()) to->explain(to->user, text.data(), text.size());
}

// What `body` returns, or `failed` if there is no memory: nothing else is thrown here.
template <class Body, class Value>
Value guarded(Value failed, Body body) {
  try {
    return body();
  } catch (...) {
    return failed;
  }
}

godwit_net_status create_trust(const godwit_net_trust_request* request, const godwit_net_explain* explanation,
                               godwit_net_trust** trust) {
  return guarded(godwit_net_status{GODWIT_NET_NO_MEMORY}, [&]() -> godwit_net_status {
    std::vector<Authorities> authorities;
    for (uint32_t i = 0; i < request->authority_count; i++)
      authorities.push_back({request->authorities[i].name, text_of(request->authorities[i].pem)});
    std::string why;
    auto made = Trust::create(request->trusts_system != 0, authorities, why);
    explain(explanation, why);
    if (!made) return GODWIT_NET_FAILED;
    *trust = new godwit_net_trust{std::move(made)};
    return GODWIT_NET_OK;
  });
}

godwit_net_status create_client_session(godwit_net_trust* trust, godwit_net_bytes name,
                                        godwit_net_bytes protocols, godwit_net_session** session) {
  return guarded(godwit_net_status{GODWIT_NET_NO_MEMORY}, [&]() -> godwit_net_status {
    std::unique_ptr<Session> made;
    const godwit_net_status status = Session::create(*trust->trust, text_of(name), text_of(protocols), made);
    if (status == GODWIT_NET_OK) *session = new godwit_net_session{std::move(made)};
    return status;
  });
}

godwit_net_status create_session(godwit_net_trust* trust, godwit_net_bytes name,
                                 godwit_net_session** session) {
  return create_client_session(trust, name, {}, session);
}

godwit_net_status create_identity(const godwit_net_identity_request* request,
                                  const godwit_net_explain* explanation, godwit_net_identity** identity) {
  return guarded(godwit_net_status{GODWIT_NET_NO_MEMORY}, [&]() -> godwit_net_status {
    std::string why;
    auto made = Identity::create(text_of(request->certificates), text_of(request->private_key),
                                 text_of(request->protocols), why);
    explain(explanation, why);
    if (!made) return GODWIT_NET_FAILED;
    *identity = new godwit_net_identity{std::move(made)};
    return GODWIT_NET_OK;
  });
}

godwit_net_status create_server_session(godwit_net_identity* identity, godwit_net_session** session) {
  return guarded(godwit_net_status{GODWIT_NET_NO_MEMORY}, [&]() -> godwit_net_status {
    std::unique_ptr<Session> made;
    const godwit_net_status status = Session::accept(identity->identity, made);
    if (status == GODWIT_NET_OK) *session = new godwit_net_session{std::move(made)};
    return status;
  });
}

void get_state(const godwit_net_session* of, godwit_net_state* state) {
  const Session& session = *of->session;
  state->is_handshaking = session.is_handshaking();
  state->wants_read = session.wants_read();
  state->has_closed = session.has_closed();
  state->to_take_bytes = static_cast<uint32_t>(session.to_take_bytes());
  state->to_read_bytes = static_cast<uint32_t>(session.to_read_bytes());
}

godwit_net_status advance(godwit_net_session* session, const godwit_net_explain* explanation) {
  return guarded(godwit_net_status{GODWIT_NET_NO_MEMORY}, [&] {
    std::string why;
    const godwit_net_status status = session->session->advance(why);
    explain(explanation, why);
    return status;
  });
}

godwit_net_status write(godwit_net_session* session, godwit_net_bytes plain, uint64_t* taken) {
  return guarded(godwit_net_status{GODWIT_NET_NO_MEMORY}, [&] {
    size_t size = 0;
    const godwit_net_status status = session->session->write(text_of(plain), size);
    *taken = size;
    return status;
  });
}

godwit_net_status read(godwit_net_session* session, uint8_t* to, uint64_t room, uint64_t* size_bytes) {
  return guarded(godwit_net_status{GODWIT_NET_NO_MEMORY}, [&] {
    size_t size = 0;
    const godwit_net_status status = session->session->read({to, static_cast<size_t>(room)}, size);
    *size_bytes = size;
    return status;
  });
}

std::span<const uint8_t> span_of(godwit_net_bytes bytes) {
  return {bytes.data, static_cast<size_t>(bytes.size_bytes)};
}

godwit_net_status sign_message(godwit_net_bytes private_key, godwit_net_bytes message, uint8_t* signature) {
  static_assert(kSignatureBytes == GODWIT_NET_SIGNATURE_BYTES);
  return sign(text_of(private_key), span_of(message), signature) ? GODWIT_NET_OK : GODWIT_NET_FAILED;
}

godwit_net_status verify_message(godwit_net_bytes public_key, godwit_net_bytes message,
                                 const uint8_t* signature) {
  switch (verify(text_of(public_key), span_of(message), signature)) {
    case Verdict::Signed: return GODWIT_NET_OK;
    case Verdict::NotSigned: return GODWIT_NET_UNTRUSTED;
    case Verdict::NoKey: break;
  }
  return GODWIT_NET_FAILED;
}

constexpr godwit_net kTable = {
    .struct_size_bytes = sizeof(godwit_net),
    .abi_major = GODWIT_NET_ABI_MAJOR,
    .abi_minor = GODWIT_NET_CLAIMED_MINOR,
    .revision = OPENSSL_VERSION_TEXT,
    .create_trust = create_trust,
    .release_trust = [](godwit_net_trust* trust) { delete trust; },
    .create_session = create_session,
    .release_session = [](godwit_net_session* session) { delete session; },
    .state = get_state,
    .feed = [](godwit_net_session* session, godwit_net_bytes from_peer) -> uint64_t {
      return session->session->feed({from_peer.data, static_cast<size_t>(from_peer.size_bytes)});
    },
    .feed_end = [](godwit_net_session* session) { session->session->feed_end(); },
    .advance = advance,
    .take = [](godwit_net_session* session, uint8_t* to, uint64_t room) -> uint64_t {
      return session->session->take({to, static_cast<size_t>(room)});
    },
    .write = write,
    .read = read,
    .close = [](godwit_net_session* session) { session->session->close(); },
    .sign = sign_message,
    .verify = verify_message,
    .create_identity = create_identity,
    .release_identity = [](godwit_net_identity* identity) { delete identity; },
    .create_server_session = create_server_session,
    .create_client_session = create_client_session,
    .protocol = [](const godwit_net_session* session) -> godwit_net_bytes {
      const auto name = session->session->protocol();
      return {.data = name.data(), .size_bytes = name.size()};
    },
};

}  // namespace
}  // namespace godwit::tls

extern "C" const godwit_net* godwit_net_v1(uint32_t, uint32_t) { return &godwit::tls::kTable; }
