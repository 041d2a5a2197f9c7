// Sockets: by agent and id.
#include "agent/sockets.h"

#include "agent/text.h"
#include "platform/random.h"

namespace godwit::agent {

Result<std::string> Sockets::add(std::string_view agent, std::shared_ptr<net::WebSocket> socket) {
  uint8_t random[16];
  TRY(platform::fill_random(random));
  std::string id = to_hex(random);
  const std::lock_guard lock(mutex_);
  open_.emplace(Key(agent, id), std::move(socket));
  return id;
}

void Sockets::remove(std::string_view agent, std::string_view id) {
  const std::lock_guard lock(mutex_);
  open_.erase(Key(agent, id));
}

std::shared_ptr<net::WebSocket> Sockets::find(std::string_view agent, std::string_view id) {
  const std::lock_guard lock(mutex_);
  const auto found = open_.find(Key(agent, id));
  return found == open_.end() ? nullptr : found->second;
}

size_t Sockets::count() {
  const std::lock_guard lock(mutex_);
  return open_.size();
}

}  // namespace godwit::agent
