// Sockets: the WebSockets that are open, so that any run of their agent can send.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "net/websocket.h"

namespace godwit::agent {

// @threads any.
class Sockets final {
 public:
  // @returns the id by which the agent sends, which nobody can guess.
  Result<std::string> add(std::string_view agent, std::shared_ptr<net::WebSocket> socket);
  void remove(std::string_view agent, std::string_view id);
  // Null: the agent has none of that id.
  std::shared_ptr<net::WebSocket> find(std::string_view agent, std::string_view id);
  size_t count();

 private:
  using Key = std::pair<std::string, std::string>;  // agent, id

  std::mutex mutex_;
  std::map<Key, std::shared_ptr<net::WebSocket>> open_;
};

}  // namespace godwit::agent
