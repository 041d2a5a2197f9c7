// What sockets are before guests use them; what they do is tested through guests' functions (wasi/sock_test.cc).
#include "platform/net_socket.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace godwit::platform::net {
namespace {

bool sends_at_once(int fd) {
  int on = 0;
  socklen_t size = sizeof on;
  return ::getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, &size) == 0 && on != 0;
}

TEST(NetSocket, TcpSendsAtOnceOnBothSides) {
  // a listener as others make it: a service manager, for example
  const fs::FileHandle listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_GE(listener.get(), 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(listener.get(), 1), 0);
  ASSERT_EQ(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);

  const auto client = open(Family::Inet4, Kind::Stream);
  ASSERT_TRUE(client);
  EXPECT_TRUE(sends_at_once(client->get()));
  const int connected = ::connect(client->get(), reinterpret_cast<sockaddr*>(&address), size);
  ASSERT_TRUE(connected == 0 || errno == EINPROGRESS);
  const auto accepted = accept(listener.get(), fs::Blocking::Wait, {}, 10'000'000'000);
  ASSERT_TRUE(accepted);
  EXPECT_TRUE(sends_at_once(accepted->get()));
}

TEST(NetSocket, OtherKindsAreMadeAsEver) {
  EXPECT_TRUE(open(Family::Unix, Kind::Stream));
  EXPECT_TRUE(open(Family::Inet4, Kind::Datagram));
}

}  // namespace
}  // namespace godwit::platform::net
