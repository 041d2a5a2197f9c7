// Tests of the TLS library by its table, against OpenSSL's server; no network: the test carries the bytes.
#include "godwit/abi/net.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <string>
#include <string_view>
#include <vector>

#include "openssl.h"

namespace godwit::tls {
namespace {

using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;

const godwit_net& table() { return *godwit_net_v1(GODWIT_NET_ABI_MAJOR, GODWIT_NET_ABI_MINOR); }

godwit_net_bytes bytes_of(std::string_view text) {
  return {.data = reinterpret_cast<const uint8_t*>(text.data()), .size_bytes = text.size()};
}

// A certificate and its key.
struct Identity {
  Certificate certificate;
  Key key;

  std::string pem() const {
    const Bio bio(BIO_new(BIO_s_mem()));
    PEM_write_bio_X509(bio.get(), certificate.get());
    char* text = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &text);
    return {text, static_cast<size_t>(size)};
  }
};

struct Wanted {
  const char* names = nullptr;  // as OpenSSL writes alternative names; null: an authority
  long from_s = -3600;          // valid from and until, relative to now
  long until_s = 3600;
  const char* common_name = "test";
};

void add_extension(X509* certificate, int nid, const char* value) {
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value);
  ASSERT_NE(extension, nullptr);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

// Signed by `issuer`, or by itself.
Identity make_identity(const Wanted& wanted, const Identity* issuer = nullptr) {
  static int serial = 1;
  Identity made{Certificate(X509_new()), Key(EVP_EC_gen("P-256"))};
  X509* certificate = made.certificate.get();
  X509_set_version(certificate, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial++);
  X509_gmtime_adj(X509_getm_notBefore(certificate), wanted.from_s);
  X509_gmtime_adj(X509_getm_notAfter(certificate), wanted.until_s);
  X509_set_pubkey(certificate, made.key.get());
  const std::string name = wanted.common_name + std::string(wanted.names ? "" : std::to_string(serial));
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_set_issuer_name(certificate, X509_get_subject_name(issuer ? issuer->certificate.get() : certificate));
  if (wanted.names) add_extension(certificate, NID_subject_alt_name, wanted.names);
  else add_extension(certificate, NID_basic_constraints, "critical,CA:TRUE");
  X509_sign(certificate, issuer ? issuer->key.get() : made.key.get(), EVP_sha256());
  return made;
}

class TestServer {
 public:
  explicit TestServer(const Identity& identity, int version = TLS1_3_VERSION)
      : context_(SSL_CTX_new(TLS_server_method())) {
    SSL_CTX_use_certificate(context_.get(), identity.certificate.get());
    SSL_CTX_use_PrivateKey(context_.get(), identity.key.get());
    SSL_CTX_set_max_proto_version(context_.get(), version);
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_accept_state(ssl_.get());
  }

  void feed(std::string_view bytes) {
    BIO_write(SSL_get_rbio(ssl_.get()), bytes.data(), static_cast<int>(bytes.size()));
    char room[20000];
    size_t size = 0;
    while (SSL_read_ex(ssl_.get(), room, sizeof room, &size) == 1) got_.append(room, size);
  }
  std::string take() {
    std::string bytes(BIO_ctrl_pending(SSL_get_wbio(ssl_.get())), '\0');
    BIO_read(SSL_get_wbio(ssl_.get()), bytes.data(), static_cast<int>(bytes.size()));
    return bytes;
  }
  void write(std::string_view text) {
    size_t size = 0;
    if (!text.empty()) EXPECT_EQ(SSL_write_ex(ssl_.get(), text.data(), text.size(), &size), 1);
  }
  void close() { SSL_shutdown(ssl_.get()); }
  const std::string& got() const { return got_; }
  const char* name_asked_for() const { return SSL_get_servername(ssl_.get(), TLSEXT_NAMETYPE_host_name); }
  int version() const { return SSL_version(ssl_.get()); }

 private:
  SslContext context_;
  Ssl ssl_;
  std::string got_;
};

class NetTest : public testing::Test {
 protected:
  ~NetTest() override {
    if (session_) table().release_session(session_);
    if (trust_) table().release_trust(trust_);
  }

  godwit_net_status trust(std::string pem) {
    const godwit_net_authorities authorities = {.name = "ca.pem", .pem = bytes_of(pem)};
    const godwit_net_trust_request request = {.struct_size_bytes = sizeof request,
                                              .trusts_system = 0,
                                              .authority_count = 1,
                                              .authorities = &authorities};
    return table().create_trust(&request, &explain_, &trust_);
  }
  godwit_net_status connect(std::string_view name) {
    return table().create_session(trust_, bytes_of(name), &session_);
  }
  godwit_net_state state() const {
    godwit_net_state state = {};
    state.struct_size_bytes = sizeof state;
    table().state(session_, &state);
    return state;
  }
  std::string take(size_t room = 100000) {
    std::string bytes(room, '\0');
    bytes.resize(table().take(session_, reinterpret_cast<uint8_t*>(bytes.data()), room));
    return bytes;
  }
  // Carries bytes between both until there are none, in pieces.
  godwit_net_status run(TestServer& server, size_t piece = 100000) {
    for (int round = 0; round < 1000; round++) {
      const std::string out = take(piece);
      if (!out.empty()) server.feed(out);
      pending_ += server.take();
      const std::string_view in = std::string_view(pending_).substr(0, piece);
      const uint64_t taken = table().feed(session_, bytes_of(in));
      pending_.erase(0, taken);
      const godwit_net_status status = table().advance(session_, &explain_);
      if (status != GODWIT_NET_OK) return status;
      if (out.empty() && taken == 0) return GODWIT_NET_OK;
    }
    return GODWIT_NET_OK;
  }
  // What can be read; the status that ended it is in status_.
  std::string read_all() {
    std::string all;
    char room[1000];
    uint64_t size = 0;
    while ((status_ = table().read(session_, reinterpret_cast<uint8_t*>(room), sizeof room, &size)) ==
           GODWIT_NET_OK)
      all.append(room, size);
    return all;
  }
  uint64_t write(std::string_view text) {
    uint64_t taken = 0;
    EXPECT_EQ(table().write(session_, bytes_of(text), &taken), GODWIT_NET_OK);
    return taken;
  }
  // What comes of a session for `name` with a server of that certificate, whose authority is `ca`.
  godwit_net_status meet(const Identity& ca, const Identity& identity, std::string_view name) {
    EXPECT_EQ(trust(ca.pem()), GODWIT_NET_OK);
    EXPECT_EQ(connect(name), GODWIT_NET_OK);
    TestServer server(identity);
    return run(server);
  }

  const Identity ca_ = make_identity({});
  godwit_net_trust* trust_ = nullptr;
  godwit_net_session* session_ = nullptr;
  std::string explanation_, pending_;
  godwit_net_explain explain_ = {.user = &explanation_,
                                 .explain = [](void* user, const char* text, uint64_t size) {
                                   static_cast<std::string*>(user)->assign(text, size);
                                 }};
  godwit_net_status status_ = GODWIT_NET_OK;
};

TEST_F(NetTest, CarriesBytesBothWays) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    const Identity identity = make_identity({.names = "DNS:example.org"}, &ca_);
    ASSERT_EQ(trust(ca_.pem()), GODWIT_NET_OK);
    ASSERT_EQ(connect("example.org"), GODWIT_NET_OK);
    EXPECT_TRUE(state().is_handshaking);
    EXPECT_GT(state().to_take_bytes, 0u) << "the client speaks first";
    EXPECT_FALSE(state().wants_read) << "which is to be sent before anything is read";
    EXPECT_EQ(write("early"), 5u) << "kept until the handshake is over";
    TestServer server(identity, version);
    ASSERT_EQ(run(server, 7), GODWIT_NET_OK) << explanation_;
    EXPECT_FALSE(state().is_handshaking);
    EXPECT_TRUE(state().wants_read);
    EXPECT_EQ(server.version(), version);
    EXPECT_STREQ(server.name_asked_for(), "example.org");
    EXPECT_EQ(server.got(), "early");
    EXPECT_EQ(read_all(), "");
    EXPECT_EQ(status_, GODWIT_NET_AGAIN);
    server.write("hello");
    ASSERT_EQ(run(server), GODWIT_NET_OK);
    EXPECT_EQ(state().to_read_bytes, 5u);
    EXPECT_FALSE(state().wants_read) << "there is something to do first";
    EXPECT_EQ(read_all(), "hello");
    server.close();
    ASSERT_EQ(run(server), GODWIT_NET_OK);
    EXPECT_TRUE(state().has_closed);
    EXPECT_EQ(read_all(), "");
    EXPECT_EQ(status_, GODWIT_NET_CLOSED);
    table().close(session_);
    EXPECT_GT(state().to_take_bytes, 0u) << "says so, too";
    table().release_session(session_);
    table().release_trust(trust_);
    session_ = nullptr;
    trust_ = nullptr;
  }
}

TEST_F(NetTest, KeepsNoMoreThanItSays) {
  const Identity identity = make_identity({.names = "DNS:example.org"}, &ca_);
  ASSERT_EQ(trust(ca_.pem()), GODWIT_NET_OK);
  ASSERT_EQ(connect("example.org"), GODWIT_NET_OK);
  const std::string much(1 << 20, 'x');
  EXPECT_EQ(write(much), GODWIT_NET_BUFFER_BYTES);
  EXPECT_EQ(write(much), 0u) << "before the handshake";
  TestServer server(identity);
  ASSERT_EQ(run(server), GODWIT_NET_OK);
  EXPECT_EQ(server.got().size(), GODWIT_NET_BUFFER_BYTES);
  size_t written = 0;
  while (const uint64_t taken = write(much)) written += taken;
  EXPECT_LE(written, GODWIT_NET_BUFFER_BYTES);
  EXPECT_LE(state().to_take_bytes, GODWIT_NET_BUFFER_BYTES + 20000);
  ASSERT_EQ(run(server), GODWIT_NET_OK);
  EXPECT_EQ(server.got().size(), GODWIT_NET_BUFFER_BYTES + written);
  server.write(much);
  ASSERT_EQ(run(server), GODWIT_NET_OK);
  EXPECT_LE(state().to_read_bytes, GODWIT_NET_BUFFER_BYTES + 20000);
  EXPECT_GT(pending_.size(), much.size() / 2) << "the rest was not taken";
  std::string all;
  while (all.size() < much.size()) {
    const std::string piece = read_all();
    if (piece.empty() && pending_.empty()) break;
    all += piece;
    ASSERT_EQ(run(server), GODWIT_NET_OK);
  }
  EXPECT_EQ(all, much);
}

TEST_F(NetTest, BelievesNobodyWithoutReason) {
  const Identity good = make_identity({.names = "DNS:example.org,DNS:*.example.net,IP:127.0.0.1"}, &ca_);
  const Identity other_ca = make_identity({});
  const Identity expired = make_identity({.names = "DNS:example.org", .until_s = -60}, &ca_);
  const Identity early = make_identity({.names = "DNS:example.org", .from_s = 600}, &ca_);
  const Identity old_style = make_identity({.names = "DNS:other.org", .common_name = "example.org"}, &ca_);
  const Identity self_signed = make_identity({.names = "DNS:example.org"});
  const Identity by_a_leaf = make_identity({.names = "DNS:example.org"}, &good);
  struct Case {
    const char* what;
    const Identity& authority;
    const Identity& identity;
    const char* name;
    godwit_net_status status;
  };
  const Case cases[] = {
      {"good", ca_, good, "example.org", GODWIT_NET_OK},
      {"a dot at the end", ca_, good, "example.org.", GODWIT_NET_OK},
      {"capital letters", ca_, good, "EXAMPLE.org", GODWIT_NET_OK},
      {"a wildcard", ca_, good, "a.example.net", GODWIT_NET_OK},
      {"an address", ca_, good, "127.0.0.1", GODWIT_NET_OK},
      {"a wildcard for two", ca_, good, "a.b.example.net", GODWIT_NET_HOST},
      {"another name", ca_, good, "example.com", GODWIT_NET_HOST},
      {"another address", ca_, good, "127.0.0.2", GODWIT_NET_HOST},
      {"a common name only", ca_, old_style, "example.org", GODWIT_NET_HOST},
      {"another authority", other_ca, good, "example.org", GODWIT_NET_AUTHORITY},
      {"its own authority", ca_, self_signed, "example.org", GODWIT_NET_AUTHORITY},
      {"signed by one that is none", ca_, by_a_leaf, "example.org", GODWIT_NET_AUTHORITY},
      {"expired", ca_, expired, "example.org", GODWIT_NET_EXPIRED},
      {"not valid yet", ca_, early, "example.org", GODWIT_NET_EXPIRED},
  };
  for (const Case& one : cases) {
    EXPECT_EQ(meet(one.authority, one.identity, one.name), one.status) << one.what << ": " << explanation_;
    if (one.status != GODWIT_NET_OK) {
      uint64_t taken = 0;
      EXPECT_EQ(table().write(session_, bytes_of("secret"), &taken), one.status) << "and it stays so";
      EXPECT_EQ(read_all(), "");
      EXPECT_EQ(status_, one.status);
      EXPECT_FALSE(take().empty()) << "an alert: " << one.what;
    }
    table().release_session(session_);
    table().release_trust(trust_);
    session_ = nullptr;
    trust_ = nullptr;
    pending_.clear();
  }
}

TEST_F(NetTest, RefusesNamesThatAreNone) {
  ASSERT_EQ(trust(ca_.pem()), GODWIT_NET_OK);
  const std::string nul("exa\0mple.org", 12);
  for (const std::string& name :
       {std::string(), std::string("."), std::string("a..b"), std::string("a b"), std::string("ä.org"), nul,
        std::string(".a"), std::string(300, 'a'), std::string("*.org"), std::string("[::1]")}) {
    EXPECT_EQ(connect(name), GODWIT_NET_NAME) << name;
  }
}

TEST_F(NetTest, TellsWhatIsNoTls) {
  ASSERT_EQ(trust(ca_.pem()), GODWIT_NET_OK);
  ASSERT_EQ(connect("example.org"), GODWIT_NET_OK);
  table().feed(session_, bytes_of("HTTP/1.1 400 Bad Request\r\n\r\n"));
  EXPECT_EQ(table().advance(session_, &explain_), GODWIT_NET_CORRUPT);
  EXPECT_NE(explanation_, "");
}

TEST_F(NetTest, TellsEndsThatNobodyMeant) {
  ASSERT_EQ(trust(ca_.pem()), GODWIT_NET_OK);
  ASSERT_EQ(connect("example.org"), GODWIT_NET_OK);
  table().feed_end(session_);
  EXPECT_EQ(table().advance(session_, &explain_), GODWIT_NET_TRUNCATED) << "in the handshake";
  table().release_session(session_);
  const Identity identity = make_identity({.names = "DNS:example.org"}, &ca_);
  ASSERT_EQ(connect("example.org"), GODWIT_NET_OK);
  TestServer server(identity);
  ASSERT_EQ(run(server), GODWIT_NET_OK);
  server.write("half");
  ASSERT_EQ(run(server), GODWIT_NET_OK);
  table().feed_end(session_);
  EXPECT_EQ(read_all(), "half");
  EXPECT_EQ(status_, GODWIT_NET_TRUNCATED);
}

TEST_F(NetTest, NoticesChangedBytes) {
  const Identity identity = make_identity({.names = "DNS:example.org"}, &ca_);
  ASSERT_EQ(trust(ca_.pem()), GODWIT_NET_OK);
  ASSERT_EQ(connect("example.org"), GODWIT_NET_OK);
  TestServer server(identity);
  ASSERT_EQ(run(server), GODWIT_NET_OK);
  server.write("hello");
  std::string record = server.take();
  record.back() ^= 1;
  table().feed(session_, bytes_of(record));
  EXPECT_EQ(table().advance(session_, &explain_), GODWIT_NET_CORRUPT);
}

TEST_F(NetTest, RefusesFilesWithoutCertificates) {
  EXPECT_EQ(trust(""), GODWIT_NET_FAILED);
  EXPECT_EQ(explanation_, "'ca.pem': there is no certificate in PEM (-----BEGIN CERTIFICATE-----)");
  std::string broken = ca_.pem();
  broken[broken.size() / 2] = '!';
  EXPECT_EQ(trust(broken), GODWIT_NET_FAILED);
  EXPECT_NE(explanation_, "");
  EXPECT_EQ(trust(ca_.pem() + ca_.pem()), GODWIT_NET_OK);
}

}  // namespace
}  // namespace godwit::tls
