// Server: HTTP/1.1 on fibers.
//
//   one thread per core, each with sockets of its own (SO_REUSEPORT), its own async::Scheduler, its own connections
//   one fiber per connection: reads a request's head ─▶ Handler::handle() ─▶ the rest of the body ─▶ the next request
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "async/scheduler.h"
#include "base/error.h"
#include "net/message.h"
#include "net/parser.h"
#include "net/stream.h"
#include "platform/net_address.h"

namespace godwit::net {

class Connection;

// A request that is being answered. @lifetime during Handler::handle(). @threads that of its fiber, save gone().
class Request final {
 public:
  const std::string& method() const { return head().method; }
  // "/a/b", as it was sent: neither decoded nor made simpler. Begins with '/', save "*" of OPTIONS.
  std::string_view path() const { return path_; }
  // What follows the '?', without it; empty if nothing does.
  std::string_view query() const { return query_; }
  const Fields& fields() const { return head().fields; }
  // The value of a header field; null if there is none.
  const std::string* field(std::string_view name) const { return fields().find(name); }
  // From now on the request has no field of that name: a secret that was looked at.
  void hide_field(std::string_view name);
  // Without the port; empty in HTTP/1.0 where none is sent.
  std::string_view host() const;
  const platform::net::Address& peer() const;

  // The body. An error that the handler does nothing about is answered by the server, with 400, 408 or 413.

  // Appends what has come of it, at least a byte; waits for it. @returns how many bytes; 0: that was all.
  // @errors Io: the client is gone, or too slow. Malformed: it is no body. Exhausted: larger than allowed.
  Result<size_t> read(std::string& into);
  // The whole of it. @errors as read().
  Result<std::string> read_all();
  // In place of MessageLimits::body_bytes, before it is read. @errors Exhausted: it is known to be larger.
  Result<> limit_body(uint64_t bytes);

  // What runs this fiber. All that waits does so by mode(): it is called off when the client is gone.
  async::Scheduler& scheduler() const;
  platform::fs::WaitMode mode() const;
  // Which of the server's threads this is, from 0.
  uint32_t thread() const;
  // Becomes other than 0 when the client has closed the connection (noticed within a twentieth of a second; a client that
  // has closed only its half is taken for gone, too), when the time to drain is over, or when writing has failed.
  // @threads any.
  const std::atomic<uint64_t>& gone() const;
  // Calls `function` as soon as gone() is set, on the server's thread, at most once; at once if it is set. Until the
  // handler returns, or it is replaced; an empty one takes it back. It must not wait.
  void on_gone(std::function<void()> function);

  // Once another protocol was agreed on. Appends what comes; 0: no more will.
  // @errors code(): ETIMEDOUT: nothing came for so long. EINTR: the server is to end.
  Result<size_t> receive(std::string& into, uint64_t timeout_ns);
  // Sends bytes as they are. On one fiber.
  Result<> send_raw(std::string_view bytes);

  // @private
  explicit Request(Connection& connection) : connection_(connection) {}
  bool set_target();

 private:
  const Head& head() const;

  Connection& connection_;
  std::string_view path_, query_;
};

// The answer. What is not begun when the handler returns is answered by the server, with 500 or what the body's error
// asks for. Errors are of kind Io where the client is gone: the handler then returns.
// @lifetime, @threads as Request.
class ResponseWriter final {
 public:
  // 200 unless it is set. @param status from 200 to 599.
  void set_status(uint32_t status) { status_ = status; }
  // Adds a field. Those that say where the message ends are the server's own: Content-Length, Transfer-Encoding,
  // Connection, and Date.
  // @errors Usage: that is no name, no value, or one of these.
  Result<> add_field(std::string_view name, std::string_view value);

  // Takes back status and fields. Before it is begun.
  void clear() {
    status_ = 200;
    fields_.clear();
  }

  // The whole answer at once, with this body.
  Result<> send(std::string_view body);
  // Sends the head; the body comes piece by piece. Once.
  Result<> begin();
  // Sends a piece at once. begin() is called if it was not. An empty piece is nothing.
  Result<> write(std::string_view piece);
  // After the last piece; or when the handler returns. What is ended by drop() is not.
  Result<> finish();
  // Ends an answer that has begun and cannot be finished: the client sees that it is not whole.
  void drop();

  // Answers that the connection goes on by another protocol, with these fields, each with its line end. Once; Request's
  // receive() and send_raw() come after it.
  Result<> switch_protocols(std::string_view fields);

  bool has_begun() const { return has_begun_; }
  bool is_finished() const { return is_finished_; }
  uint32_t status() const { return status_; }
  // Of the body.
  uint64_t sent_bytes() const { return sent_bytes_; }

  // @private
  explicit ResponseWriter(Connection& connection) : connection_(connection) {}

 private:
  friend class Connection;

  enum class Framing : uint8_t { Length, Chunks, UntilClose, None };
  Result<> send_head(Framing framing, std::string_view body);
  bool may_have_body() const;

  Connection& connection_;
  uint32_t status_ = 200;
  std::string fields_;
  uint64_t sent_bytes_ = 0;
  Framing framing_ = Framing::None;
  bool has_begun_ = false;
  bool is_finished_ = false;
};

class Handler {
 public:
  // Answers a request, on a fiber of 256 KiB of stack. Called by several threads at a time.
  virtual void handle(Request& request, ResponseWriter& response) = 0;

 protected:
  ~Handler() = default;
};

struct ServerConfig {
  uint32_t threads = 0;               // 0: as many as there are processors
  uint32_t max_connections = 10'000;  // all threads together; more are turned away with 503
  MessageLimits limits = {};
  // Times in nanoseconds.
  uint64_t header_timeout_ns = 10'000'000'000;  // from a request's first byte to the end of its head
  uint64_t idle_timeout_ns = 60'000'000'000;    // between requests, and before the first
  uint64_t body_timeout_ns = 30'000'000'000;    // in which something must come of a body
  uint64_t write_timeout_ns = 30'000'000'000;   // in which the client must take something
  uint64_t drain_timeout_ns = 10'000'000'000;   // for requests that are being answered when stop() is called
  // Called on each of the threads before it serves. May spawn fibers; the server ends when those have ended, too.
  std::function<void(async::Scheduler& scheduler, uint32_t thread)> on_thread = {};
};

// @threads one at a time, save stop(), stop_word() and connections().
class Server final {
 public:
  static Result<std::unique_ptr<Server>> create(const ServerConfig& config);
  ~Server();

  // Before run(). @param address an IP address; port 0: any. @returns it, with the port.
  // @param acceptor makes the streams; null: they are TCP's
  // @lifetime `handler` and `acceptor` outlive run().
  // @errors Io: nobody can listen there; says where and why.
  Result<platform::net::Address> listen(const platform::net::Address& address, Handler& handler,
                                        Acceptor* acceptor = nullptr);

  // Serves, on this thread and others, until stop() was called and all that was begun is answered.
  // @errors Exhausted: no thread. Io: the system does not wait.
  Result<> run();

  // Ends run(): nothing new is accepted, idle connections are closed, requests that have begun have drain_timeout_ns to be
  // answered. @threads any; safe in signal handlers.
  void stop() { draining_.store(1, std::memory_order_relaxed); }
  // Other than 0 once stop() was called.
  platform::fs::StopWord stop_word() const { return platform::fs::StopWord(&draining_); }

  uint32_t threads() const;
  // That are open now. @threads any.
  uint32_t connections() const { return connections_.load(std::memory_order_relaxed); }

 private:
  friend class Connection;
  class Reactor;
  struct Listener;

  explicit Server(const ServerConfig& config);

  const ServerConfig config_;
  std::atomic<uint64_t> draining_ = 0;
  std::atomic<uint32_t> connections_ = 0;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::vector<std::unique_ptr<Reactor>> reactors_;
};

}  // namespace godwit::net
