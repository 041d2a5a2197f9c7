// Tests of what a guest may use of the network.
#include "wasi/network.h"

#include <gtest/gtest.h>

namespace godwit::wasi {
namespace {

net::Address at(std::string_view ip, uint16_t port) {
  net::Address address = *net::parse_ip(ip);
  address.port = port;
  return address;
}

std::vector<Endpoint> endpoints(std::initializer_list<std::string_view> texts) {
  std::vector<Endpoint> parsed;
  for (const std::string_view text : texts) parsed.push_back(*parse_endpoint(text));
  return parsed;
}

class NetworkTest : public testing::Test {
 protected:
  Network with(NetworkGrants grants) { return Network(std::move(grants), denials_); }
  std::vector<std::string> told_;
  Denials denials_{[this](std::string_view what) { told_.emplace_back(what); }};
};

TEST(EndpointText, IsRead) {
  const auto plain = parse_endpoint("example.org:443");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->host, "example.org");
  EXPECT_EQ(plain->port, 443);
  EXPECT_FALSE(plain->ip);
  EXPECT_TRUE(parse_endpoint("127.0.0.1:0")->ip);
  EXPECT_EQ(parse_endpoint("[::1]:80")->host, "::1");
  EXPECT_TRUE(parse_endpoint("[::1]:80")->ip);
  EXPECT_EQ(parse_endpoint(":80")->host, "*");
  EXPECT_EQ(parse_endpoint("*:80")->host, "*");
  EXPECT_FALSE(parse_endpoint("example.org:*")->port);
  for (const char* bad : {"", "example.org", "example.org:", "example.org:65536", "example.org:-1", "a:80b",
                          "::1:80", "[127.0.0.1]:80", "[x:y]:80", "1:2:3"}) {
    const auto parsed = parse_endpoint(bad);
    ASSERT_FALSE(parsed) << bad;
    EXPECT_EQ(parsed.error().kind(), ErrorKind::Usage);
    EXPECT_NE(parsed.error().message().find("HOST:PORT"), std::string::npos) << bad;
  }
}

TEST_F(NetworkTest, AllowsNothingByDefault) {
  Network network = with({});
  EXPECT_FALSE(network.may_open(net::Family::Inet4));
  EXPECT_FALSE(network.may_open(net::Family::Unix));
  EXPECT_FALSE(network.may_connect(at("127.0.0.1", 80)));
  EXPECT_FALSE(network.may_bind(at("0.0.0.0", 0), net::Kind::Datagram));
  EXPECT_FALSE(network.may_look_up("example.org"));
  const std::vector<std::string> expected = {
      "the guest may not use the network; --net, --allow-net HOST:PORT or --listen HOST:PORT would allow it",
      "the guest may not use unix sockets; --allow-af-unix would allow it",
      "the guest may not connect to 127.0.0.1:80; --allow-net 127.0.0.1:80 would allow it",
      "the guest may not listen at 0.0.0.0:0; --listen 0.0.0.0:0 would allow it",
      "the guest may not look up 'example.org'; --allow-net example.org:PORT would allow it"};
  EXPECT_EQ(told_, expected);
  EXPECT_FALSE(network.may_open(net::Family::Inet6));
  EXPECT_EQ(told_, expected) << "each once";
  for (uint16_t port = 0; port < 100; port++) EXPECT_FALSE(network.may_connect(at("::1", port)));
  EXPECT_EQ(told_.size(), 8u) << "and not for ever";
}

TEST_F(NetworkTest, AllowsEverythingIfToldSo) {
  Network network = with({.all = true});
  EXPECT_TRUE(network.may_open(net::Family::Inet6));
  EXPECT_TRUE(network.may_connect(at("8.8.8.8", 53)));
  EXPECT_TRUE(network.may_bind(at("::", 80), net::Kind::Stream));
  EXPECT_TRUE(network.may_look_up("example.org"));
  EXPECT_TRUE(network.accepts_anyone_at(at("::", 80)));
  EXPECT_FALSE(network.may_open(net::Family::Unix)) << "a flag of its own";
}

TEST_F(NetworkTest, AllowsWhatIsNamed) {
  Network network = with({.connect = endpoints({"127.0.0.1:80", "[::1]:*", "*:443", "example.org:8080"})});
  EXPECT_TRUE(network.may_connect(at("127.0.0.1", 80)));
  EXPECT_TRUE(network.may_connect(at("::ffff:127.0.0.1", 80))) << "the same by its other name";
  EXPECT_FALSE(network.may_connect(at("127.0.0.1", 81)));
  EXPECT_FALSE(network.may_connect(at("127.0.0.2", 80)));
  EXPECT_FALSE(network.may_connect(at("0.0.0.0", 80))) << "the system takes it for 127.0.0.1";
  EXPECT_TRUE(network.may_connect(at("::1", 5)));
  EXPECT_TRUE(network.may_connect(at("8.8.8.8", 443)));
  EXPECT_FALSE(network.may_connect(at("192.0.2.7", 8080)));
  EXPECT_TRUE(network.may_look_up("EXAMPLE.org.")) << "names have no case";
  network.learn("example.org", at("192.0.2.7", 0));
  EXPECT_TRUE(network.may_connect(at("192.0.2.7", 8080)));
  EXPECT_FALSE(network.may_connect(at("192.0.2.7", 8081)));
  network.learn("other.org", at("192.0.2.8", 0));
  EXPECT_FALSE(network.may_connect(at("192.0.2.8", 8080)));
  EXPECT_FALSE(network.may_bind(at("127.0.0.1", 80), net::Kind::Stream));
  EXPECT_TRUE(network.may_bind(at("0.0.0.0", 0), net::Kind::Datagram)) << "what clients do";
  EXPECT_FALSE(network.may_bind(at("0.0.0.0", 0), net::Kind::Stream));
  EXPECT_FALSE(network.accepts_anyone_at(at("0.0.0.0", 0)));
}

TEST_F(NetworkTest, KnowsThisMachineByItsName) {
  Network network = with({.connect = endpoints({"localhost:80"}), .listen = endpoints({"localhost:0"})});
  EXPECT_TRUE(network.may_connect(at("127.0.0.1", 80)));
  EXPECT_TRUE(network.may_connect(at("::1", 80)));
  EXPECT_FALSE(network.may_connect(at("127.0.0.1", 81)));
  EXPECT_FALSE(network.may_connect(at("10.0.0.1", 80)));
  EXPECT_TRUE(network.may_bind(at("127.0.0.1", 0), net::Kind::Stream));
  EXPECT_TRUE(network.accepts_anyone_at(at("127.0.0.1", 0)));
  EXPECT_FALSE(network.may_bind(at("0.0.0.0", 0), net::Kind::Stream));
}

TEST_F(NetworkTest, RemembersNoMoreThanItMust) {
  Network network = with({.connect = endpoints({"example.org:80"})});
  for (uint32_t i = 0; i < 10000; i++) {
    net::Address ip = at("10.0.0.0", 0);
    ip.ip[2] = static_cast<uint8_t>(i >> 8);
    ip.ip[3] = static_cast<uint8_t>(i);
    network.learn("example.org", ip);
  }
  EXPECT_TRUE(network.may_connect(at("10.0.0.1", 80)));
  EXPECT_FALSE(network.may_connect(at("10.0.39.15", 80)));
}

}  // namespace
}  // namespace godwit::wasi
