// Reactor: one thread of a server's, what it serves and with what.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "net/server.h"
#include "platform/fs_handle.h"

namespace godwit::net {

struct Server::Listener {
  Handler* handler;
  Acceptor* acceptor;                             // null: of TCP
  std::vector<platform::fs::FileHandle> sockets;  // one for each thread
};

// @threads one, that which run() is called on.
class Server::Reactor final {
 public:
  Reactor(Server& server, uint32_t index) : server_(server), index_(index) {}
  ~Reactor();

  // Serves until the server is stopped and all is answered.
  Result<> run();

  const ServerConfig& config() const { return server_.config_; }
  async::Scheduler& scheduler() { return *scheduler_; }
  uint32_t index() const { return index_; }
  bool is_draining() const { return server_.draining_.load(std::memory_order_relaxed) != 0; }
  platform::fs::StopWord stop_word() const { return server_.stop_word(); }

  // Where to read to; what lies there is gone at the next wait.
  MutableBytes scratch() { return {scratch_.get(), kScratchBytes}; }
  // "Date: …\r\n", of now.
  std::string_view date();

  // From a request's first byte to the end of its answer.
  void begin_request(Connection& connection);
  void end_request(Connection& connection);

 private:
  static constexpr size_t kScratchBytes = size_t{64} << 10;

  void accept_all(const Listener& listener);
  // Takes a connection in, or turns it away.
  void welcome(platform::fs::FileHandle socket, const Listener& listener);
  // Looks for clients that have left, and for the end of the time to drain.
  void look_out();
  void tell_of_closed();

  Server& server_;
  const uint32_t index_;
  std::unique_ptr<async::Scheduler> scheduler_;
  std::unique_ptr<uint8_t[]> scratch_ = std::make_unique_for_overwrite<uint8_t[]>(kScratchBytes);
  std::vector<Connection*> in_request_;
  size_t open_ = 0;       // connections
  size_t accepting_ = 0;  // fibers
  std::string date_;
  uint64_t date_s_ = 0;
};

}  // namespace godwit::net
