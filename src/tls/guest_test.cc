// Tests of the modules for TLS with guests that are wrong or hostile. Sessions that come to something: tests/net.
#include "tls/guest.h"

#include <gtest/gtest.h>

#include <fstream>

#include "platform/plugins.h"
#include "wasi/guest_for_test.h"

namespace godwit::tls {
namespace {

constexpr auto kParam = static_cast<int32_t>(RustlsError::Param);
constexpr auto kWouldBlock = static_cast<int32_t>(RustlsError::IoWouldBlock);

class TlsTest : public wasi::WasiTest {
 protected:
  void SetUp() override {
    wasi::WasiTest::SetUp();
    make_tls(platform::plugin_directories());
  }
  void make_tls(std::vector<std::string> directories, std::vector<Authorities> authorities = {}) {
    make({.network = {.connect = {*wasi::parse_endpoint("localhost:443")}},
          .on_denial = [this](std::string_view what) { told_.emplace_back(what); }});
    tls_.reset();
    trust_.emplace(std::move(authorities), std::move(directories));
    tls_.emplace(*trust_, wasi_->core());
  }
  RustlsClient& client() { return tls_->rustls_client(); }
  int32_t new_codec(std::string_view name = "example.org") {
    return client().new_codec(client().default_config(), guest_.text(name)).value_or(-1000);
  }
  host::GuestSpan<uint8_t> outside() { return {guest_.memory(), wasi::TestGuest::kMemoryBytes - 1, 2}; }
  Result<> send(std::string_view server, uint32_t port, std::string_view request) {
    host::Caller caller = guest_.caller();
    return tls_->https_request().wasmedge_httpsreq_send_data(caller, guest_.text(server), port,
                                                             guest_.text(request));
  }

  std::optional<Trust> trust_;
  std::optional<Guest> tls_;
  std::vector<std::string> told_;
};

TEST_F(TlsTest, NeedsThePlugIn) {
  const auto error_with = [this](const std::string& directory) {
    make_tls({directory});
    const auto codec = client().new_codec(0, guest_.text("example.org"));
    EXPECT_FALSE(codec);
    EXPECT_FALSE(send("localhost", 443, "GET / HTTP/1.1\r\n\r\n"));
    return codec ? std::string() : codec.error().message();
  };
  EXPECT_EQ(
      error_with(root().string()),
      "TLS for guests needs godwit-net.so, which is in none of " + root().string() +
          "; ./dev build makes it where OpenSSL's headers are (libssl-dev, which ./dev setup installs); set "
          "GODWIT_PLUGIN_PATH to the folder that holds it");
  std::string refused;
  for (const std::string& directory : platform::plugin_directories())
    if (std::filesystem::exists(directory + "/refused/godwit-net.so")) refused = directory + "/refused";
  ASSERT_NE(refused, "");
  EXPECT_NE(error_with(refused).find("version 1.99 of the TLS ABI, this godwit speaks version 1.2"),
            std::string::npos);
  std::ofstream(root() / "godwit-net.so") << "no library";
  EXPECT_NE(error_with(root().string()), "");
}

TEST_F(TlsTest, NamesFilesWithoutCertificates) {
  std::ofstream(top_ / "ca.pem") << "nothing";
  const std::string path = (top_ / "ca.pem").string();
  auto authorities = read_authorities(path);
  ASSERT_TRUE(authorities);
  make_tls(platform::plugin_directories(), {*authorities});
  const auto codec = client().new_codec(0, guest_.text("example.org"));
  ASSERT_FALSE(codec);
  EXPECT_EQ(codec.error().message(),
            "TLS for guests: '" + path + "': there is no certificate in PEM (-----BEGIN CERTIFICATE-----)");
  EXPECT_FALSE(read_authorities(path + "x"));
}

TEST_F(TlsTest, HandlesAreNotGuessed) {
  const int32_t codec = new_codec();
  ASSERT_GE(codec, 0);
  for (const int32_t handle : {-1, codec + 1, INT32_MAX, INT32_MIN}) {
    EXPECT_EQ(client().codec_is_handshaking(handle), kParam);
    EXPECT_EQ(client().codec_wants(handle), kParam);
    EXPECT_EQ(client().send_close_notify(handle), kParam);
    EXPECT_EQ(client().process_new_packets(handle, guest_.ptr<RustlsClient::IoState>()), kParam);
    EXPECT_EQ(client().write_tls(handle, guest_.buffer(10)), kParam);
    EXPECT_EQ(client().write_raw(handle, guest_.buffer(10)), kParam);
    EXPECT_EQ(client().read_tls(handle, guest_.buffer(10)), kParam);
    EXPECT_EQ(client().read_raw(handle, guest_.buffer(10)), kParam);
    EXPECT_EQ(client().delete_codec(handle), kParam);
  }
  EXPECT_EQ(client().delete_codec(codec), 0);
  EXPECT_EQ(client().delete_codec(codec), kParam) << "once";
  EXPECT_EQ(client().codec_wants(codec), kParam);
  EXPECT_EQ(new_codec(), codec + 1) << "numbers are not used again";
  EXPECT_EQ(*client().new_codec(1, guest_.text("example.org")), kParam) << "there is one config";
}

TEST_F(TlsTest, ChecksAddresses) {
  const int32_t codec = new_codec();
  ASSERT_GE(codec, 0);
  EXPECT_EQ(*client().new_codec(0, {guest_.memory(), wasi::TestGuest::kMemoryBytes - 1, 2}), kParam);
  EXPECT_EQ(*client().new_codec(0, {guest_.memory(), 0, UINT32_MAX}), kParam);
  const host::GuestPtr<RustlsClient::IoState> at_end(guest_.memory(), wasi::TestGuest::kMemoryBytes - 11);
  EXPECT_EQ(client().process_new_packets(codec, at_end), kParam);
  EXPECT_EQ(client().write_tls(codec, outside()), kParam);
  EXPECT_EQ(client().write_raw(codec, outside()), kParam);
  EXPECT_EQ(client().read_tls(codec, outside()), kParam);
  EXPECT_EQ(client().read_raw(codec, outside()), kParam);
  EXPECT_EQ(client().codec_is_handshaking(codec), 1) << "nothing has happened";
}

TEST_F(TlsTest, AClientBegins) {
  const int32_t codec = new_codec();
  EXPECT_EQ(client().codec_wants(codec), 2);
  EXPECT_EQ(client().read_raw(codec, guest_.buffer(10)), kWouldBlock);
  const auto room = guest_.buffer(4096);
  const int32_t size = client().write_tls(codec, room);
  ASSERT_GT(size, 100);
  EXPECT_EQ(guest_.view(room.address(), 1), "\x16") << "a handshake record";
  EXPECT_EQ(client().codec_wants(codec), 1);
  EXPECT_EQ(client().read_tls(codec, guest_.buffer(0)), 0) << "the end";
  EXPECT_EQ(client().process_new_packets(codec, guest_.ptr<RustlsClient::IoState>()),
            static_cast<int32_t>(RustlsError::Io));
  EXPECT_EQ(new_codec("no name"), static_cast<int32_t>(RustlsError::UnsupportedNameType));
}

TEST_F(TlsTest, KeepsLittleOfWhatComes) {
  const int32_t codec = new_codec();
  const auto much = guest_.buffer(200000);
  const int32_t taken = client().read_tls(codec, much);
  EXPECT_EQ(taken, static_cast<int32_t>(GODWIT_NET_BUFFER_BYTES));
  EXPECT_EQ(client().read_tls(codec, much), kWouldBlock) << "0 would be the end";
  EXPECT_EQ(client().write_raw(codec, much), static_cast<int32_t>(GODWIT_NET_BUFFER_BYTES));
  EXPECT_EQ(client().write_raw(codec, much), 0);
  EXPECT_EQ(client().process_new_packets(codec, guest_.ptr<RustlsClient::IoState>()),
            static_cast<int32_t>(RustlsError::CorruptMessage));
}

TEST_F(TlsTest, CodecsAreCounted) {
  for (size_t i = 0; i < RustlsClient::kMostCodecs; i++) ASSERT_GE(new_codec("a"), 0);
  EXPECT_EQ(new_codec("a"), static_cast<int32_t>(RustlsError::General));
  EXPECT_EQ(client().delete_codec(0), 0);
  EXPECT_GE(new_codec("a"), 0);
}

TEST_F(TlsTest, RequestsNeedGrants) {
  const std::string_view request = "GET / HTTP/1.1\r\n\r\n";
  EXPECT_TRUE(send("example.org", 443, request));
  EXPECT_TRUE(send("127.0.0.1", 444, request));
  const std::vector<std::string> expected = {
      "the guest may not look up 'example.org'; --allow-net example.org:PORT would allow it",
      "the guest may not connect to 127.0.0.1:444; --allow-net 127.0.0.1:444 would allow it"};
  EXPECT_EQ(told_, expected);
  EXPECT_EQ(tls_->https_request().wasmedge_httpsreq_get_rcv_len(), 0u);
}

TEST_F(TlsTest, RequestsCheckWhatTheyAreGiven) {
  host::Caller caller = guest_.caller();
  HttpsRequest& https = tls_->https_request();
  const host::GuestString far(guest_.memory(), wasi::TestGuest::kMemoryBytes - 1, 2);
  EXPECT_EQ(https.wasmedge_httpsreq_send_data(caller, far, 443, guest_.text("x")).error().kind(),
            ErrorKind::Trap);
  EXPECT_EQ(https.wasmedge_httpsreq_send_data(caller, guest_.text("x"), 443, far).error().kind(),
            ErrorKind::Trap);
  EXPECT_TRUE(told_.empty());
  EXPECT_TRUE(send("localhost", 65536 + 443, "x"));
  EXPECT_EQ(told_.size(), 1u) << "no such port";
  const host::GuestPtr<uint8_t> beyond(guest_.memory(), wasi::TestGuest::kMemoryBytes + 1);
  EXPECT_FALSE(https.wasmedge_httpsreq_get_rcv(beyond)) << "even if there is nothing to copy";
}

}  // namespace
}  // namespace godwit::tls
