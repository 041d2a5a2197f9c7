// Tests of the server, by clients that speak over plain sockets, and of our own client against it.
#include "net/server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>
#include <thread>
#include <tuple>

#include "async/signal.h"
#include "net/client.h"
#include "platform/fs_handle.h"

namespace godwit::net {
namespace {

constexpr uint64_t kMillisecond_ns = 1'000'000;

// A test's side of a connection.
class Peer final {
 public:
  explicit Peer(uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) socket_.reset();
  }

  void send(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t size = ::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL);
      if (size <= 0) return;
      text.remove_prefix(static_cast<size_t>(size));
    }
  }
  // Until `mark` has come, or nothing more comes.
  std::string read_until(std::string_view mark) const {
    std::string text;
    char byte;
    while (!text.ends_with(mark) && ::recv(socket_.get(), &byte, 1, 0) == 1) text += byte;
    return text;
  }
  std::string read_to_end() const {
    std::string text;
    char piece[4096];
    for (ssize_t size; (size = ::recv(socket_.get(), piece, sizeof piece, 0)) > 0;)
      text.append(piece, static_cast<size_t>(size));
    return text;
  }
  void close() { socket_.reset(); }
  void end() const { ::shutdown(socket_.get(), SHUT_WR); }

 private:
  platform::fs::FileHandle socket_;
};

class FunctionHandler final : public Handler {
 public:
  using Function = std::function<void(Request&, ResponseWriter&)>;
  explicit FunctionHandler(Function function) : function_(std::move(function)) {}
  void handle(Request& request, ResponseWriter& response) override { function_(request, response); }

 private:
  Function function_;
};

// What a test waits for of other threads.
class Flag final {
 public:
  void set() {
    const std::lock_guard lock(mutex_);
    is_set_ = true;
    changed_.notify_all();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return is_set_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_set_ = false;
};

class Running final {
 public:
  explicit Running(FunctionHandler::Function function, const ServerConfig& config = {.threads = 2})
      : handler_(std::move(function)) {
    server_ = std::move(*Server::create(config));
    auto address = server_->listen({.family = platform::net::Family::Inet4, .ip = {127, 0, 0, 1}}, handler_);
    port_ = address->port;
    thread_ = std::thread([this] { EXPECT_TRUE(server_->run()); });
  }
  ~Running() { stop(); }

  void stop() {
    server_->stop();
    if (thread_.joinable()) thread_.join();
  }
  Server& server() { return *server_; }
  uint16_t port() const { return port_; }
  std::string ask(std::string_view text) const {
    const Peer peer(port_);
    peer.send(text);
    return peer.read_to_end();
  }

 private:
  FunctionHandler handler_;
  std::unique_ptr<Server> server_;
  uint16_t port_ = 0;
  std::thread thread_;
};

void echo(Request& request, ResponseWriter& response) {
  auto body = request.read_all();
  if (!body) return;
  std::ignore = response.add_field("X-Method", request.method());
  std::ignore = response.send(std::string(request.path()) + "|" + std::string(request.query()) + "|" + *body);
}

constexpr std::string_view kClose = "Host: x\r\nConnection: close\r\n";

std::string body_of(const std::string& response) { return response.substr(response.find("\r\n\r\n") + 4); }

TEST(ServerTest, AnswersRequests) {
  const Running running(echo);
  const std::string answer =
      running.ask("POST /a/b?c=d HTTP/1.1\r\n" + std::string(kClose) + "Content-Length: 4\r\n\r\nbody");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\nDate: ")) << answer;
  EXPECT_NE(answer.find("\r\nX-Method: POST\r\n"), std::string::npos);
  EXPECT_NE(answer.find("\r\nContent-Length: 13\r\n"), std::string::npos);
  EXPECT_NE(answer.find("\r\nConnection: close\r\n"), std::string::npos);
  EXPECT_EQ(body_of(answer), "/a/b|c=d|body");
  EXPECT_EQ(body_of(running.ask("GET http://other/p?q HTTP/1.1\r\n" + std::string(kClose) + "\r\n")),
            "/p|q|");
  EXPECT_EQ(body_of(running.ask("GET / HTTP/1.0\r\n\r\n")), "/||");
}

TEST(ServerTest, KeepsConnectionsAndAnswersInOrder) {
  const Running running(echo);
  const Peer peer(running.port());
  std::string requests;
  for (int i = 0; i < 50; i++)
    requests += "POST /" + std::to_string(i) +
                " HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n";
  peer.send(requests);
  for (int i = 0; i < 50; i++) {
    const std::string end = "/" + std::to_string(i) + "||hi";
    EXPECT_TRUE(peer.read_until(end).ends_with(end)) << i;
  }
}

TEST(ServerTest, AnswersHeadWithoutABody) {
  const Running running(echo);
  const std::string answer = running.ask("HEAD /x HTTP/1.1\r\n" + std::string(kClose) + "\r\n");
  EXPECT_NE(answer.find("Content-Length: 4\r\n"), std::string::npos);
  EXPECT_EQ(body_of(answer), "");
}

TEST(ServerTest, SendsPieceByPiece) {
  Flag go_on;
  const Running running([&](Request&, ResponseWriter& response) {
    std::ignore = response.add_field("Content-Type", "text/event-stream");
    EXPECT_TRUE(response.write("data: 1\n\n"));
    go_on.wait();  // of the test's thread, which has read the first piece
    EXPECT_TRUE(response.write("data: 2\n\n"));
  });
  const Peer peer(running.port());
  peer.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_NE(peer.read_until("data: 1\n\n\r\n").find("Transfer-Encoding: chunked\r\n"), std::string::npos);
  go_on.set();
  EXPECT_EQ(peer.read_until("0\r\n\r\n"), "9\r\ndata: 2\n\n\r\n0\r\n\r\n");
  const std::string old = running.ask("GET / HTTP/1.0\r\n\r\n");
  EXPECT_EQ(old.find("chunked"), std::string::npos);
  EXPECT_EQ(body_of(old), "data: 1\n\ndata: 2\n\n");
}

TEST(ServerTest, LetsClientsWaitWithTheirBody) {
  const Running running(echo);
  const Peer peer(running.port());
  peer.send("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(peer.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  peer.send("ok");
  EXPECT_TRUE(peer.read_until("/||ok").starts_with("HTTP/1.1 200 OK"));
}

TEST(ServerTest, RefusesWhatIsNoRequestOrTooMuch) {
  const Running running(echo,
                        {.threads = 1, .limits = {.header_bytes = 500, .fields = 10, .body_bytes = 10}});
  EXPECT_TRUE(running.ask("nonsense\r\n\r\n").starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(running.ask("GET nowhere HTTP/1.1\r\nHost: x\r\n\r\n").starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(running.ask("GET /" + std::string(600, 'x') + " HTTP/1.1\r\n").starts_with("HTTP/1.1 431 "));
  EXPECT_TRUE(
      running.ask("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n").starts_with("HTTP/1.1 413 "));
  EXPECT_TRUE(running
                  .ask("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
                       "chunked\r\n\r\n20\r\n01234567890123456789012345678901\r\n0\r\n\r\n")
                  .starts_with("HTTP/1.1 413 "));
  EXPECT_TRUE(running.ask("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
                  .starts_with("HTTP/1.1 400 "));
}

TEST(ServerTest, RoutesMayAllowMore) {
  const Running running(
      [](Request& request, ResponseWriter& response) {
        if (request.path() == "/large" && !request.limit_body(100)) return;
        echo(request, response);
      },
      {.threads = 1, .limits = {.body_bytes = 10}});
  const std::string large = std::string(kClose) + "Content-Length: 20\r\n\r\n01234567890123456789";
  EXPECT_TRUE(running.ask("POST /large HTTP/1.1\r\n" + large).starts_with("HTTP/1.1 200 "));
  EXPECT_TRUE(running.ask("POST /small HTTP/1.1\r\n" + large).starts_with("HTTP/1.1 413 "));
}

TEST(ServerTest, EndsSlowAndIdleClients) {
  const Running running(echo, {.threads = 1,
                               .header_timeout_ns = 50 * kMillisecond_ns,
                               .idle_timeout_ns = 50 * kMillisecond_ns,
                               .body_timeout_ns = 50 * kMillisecond_ns});
  EXPECT_EQ(running.ask(""), "");
  EXPECT_TRUE(running.ask("GET / HT").starts_with("HTTP/1.1 408 "));
  EXPECT_TRUE(
      running.ask("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n12").starts_with("HTTP/1.1 408 "));
  EXPECT_TRUE(running.ask("GET / HTTP/1.1\r\nHost: x\r\n\r\n").starts_with("HTTP/1.1 200 "))
      << "and then it ends";
}

TEST(ServerTest, TurnsAwayTooMany) {
  Running running(echo, {.threads = 1, .max_connections = 1});
  const Peer first(running.port());
  first.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_NE(first.read_until("/||"), "");
  EXPECT_TRUE(running.ask("").starts_with("HTTP/1.1 503 "));
}

TEST(ServerTest, TellsHandlersThatTheClientIsGone) {
  Flag begun, told, ended;
  const Running running([&](Request& request, ResponseWriter&) {
    request.on_gone([&] { told.set(); });
    begun.set();
    // a wait without end, but for the client
    EXPECT_EQ(platform::fs::wait_for({}, platform::fs::kForever, request.mode()).error(), EINTR);
    EXPECT_NE(request.gone().load(), 0u);
    ended.set();
  });
  Peer peer(running.port());
  peer.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  begun.wait();
  peer.close();
  told.wait();
  ended.wait();
}

TEST(ServerTest, DrainsBeforeItEnds) {
  Flag begun;
  auto signal = *async::Signal::create();
  Running running(
      [&](Request& request, ResponseWriter& response) {
        begun.set();
        EXPECT_TRUE(signal.wait(request.mode()));
        std::ignore = response.send("whole");
      },
      {.threads = 1});
  const Peer busy(running.port());
  const Peer idle(running.port());
  busy.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  begun.wait();
  running.server().stop();
  EXPECT_EQ(idle.read_to_end(), "") << "closed while another request is answered";
  signal.raise();
  const std::string answer = busy.read_to_end();
  EXPECT_NE(answer.find("Connection: close"), std::string::npos);
  EXPECT_TRUE(answer.ends_with("whole"));
  running.stop();
  EXPECT_EQ(running.server().connections(), 0u);
}

TEST(ServerTest, EndsWithoutHandlersThatDoNot) {
  Flag begun;
  Running running(
      [&](Request& request, ResponseWriter&) {
        begun.set();
        EXPECT_FALSE(platform::fs::wait_for({}, platform::fs::kForever, request.mode()));
      },
      {.threads = 1, .drain_timeout_ns = 50 * kMillisecond_ns});
  const Peer busy(running.port());
  busy.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  begun.wait();
  running.stop();
}

TEST(ServerTest, AnswersForHandlersThatDoNot) {
  const Running running([](Request& request, ResponseWriter& response) {
    if (request.path() == "/fields") {
      EXPECT_FALSE(response.add_field("X", "a\r\nInjected: b"));
      EXPECT_FALSE(response.add_field("Content-Length", "3"));
      EXPECT_FALSE(response.add_field("X y", "z"));
      std::ignore = response.send("ok");
    }
    if (request.path() == "/drop") {
      std::ignore = response.write("half");
      response.drop();
    }
  });
  EXPECT_TRUE(running.ask("GET / HTTP/1.1\r\nHost: x\r\n\r\n").starts_with("HTTP/1.1 500 "));
  EXPECT_TRUE(running.ask("GET /fields HTTP/1.1\r\n" + std::string(kClose) + "\r\n").ends_with("\r\n\r\nok"));
  EXPECT_TRUE(running.ask("GET /drop HTTP/1.1\r\nHost: x\r\n\r\n").ends_with("4\r\nhalf\r\n"))
      << "without the last chunk";
}

// Runs `function` on a fiber that is given a client.
void with_client(const std::function<void(Client&, const Patience&)>& function) {
  auto scheduler = std::move(*async::Scheduler::create());
  ASSERT_TRUE(scheduler->spawn([&] {
    TcpConnector connector;
    Client client(connector);
    function(client, {.mode = {.stop = {}, .parker = scheduler.get()}, .timeout_ns = 5000 * kMillisecond_ns});
  }));
  ASSERT_TRUE(scheduler->run());
}

TEST(ClientTest, SendsAndReadsAndUsesConnectionsAgain) {
  const Running running(echo);
  with_client([&](Client& client, const Patience& patience) {
    for (int i = 0; i < 5; i++) {
      auto response = client.send({.origin = {.host = "127.0.0.1", .port = running.port()},
                                   .method = "POST",
                                   .target = "/t?q",
                                   .body = "body"},
                                  patience);
      ASSERT_TRUE(response) << response.error().message();
      EXPECT_EQ(response->status(), 200u);
      EXPECT_EQ(*response->read_all(100), "/t|q|body");
      EXPECT_EQ(client.idle_connections(), 1u);
    }
    int left = 3;
    ClientRequest chunked = {.origin = {.host = "127.0.0.1", .port = running.port()}, .method = "POST"};
    chunked.body_source = [&]() -> Result<std::string> {
      return left-- > 0 ? std::string(20, 'p') : std::string();
    };
    EXPECT_EQ(client.send(chunked, patience)->read_all(100)->size(), 63u);
    auto too_large =
        client.send({.origin = {.host = "127.0.0.1", .port = running.port()}, .target = "/long"}, patience);
    EXPECT_EQ(too_large->read_all(3).error().kind(), ErrorKind::Exhausted);
  });
}

TEST(ClientTest, RefusesWhatItMustNotSend) {
  with_client([](Client& client, const Patience& patience) {
    const Origin origin = {.host = "127.0.0.1", .port = 1};
    ClientRequest field = {.origin = origin};
    field.fields.add("A", "b\r\nC: d");
    EXPECT_EQ(client.send(field, patience).error().kind(), ErrorKind::Usage);
    EXPECT_EQ(client.send({.origin = origin, .method = "A B"}, patience).error().kind(), ErrorKind::Usage);
    EXPECT_EQ(client.send({.origin = origin, .target = "/a b"}, patience).error().kind(), ErrorKind::Usage);
    EXPECT_EQ(
        client.send({.origin = origin, .allows = [](const auto&) { return false; }}, patience).error().kind(),
        ErrorKind::Usage);
    EXPECT_EQ(
        client.send({.origin = {.is_tls = true, .host = "127.0.0.1", .port = 1}}, patience).error().kind(),
        ErrorKind::Unsupported);
  });
}

TEST(ClientTest, RepeatsWhatMayBeRepeated) {
  // a server that closes every connection after one answer, without saying so
  const platform::fs::FileHandle listener(::socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(listener.get(), 8), 0);
  ::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size);
  std::thread server([&] {
    for (int i = 0; i < 3; i++) {
      const platform::fs::FileHandle peer(::accept(listener.get(), nullptr, nullptr));
      char piece[1000];
      (void)!::recv(peer.get(), piece, sizeof piece, 0);
      constexpr std::string_view kAnswer =
          "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
      (void)!::send(peer.get(), kAnswer.data(), kAnswer.size(), MSG_NOSIGNAL);
    }
  });
  with_client([&](Client& client, const Patience& patience) {
    for (int i = 0; i < 3; i++) {
      auto response =
          client.send({.origin = {.host = "127.0.0.1", .port = ntohs(address.sin_port)}}, patience);
      ASSERT_TRUE(response) << response.error().message();
      EXPECT_EQ(*response->read_all(10), "ok");
    }
  });
  server.join();
}

}  // namespace
}  // namespace godwit::net
