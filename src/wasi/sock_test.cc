// Tests of the functions for sockets, on the loopback interface.
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "wasi/guest_for_test.h"

namespace godwit::wasi {
namespace {

constexpr uint32_t kInet4 = 1, kInet6 = 2, kUnix = 3;
constexpr uint32_t kDatagram = 1, kStream = 2;
constexpr uint64_t kSecond = 1'000'000'000;

const std::string kLoopback("\x7f\0\0\1", 4);

class SockTest : public WasiTest {
 protected:
  void SetUp() override {
    WasiTest::SetUp();
    grant({.all = true, .unix_sockets = true});
  }
  void TearDown() override {
    for (const int fd : host_) ::close(fd);
    WasiTest::TearDown();
  }

  void grant(NetworkGrants grants) {
    make({.network = std::move(grants), .on_denial = [this](std::string_view what) { told_ = what; }});
  }

  GuestPtr<WasiAddress> address(std::string_view bytes) {
    const auto text = guest_.text(bytes);
    auto at = guest_.ptr<WasiAddress>();
    EXPECT_TRUE(at.write({.buf = text.address(), .buf_len = text.size()}));
    return at;
  }
  GuestPtr<WasiAddress> room(uint32_t size) { return address(std::string(size, '?')); }
  std::string bytes_of(GuestPtr<WasiAddress> at) {
    const WasiAddress where = *at.read();
    return std::string(guest_.view(where.buf, where.buf_len));
  }
  static std::string any_address(uint16_t family, std::string_view data) {
    std::string bytes(128, '\0');
    bytes[0] = static_cast<char>(family);
    std::copy(data.begin(), data.end(), bytes.begin() + 2);
    return bytes;
  }

  uint32_t open_socket(uint32_t family, uint32_t type, Errno expected = Errno::Success) {
    auto fd = guest_.ptr<uint32_t>();
    EXPECT_EQ(p1().sock_open(family, type, fd), expected);
    return expected == Errno::Success ? *fd.read() : ~uint32_t{0};
  }
  uint32_t port_of(uint32_t fd) {
    auto port = guest_.ptr<uint32_t>();
    EXPECT_EQ(p1().sock_getlocaladdr(fd, room(128), port), Errno::Success);
    return *port.read();
  }
  uint32_t bound(uint32_t type) {
    const uint32_t fd = open_socket(kInet4, type);
    EXPECT_EQ(p1().sock_bind(fd, address(kLoopback), 0), Errno::Success);
    return fd;
  }
  uint32_t listening() {
    const uint32_t fd = bound(kStream);
    EXPECT_EQ(p1().sock_listen(fd, 5), Errno::Success);
    return fd;
  }
  uint32_t accept(uint32_t fd, uint32_t flags = 0, Errno expected = Errno::Success) {
    auto accepted = guest_.ptr<uint32_t>();
    Caller caller = guest_.caller();
    EXPECT_EQ(p1().sock_accept(caller, fd, flags, accepted), expected);
    return expected == Errno::Success ? *accepted.read() : ~uint32_t{0};
  }
  Errno connect(uint32_t fd, uint32_t port, std::string_view to = kLoopback) {
    Caller caller = guest_.caller();
    return p1().sock_connect(caller, fd, address(to), port);
  }
  // Both ends of a connection.
  std::pair<uint32_t, uint32_t> connection() {
    const uint32_t listener = listening();
    const uint32_t client = open_socket(kInet4, kStream);
    EXPECT_EQ(connect(client, port_of(listener)), Errno::Success);
    return {client, accept(listener)};
  }
  Errno send(uint32_t fd, std::string_view text) {
    auto at = guest_.text(text);
    auto size = guest_.ptr<Size>();
    Caller caller = guest_.caller();
    return p1().sock_send(caller, fd, guest_.iovec(at.address(), at.size()), 0, size);
  }
  std::string receive(uint32_t fd, uint32_t flags = 0, uint32_t most = 100) {
    auto into = guest_.buffer(most);
    auto size = guest_.ptr<Size>();
    auto out_flags = guest_.ptr<uint16_t>();
    Caller caller = guest_.caller();
    const Errno error =
        p1().sock_recv(caller, fd, guest_.iovec(into.address(), most), flags, size, out_flags);
    if (error != Errno::Success) return "!" + std::string(to_string(error));
    std::string text(guest_.view(into.address(), *size.read()));
    if (*out_flags.read() == kReceivedTruncated) text += "…";
    return text;
  }
  template <class T>
  Errno set(uint32_t fd, SocketOption option, const T& value) {
    auto at = guest_.ptr<T>();
    EXPECT_TRUE(at.write(value));
    return p1().sock_setsockopt(fd, 0, static_cast<uint32_t>(option),
                                {guest_.memory(), at.address(), sizeof(T)});
  }
  template <class T>
  T get(uint32_t fd, SocketOption option) {
    auto at = guest_.ptr<T>();
    auto size = guest_.ptr<Size>();
    EXPECT_TRUE(size.write(sizeof(T)));
    EXPECT_EQ(
        p1().sock_getsockopt(fd, 0, static_cast<uint32_t>(option), {guest_.memory(), at.address()}, size),
        Errno::Success);
    EXPECT_EQ(*size.read(), sizeof(T));
    return *at.read();
  }
  int host_socket(int type, uint16_t& port) {
    const int fd = ::socket(AF_INET, type, 0);
    sockaddr_in at = {};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
    socklen_t size = sizeof at;
    EXPECT_EQ(::getsockname(fd, reinterpret_cast<sockaddr*>(&at), &size), 0);
    port = ntohs(at.sin_port);
    host_.push_back(fd);
    return fd;
  }

  std::string told_;
  std::vector<int> host_;
};

TEST_F(SockTest, ConnectsAndCarriesBytes) {
  auto [client, server] = connection();
  EXPECT_EQ(send(client, "hello"), Errno::Success);
  EXPECT_EQ(receive(server, receive_flag::kPeek), "hello");
  EXPECT_EQ(receive(server), "hello");
  EXPECT_EQ(write(server, "plain"), Errno::Success);
  EXPECT_EQ(read(client), "plain");
  EXPECT_EQ(fdstat(client).fs_filetype, FileType::SocketStream);
  EXPECT_TRUE(fdstat(client).fs_rights_base & right::kSockShutdown);
  EXPECT_EQ(p1().sock_shutdown(client, shutdown_flag::kWriting), Errno::Success);
  EXPECT_EQ(receive(server), "") << "the end";
  EXPECT_EQ(send(client, "more"), Errno::Pipe) << "and no signal";
  EXPECT_EQ(p1().sock_shutdown(client, 0), Errno::Inval);
  EXPECT_EQ(p1().sock_shutdown(client, 4), Errno::Inval);
  EXPECT_EQ(p1().fd_close(client), Errno::Success);
  EXPECT_EQ(receive(client), "!bad file descriptor");
}

TEST_F(SockTest, TellsAddressesInAllForms) {
  auto [client, server] = connection();
  auto port = guest_.ptr<uint32_t>();
  auto type = guest_.ptr<uint32_t>();
  auto at = room(128);
  ASSERT_EQ(p1().sock_getpeeraddr(client, at, port), Errno::Success);
  EXPECT_EQ(bytes_of(at), any_address(kInet4, kLoopback));
  EXPECT_EQ(*port.read(), port_of(server));
  at = room(4);
  ASSERT_EQ(sock_v1().sock_getpeeraddr(client, at, type, port), Errno::Success);
  EXPECT_EQ(bytes_of(at), kLoopback);
  EXPECT_EQ(*type.read(), 4u) << "not the number of the family";
  at = room(16);
  ASSERT_EQ(sock_v1().sock_getlocaladdr(server, at, type, port), Errno::Success);
  EXPECT_EQ(bytes_of(at).substr(0, 4), kLoopback);
  EXPECT_EQ(p1().sock_getlocaladdr(server, room(3), port), Errno::Inval) << "no room";
  const uint32_t alone = open_socket(kInet4, kStream);
  EXPECT_EQ(p1().sock_getpeeraddr(alone, room(16), port), Errno::Notconn);
  EXPECT_EQ(sock_v1().sock_getpeeraddr(kRoot, room(16), type, port), Errno::Notsock);
  EXPECT_EQ(sock_v1().sock_getlocaladdr(77, room(16), type, port), Errno::Badf);
  // a connection by the form of 128 bytes
  const uint32_t listener = listening();
  EXPECT_EQ(connect(alone, port_of(listener), any_address(kInet4, kLoopback)), Errno::Success);
  auto accepted = guest_.ptr<uint32_t>();
  Caller caller = guest_.caller();
  EXPECT_EQ(sock_v1().sock_accept(caller, listener, accepted), Errno::Success);
}

TEST_F(SockTest, SpeaksTheNewerProtocol) {
  std::string loopback(16, '\0');
  loopback[15] = 1;
  const uint32_t listener = open_socket(kInet6, kStream);
  const Errno bound = p1().sock_bind(listener, address(loopback), 0);
  if (bound == Errno::Addrnotavail) GTEST_SKIP() << "no IPv6 here";
  ASSERT_EQ(bound, Errno::Success);
  ASSERT_EQ(p1().sock_listen(listener, 1), Errno::Success);
  const uint32_t client = open_socket(kInet6, kStream);
  ASSERT_EQ(connect(client, port_of(listener), loopback), Errno::Success);
  const uint32_t server = accept(listener);
  EXPECT_EQ(send(server, "six"), Errno::Success);
  EXPECT_EQ(receive(client), "six");
  auto port = guest_.ptr<uint32_t>();
  auto type = guest_.ptr<uint32_t>();
  auto at = room(16);
  ASSERT_EQ(sock_v1().sock_getpeeraddr(client, at, type, port), Errno::Success);
  EXPECT_EQ(bytes_of(at), loopback);
  EXPECT_EQ(*type.read(), 6u);
  EXPECT_EQ(p1().sock_getpeeraddr(client, room(4), port), Errno::Inval) << "no room for sixteen";
  EXPECT_EQ(p1().sock_bind(open_socket(kInet4, kStream), address(loopback), 0), Errno::Afnosupport);
}

TEST_F(SockTest, ExchangesDatagrams) {
  const uint32_t a = bound(kDatagram), b = bound(kDatagram);
  auto text = guest_.text("datagram");
  auto size = guest_.ptr<Size>();
  Caller caller = guest_.caller();
  ASSERT_EQ(
      p1().sock_send_to(caller, a, guest_.iovec(text.address(), 8), address(kLoopback), port_of(b), 0, size),
      Errno::Success);
  EXPECT_EQ(*size.read(), 8u);
  auto into = guest_.buffer(100);
  auto from = room(128);
  auto port = guest_.ptr<uint16_t>();
  auto flags = guest_.ptr<uint16_t>();
  ASSERT_EQ(p1().sock_recv_from(caller, b, guest_.iovec(into.address(), 4), from, 0, port, size, flags),
            Errno::Success);
  EXPECT_EQ(guest_.view(into.address(), *size.read()), "data");
  EXPECT_EQ(*flags.read(), kReceivedTruncated);
  EXPECT_EQ(bytes_of(from), any_address(kInet4, kLoopback));
  EXPECT_EQ(*port.read(), port_of(a));
  // the first form, and a connected socket
  ASSERT_EQ(connect(b, port_of(a)), Errno::Success);
  ASSERT_EQ(send(b, "back"), Errno::Success);
  from = room(4);
  ASSERT_EQ(sock_v1().sock_recv_from(caller, a, guest_.iovec(into.address(), 100), from, 0, size, flags),
            Errno::Success);
  EXPECT_EQ(guest_.view(into.address(), *size.read()), "back");
  EXPECT_EQ(bytes_of(from), kLoopback);
  EXPECT_EQ(fdstat(a).fs_filetype, FileType::SocketDgram);
  EXPECT_EQ(get<int32_t>(a, SocketOption::Type), 1);
  EXPECT_EQ(send(bound(kDatagram), "where to?"), Errno::Destaddrreq);
  EXPECT_EQ(p1().sock_listen(a, 1), Errno::Notsup);
}

TEST_F(SockTest, DoesNotWaitIfToldSo) {
  const uint32_t listener = listening();
  ASSERT_EQ(p1().fd_fdstat_set_flags(listener, fd_flag::kNonblock), Errno::Success);
  accept(listener, 0, Errno::Again);
  const uint32_t client = open_socket(kInet4, kStream);
  ASSERT_EQ(p1().fd_fdstat_set_flags(client, fd_flag::kNonblock), Errno::Success);
  const Errno connecting = connect(client, port_of(listener));
  EXPECT_TRUE(connecting == Errno::Inprogress || connecting == Errno::Success);
  const uint32_t server = accept(listener, fd_flag::kNonblock);
  EXPECT_EQ(fdstat(server).fs_flags, fd_flag::kNonblock);
  EXPECT_EQ(receive(server), "!resource unavailable, or operation would block");
  EXPECT_EQ(get<int32_t>(client, SocketOption::Error), 0);
  accept(listener, fd_flag::kAppend, Errno::Inval);
  // more than the system buffers
  Errno sent = Errno::Success;
  for (int i = 0; i < 100 && sent == Errno::Success; i++) {
    auto size = guest_.ptr<Size>();
    Caller caller = guest_.caller();
    sent = p1().sock_send(caller, server, guest_.iovec(0, 500'000), 0, size);
  }
  EXPECT_EQ(sent, Errno::Again);
}

TEST_F(SockTest, WaitsAsLongAsItIsTold) {
  auto [client, server] = connection();
  ASSERT_EQ(set(server, SocketOption::ReceiveTimeout, TimeValue{.seconds = 0, .microseconds = 20'000}),
            Errno::Success);
  const auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(receive(server), "!resource unavailable, or operation would block");
  EXPECT_GE(std::chrono::steady_clock::now() - began, std::chrono::milliseconds(20));
  EXPECT_EQ(read(server), "!resource unavailable, or operation would block");
  EXPECT_EQ(get<TimeValue>(server, SocketOption::ReceiveTimeout).microseconds, 20'000);
  EXPECT_EQ(get<TimeValue>(server, SocketOption::SendTimeout).seconds, 0) << "for ever";
  EXPECT_EQ(set(server, SocketOption::SendTimeout, TimeValue{.seconds = -1, .microseconds = 0}), Errno::Dom);
  EXPECT_EQ(set(server, SocketOption::SendTimeout, TimeValue{.seconds = 0, .microseconds = 1'000'000}),
            Errno::Dom);
  EXPECT_EQ(set(server, SocketOption::SendTimeout, TimeValue{.seconds = INT64_MAX, .microseconds = 0}),
            Errno::Success);
  EXPECT_EQ(set(server, SocketOption::SendTimeout, int32_t{1}), Errno::Inval);
}

TEST_F(SockTest, WaitsForAll) {
  auto [client, server] = connection();
  std::thread later([&, socket = client] {
    for (const char* piece : {"one", "two", "three"}) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      const auto descriptor = *wasi_->core().descriptors.find(socket);
      EXPECT_GT(::send(descriptor->fd, piece, strlen(piece), 0), 0);
    }
  });
  EXPECT_EQ(receive(server, receive_flag::kWaitAll, 11), "onetwothree");
  later.join();
}

TEST_F(SockTest, StopsWhenInterrupted) {
  auto [client, server] = connection();
  const uint32_t listener = listening();
  std::thread later([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    guest_.store().interrupt = 1;
  });
  EXPECT_EQ(receive(server), "!interrupted function");
  accept(listener, 0, Errno::Intr);
  later.join();
}

TEST_F(SockTest, HasOptions) {
  const uint32_t fd = open_socket(kInet4, kStream);
  for (const SocketOption option :
       {SocketOption::ReuseAddress, SocketOption::KeepAlive, SocketOption::Broadcast,
        SocketOption::OutOfBandInline, SocketOption::DontRoute}) {
    EXPECT_EQ(set(fd, option, int32_t{1}), Errno::Success);
    EXPECT_EQ(get<int32_t>(fd, option), 1);
  }
  EXPECT_EQ(set(fd, SocketOption::SendBuffer, int32_t{20000}), Errno::Success);
  EXPECT_GE(get<int32_t>(fd, SocketOption::SendBuffer), 20000);
  EXPECT_EQ(set(fd, SocketOption::ReceiveBuffer, int32_t{20000}), Errno::Success);
  EXPECT_GE(get<int32_t>(fd, SocketOption::ReceiveBuffer), 20000);
  EXPECT_EQ(set(fd, SocketOption::ReceiveLowWater, int32_t{2}), Errno::Success);
  EXPECT_EQ(get<int32_t>(fd, SocketOption::ReceiveLowWater), 2);
  EXPECT_EQ(get<int32_t>(fd, SocketOption::Type), 2);
  EXPECT_EQ(get<int32_t>(fd, SocketOption::AcceptsConnections), 0);
  EXPECT_EQ(get<int32_t>(listening(), SocketOption::AcceptsConnections), 1);
  EXPECT_EQ(set(fd, SocketOption::Linger, LingerValue{.on = 1, .seconds = 3}), Errno::Success);
  EXPECT_EQ(get<LingerValue>(fd, SocketOption::Linger).seconds, 3);
  EXPECT_EQ(set(fd, SocketOption::Linger, LingerValue{.on = 1, .seconds = -3}), Errno::Dom);
  EXPECT_EQ(set(fd, SocketOption::Type, int32_t{1}), Errno::Noprotoopt);
  EXPECT_EQ(set(fd, SocketOption::AcceptsConnections, int32_t{1}), Errno::Noprotoopt);
  EXPECT_EQ(set(fd, SocketOption::BindToDevice, int32_t{0}), Errno::Perm);
  EXPECT_EQ(set(fd, static_cast<SocketOption>(99), int32_t{0}), Errno::Noprotoopt);
  EXPECT_EQ(set(fd, SocketOption::ReuseAddress, int64_t{0}), Errno::Inval);
  auto size = guest_.ptr<Size>();
  auto value = guest_.ptr<uint8_t>();
  ASSERT_TRUE(size.write(3));
  EXPECT_EQ(p1().sock_getsockopt(fd, 0, 0, value, size), Errno::Inval) << "no room";
  EXPECT_EQ(p1().sock_getsockopt(fd, 1, 0, value, size), Errno::Noprotoopt);
  EXPECT_EQ(p1().sock_getsockopt(fd, 0, 99, value, size), Errno::Noprotoopt);
  EXPECT_EQ(p1().sock_setsockopt(fd, 1, 0, guest_.buffer(4)), Errno::Noprotoopt);
  EXPECT_EQ(p1().sock_getsockopt(fd, 0, 14, value, size), Errno::Success);
  EXPECT_EQ(*size.read(), 0u) << "to no device";
}

TEST_F(SockTest, AnswersWithErrors) {
  open_socket(0, kStream, Errno::Afnosupport);
  open_socket(4, kStream, Errno::Afnosupport);
  open_socket(kInet4, 3, Errno::Prototype);
  EXPECT_EQ(p1().sock_open(kInet4, kStream, {guest_.memory(), TestGuest::kMemoryBytes - 3}), Errno::Fault);
  const uint32_t fd = open_socket(kInet4, kStream);
  EXPECT_EQ(p1().sock_bind(fd, address("12345"), 0), Errno::Inval);
  EXPECT_EQ(p1().sock_bind(fd, address(kLoopback), 65536), Errno::Inval);
  EXPECT_EQ(p1().sock_bind(fd, address(any_address(9, "")), 0), Errno::Afnosupport);
  EXPECT_EQ(p1().sock_bind(fd, {guest_.memory(), TestGuest::kMemoryBytes - 7}, 0), Errno::Fault);
  EXPECT_EQ(p1().sock_bind(fd, address(std::string_view("\1\2\3\4", 4)), 0), Errno::Addrnotavail);
  const uint32_t listener = listening();
  EXPECT_EQ(p1().sock_bind(fd, address(kLoopback), port_of(listener)), Errno::Addrinuse);
  EXPECT_EQ(p1().sock_bind(listener, address(kLoopback), 0), Errno::Inval) << "it has one";
  uint16_t free_port = 0;
  (void)host_socket(SOCK_STREAM, free_port);  // bound, but nobody listens
  EXPECT_EQ(connect(fd, free_port), Errno::Connrefused);
  EXPECT_EQ(connect(kRoot, 80), Errno::Notsock);
  EXPECT_EQ(connect(77, 80), Errno::Badf);
  accept(fd, 0, Errno::Inval);
  auto [client, server] = connection();
  EXPECT_EQ(connect(client, port_of(listener)), Errno::Isconn);
  EXPECT_EQ(receive(open_socket(kInet4, kStream)), "!the socket is not connected");
  const FdStat stat = fdstat(client);
  EXPECT_EQ(
      p1().fd_fdstat_set_rights(client, stat.fs_rights_base & ~(right::kFdRead | right::kSockShutdown), 0),
      Errno::Success);
  EXPECT_EQ(receive(client), "!capabilities insufficient");
  EXPECT_EQ(p1().sock_shutdown(client, 1), Errno::Notcapable);
  Caller caller = guest_.caller();
  auto size = guest_.ptr<Size>();
  EXPECT_EQ(p1().sock_send(caller, server, guest_.iovec(TestGuest::kMemoryBytes - 1, 2), 0, size),
            Errno::Fault);
  EXPECT_EQ(p1().sock_send(caller, server, {guest_.memory(), 0, 1025}, 0, size), Errno::Inval);
}

TEST_F(SockTest, IsPolled) {
  auto [client, server] = connection();
  const GuestPtr<Subscription> in(guest_.memory(), guest_.reserve(2 * sizeof(Subscription)));
  const GuestPtr<Event> out(guest_.memory(), guest_.reserve(2 * sizeof(Event)));
  auto count = guest_.ptr<Size>();
  Subscription reads{};
  reads.userdata = 1;
  reads.tag = 1;
  reads.id_or_fd = server;
  Subscription clock{};
  clock.userdata = 2;
  clock.id_or_fd = 1;
  clock.timeout = 10'000'000;
  ASSERT_TRUE(in.write(reads));
  ASSERT_TRUE(guest_.memory().write(in.address() + sizeof(Subscription), clock));
  Caller caller = guest_.caller();
  ASSERT_EQ(p1().epoll_oneoff(caller, in, out, 2, count), Errno::Success);
  EXPECT_EQ(*count.read(), 1u);
  EXPECT_EQ(out.read()->userdata, 2u);
  ASSERT_EQ(send(client, "123"), Errno::Success);
  clock.timeout = 10 * kSecond;
  ASSERT_TRUE(guest_.memory().write(in.address() + sizeof(Subscription), clock));
  ASSERT_EQ(p1().epoll_oneoff(caller, in, out, 2, count), Errno::Success);
  EXPECT_EQ(*count.read(), 1u);
  EXPECT_EQ(out.read()->userdata, 1u);
  EXPECT_EQ(out.read()->nbytes, 3u);
}

TEST_F(SockTest, IsDeniedByDefault) {
  grant({});
  open_socket(kInet4, kStream, Errno::Acces);
  EXPECT_NE(told_.find("--allow-net"), std::string::npos);
  open_socket(kUnix, kStream, Errno::Nosys);
  EXPECT_NE(told_.find("--allow-af-unix"), std::string::npos);
}

TEST_F(SockTest, ReachesWhatWasGranted) {
  uint16_t granted = 0, other = 0;
  ::listen(host_socket(SOCK_STREAM, granted), 1);
  ::listen(host_socket(SOCK_STREAM, other), 1);
  grant({.connect = {*parse_endpoint("127.0.0.1:" + std::to_string(granted))}});
  const uint32_t fd = open_socket(kInet4, kStream);
  EXPECT_EQ(connect(fd, other), Errno::Acces);
  EXPECT_EQ(told_, "the guest may not connect to 127.0.0.1:" + std::to_string(other) +
                       "; --allow-net 127.0.0.1:" + std::to_string(other) + " would allow it");
  EXPECT_EQ(connect(fd, granted), Errno::Success);
  const uint32_t second = open_socket(kInet4, kStream);
  EXPECT_EQ(p1().sock_bind(second, address(kLoopback), 0), Errno::Acces);
  EXPECT_EQ(p1().sock_listen(second, 1), Errno::Acces) << "without an address it would get any";
  const uint32_t datagrams = open_socket(kInet4, kDatagram);
  Caller caller = guest_.caller();
  auto size = guest_.ptr<Size>();
  EXPECT_EQ(p1().sock_send_to(caller, datagrams, guest_.iovec(0, 1), address(kLoopback), other, 0, size),
            Errno::Acces);
  grant({.listen = {*parse_endpoint("127.0.0.1:0")}});
  const uint32_t listener = listening();
  EXPECT_NE(port_of(listener), 0u);
  EXPECT_EQ(connect(open_socket(kInet4, kStream), port_of(listener)), Errno::Acces);
}

TEST_F(SockTest, DoesNotHearStrangers) {
  uint16_t friends_port = 0, strangers_port = 0;
  const int friendly = host_socket(SOCK_DGRAM, friends_port);
  const int stranger = host_socket(SOCK_DGRAM, strangers_port);
  grant({.connect = {*parse_endpoint("127.0.0.1:" + std::to_string(friends_port))}});
  const uint32_t fd = open_socket(kInet4, kDatagram);
  ASSERT_EQ(p1().sock_bind(fd, address(std::string_view("\0\0\0\0", 4)), 0), Errno::Success);
  ASSERT_EQ(p1().fd_fdstat_set_flags(fd, fd_flag::kNonblock), Errno::Success);
  sockaddr_in to = {};
  to.sin_family = AF_INET;
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  to.sin_port = htons(static_cast<uint16_t>(port_of(fd)));
  auto say = [&](int from, const char* text) {
    EXPECT_GT(::sendto(from, text, strlen(text), 0, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
  };
  say(stranger, "psst");
  EXPECT_EQ(receive(fd), "!resource unavailable, or operation would block");
  say(stranger, "psst");
  say(friendly, "hello");
  EXPECT_EQ(read(fd), "hello") << "nor by fd_read";
}

TEST_F(SockTest, HasUnixSocketsInItsDirectories) {
  const uint32_t listener = open_socket(kUnix, kStream);
  ASSERT_EQ(p1().sock_bind(listener, address(any_address(kUnix, "/door")), 0), Errno::Success);
  EXPECT_EQ(std::filesystem::status(root() / "door").type(), std::filesystem::file_type::socket);
  ASSERT_EQ(p1().sock_listen(listener, 1), Errno::Success);
  const uint32_t client = open_socket(kUnix, kStream);
  ASSERT_EQ(connect(client, 0, any_address(kUnix, "door")), Errno::Success);
  const uint32_t server = accept(listener);
  EXPECT_EQ(send(client, "knock"), Errno::Success);
  EXPECT_EQ(receive(server), "knock");
  auto port = guest_.ptr<uint32_t>();
  auto at = room(128);
  ASSERT_EQ(p1().sock_getpeeraddr(client, at, port), Errno::Success);
  EXPECT_EQ(bytes_of(at), any_address(kUnix, "")) << "host paths are not told";
  const uint32_t other = open_socket(kUnix, kStream);
  EXPECT_EQ(p1().sock_bind(other, address(any_address(kUnix, "/../door")), 0), Errno::Perm);
  EXPECT_EQ(p1().sock_bind(other, address(any_address(kUnix, "ro/door")), 0), Errno::Rofs);
  EXPECT_EQ(p1().sock_bind(other, address(any_address(kUnix, "/door")), 0), Errno::Addrinuse);
  EXPECT_EQ(connect(other, 0, any_address(kUnix, "/../secret")), Errno::Perm);
  EXPECT_EQ(connect(other, 0, any_address(kUnix, "/none")), Errno::Noent);
  EXPECT_EQ(connect(other, 0, any_address(kUnix, "ro/file")), Errno::Connrefused);
  EXPECT_EQ(connect(other, 0, any_address(kUnix, std::string_view("\0abstract", 9))), Errno::Connrefused)
      << "no name is the directory itself";
}

// A list of `count` entries, as the guest crates link it, with room of `data_room` bytes for each address.
struct NameList {
  GuestPtr<Address> head;
  std::vector<uint32_t> infos;
};

class NameTest : public SockTest {
 protected:
  NameList list(uint32_t count, uint32_t data_room, uint32_t name_room = 0) {
    NameList made{.head = guest_.ptr<Address>(), .infos = {}};
    for (uint32_t i = 0; i < count; i++) {
      auto info = guest_.ptr<AddrInfo>();
      auto socket_address = guest_.ptr<SockAddr>();
      auto data = guest_.buffer(32);
      auto name = guest_.buffer(64);
      EXPECT_TRUE(socket_address.write({SocketFamily::Unspecified, {}, data_room, data.address()}));
      AddrInfo value{};
      value.addr = socket_address.address();
      value.canonical_name = name.address();
      value.canonical_name_len = name_room;
      EXPECT_TRUE(info.write(value));
      if (i > 0) {
        const GuestPtr<AddrInfo> before(guest_.memory(), made.infos.back());
        AddrInfo linked = *before.read();
        linked.next = info.address();
        EXPECT_TRUE(before.write(linked));
      }
      made.infos.push_back(info.address());
    }
    EXPECT_TRUE(made.head.write(made.infos.empty() ? 0 : made.infos.front()));
    return made;
  }
  Errno look_up(std::string_view node, std::string_view service, const AddrInfo& hints,
                const NameList& into) {
    auto hints_at = guest_.ptr<AddrInfo>();
    EXPECT_TRUE(hints_at.write(hints));
    auto count = guest_.ptr<Size>();
    Caller caller = guest_.caller();
    const Errno error = p1().sock_getaddrinfo(caller, guest_.text(node), guest_.text(service), hints_at,
                                              into.head, static_cast<Size>(into.infos.size()), count);
    count_ = error == Errno::Success ? *count.read() : 0;
    return error;
  }
  std::string data(const NameList& of, size_t i) {
    const AddrInfo info = *guest_.memory().read<AddrInfo>(of.infos[i]);
    const SockAddr socket_address = *guest_.memory().read<SockAddr>(info.addr);
    return std::string(guest_.view(socket_address.data, socket_address.data_len));
  }
  static AddrInfo stream_hints(uint16_t flags = 0) {
    AddrInfo hints{};
    hints.flags = flags;
    hints.type = SocketType::Stream;
    return hints;
  }
  uint32_t count_ = 0;
};

TEST_F(NameTest, FindsAddresses) {
  const NameList one = list(3, 14);
  ASSERT_EQ(look_up(std::string_view("127.0.0.1\0", 10), std::string_view("80\0", 3), stream_hints(), one),
            Errno::Success);
  ASSERT_EQ(count_, 1u);
  EXPECT_EQ(data(one, 0), std::string("\0\x50\x7f\0\0\1", 6));
  const AddrInfo info = *guest_.memory().read<AddrInfo>(one.infos[0]);
  EXPECT_EQ(info.family, SocketFamily::Inet4);
  EXPECT_EQ(info.type, SocketType::Stream);
  EXPECT_EQ(info.addr_len, 16u);
  const NameList six = list(1, 26);
  ASSERT_EQ(look_up("::1", "443", stream_hints(addrinfo_flag::kNumericHost), six), Errno::Success);
  ASSERT_EQ(count_, 1u);
  EXPECT_EQ(data(six, 0), std::string("\x01\xbb", 2) + std::string(19, '\0') + "\1" + std::string(4, '\0'));
  const NameList small = list(1, 14);
  ASSERT_EQ(look_up("::1", "443", stream_hints(), small), Errno::Success);
  EXPECT_EQ(count_, 0u) << "it does not fit";
  const NameList named = list(5, 26, 5);
  ASSERT_EQ(look_up("localhost", "", stream_hints(addrinfo_flag::kCanonicalName), named), Errno::Success);
  ASSERT_GE(count_, 1u);
  const AddrInfo first = *guest_.memory().read<AddrInfo>(named.infos[0]);
  EXPECT_EQ(first.canonical_name_len, 5u) << "cut to the room there is";
  const NameList none = list(0, 0);
  EXPECT_EQ(look_up("127.0.0.1", "80", stream_hints(), none), Errno::Success);
  EXPECT_EQ(count_, 0u);
}

TEST_F(NameTest, AnswersWithErrors) {
  const NameList room = list(2, 26);
  EXPECT_EQ(look_up("", "", stream_hints(), room), Errno::Ainoname);
  EXPECT_EQ(look_up("not in digits", "80", stream_hints(addrinfo_flag::kNumericHost), room), Errno::Ainoname);
  EXPECT_EQ(look_up("127.0.0.1", "no such service", stream_hints(), room), Errno::Aiservice);
  EXPECT_EQ(look_up("127.0.0.1", "80", stream_hints(0x80), room), Errno::Aibadflag);
  AddrInfo wrong{};
  wrong.family = SocketFamily::Unix;
  EXPECT_EQ(look_up("127.0.0.1", "80", wrong, room), Errno::Aifamily);
  wrong = {};
  wrong.type = static_cast<SocketType>(3);
  EXPECT_EQ(look_up("127.0.0.1", "80", wrong, room), Errno::Aisocktype);
  EXPECT_EQ(look_up(std::string(1026, 'x'), "80", stream_hints(), room), Errno::Nametoolong);
  EXPECT_EQ(look_up("x", std::string(40, '1'), stream_hints(), room), Errno::Nametoolong);
  NameList outside = list(1, 26);
  ASSERT_TRUE(outside.head.write(TestGuest::kMemoryBytes - 4));
  EXPECT_EQ(look_up("127.0.0.1", "80", stream_hints(), outside), Errno::Fault);
  NameList ring = list(1, 26);
  AddrInfo itself = *guest_.memory().read<AddrInfo>(ring.infos[0]);
  itself.next = ring.infos[0];
  ASSERT_TRUE(guest_.memory().write(ring.infos[0], itself));
  EXPECT_EQ(look_up("localhost", "80", AddrInfo{}, ring), Errno::Success);
  EXPECT_LE(count_, 1u);
}

TEST_F(NameTest, LooksUpWhatWasGranted) {
  grant({.connect = {*parse_endpoint("localhost:80")}});
  const NameList room = list(2, 26);
  EXPECT_EQ(look_up("localhost", "80", stream_hints(), room), Errno::Success);
  EXPECT_EQ(look_up("example.org", "80", stream_hints(), room), Errno::Acces);
  EXPECT_EQ(told_, "the guest may not look up 'example.org'; --allow-net example.org:PORT would allow it");
  EXPECT_EQ(look_up("10.0.0.1", "80", stream_hints(), room), Errno::Success) << "digits tell nobody anything";
}

TEST_F(SockTest, FindsListenersThatItWasGiven) {
  make({.args = {"app"}, .env = {"LISTEN_FDS=7"}, .listeners = {*parse_endpoint("127.0.0.1:0")}});
  constexpr uint32_t kListener = 3;
  auto prestat = guest_.ptr<Prestat>();
  ASSERT_EQ(p1().fd_prestat_get(kListener, prestat), Errno::Success);
  EXPECT_EQ(prestat.read()->tag, 1) << "no directory; the search for them goes on";
  ASSERT_EQ(p1().fd_prestat_get(kListener + 1, prestat), Errno::Success);
  EXPECT_EQ(prestat.read()->tag, 0);
  EXPECT_EQ(wasi_->core().env, std::vector<std::string>{"LISTEN_FDS=1"});
  const int client = ::socket(AF_INET, SOCK_STREAM, 0);
  host_.push_back(client);
  sockaddr_in to = {};
  to.sin_family = AF_INET;
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  to.sin_port = htons(static_cast<uint16_t>(port_of(kListener)));
  ASSERT_EQ(::connect(client, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
  ASSERT_EQ(::send(client, "hi", 2, 0), 2);
  EXPECT_EQ(receive(accept(kListener)), "hi");
  open_socket(kInet4, kStream, Errno::Acces);
  const auto nowhere = Wasi::create({.listeners = {*parse_endpoint("192.0.2.1:0")}});
  ASSERT_FALSE(nowhere);
  EXPECT_EQ(nowhere.error().kind(), ErrorKind::Io);
  EXPECT_EQ(Wasi::create({.listeners = {*parse_endpoint("name:80")}}).error().kind(), ErrorKind::Usage);
}

TEST_F(SockTest, EndsWithTooManyAsFilesDo) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit few = {.rlim_cur = 100, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  Errno error = Errno::Success;
  auto fd = guest_.ptr<uint32_t>();
  for (int i = 0; i < 200 && error == Errno::Success; i++) error = p1().sock_open(kInet4, kStream, fd);
  EXPECT_EQ(error, Errno::Mfile);
  EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
}

}  // namespace
}  // namespace godwit::wasi
