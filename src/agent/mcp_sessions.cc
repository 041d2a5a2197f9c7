// McpSessions: ids by agent.
#include "agent/mcp_sessions.h"

#include <algorithm>

#include "agent/text.h"
#include "platform/random.h"

namespace godwit::agent {

McpSessions::Sessions* McpSessions::find(std::string_view agent) {
  const auto found = by_agent_.find(agent);
  return found == by_agent_.end() ? nullptr : &found->second;
}

Result<std::string> McpSessions::begin(std::string_view agent) {
  uint8_t random[24];
  TRY(platform::fill_random(random));
  std::string id = to_hex(random);
  const std::lock_guard lock(mutex_);
  Sessions& sessions = by_agent_[std::string(agent)];
  if (sessions.size() >= kMost)
    sessions.erase(
        std::ranges::min_element(sessions, {}, [](const auto& session) { return session.second; }));
  sessions[id] = ++clock_;
  return id;
}

bool McpSessions::is_open(std::string_view agent, std::string_view id) {
  const std::lock_guard lock(mutex_);
  Sessions* sessions = find(agent);
  if (!sessions) return false;
  const auto found = sessions->find(id);
  if (found == sessions->end()) return false;
  found->second = ++clock_;
  return true;
}

bool McpSessions::end(std::string_view agent, std::string_view id) {
  const std::lock_guard lock(mutex_);
  Sessions* sessions = find(agent);
  const auto found = sessions ? sessions->find(id) : Sessions::iterator();
  if (!sessions || found == sessions->end()) return false;
  sessions->erase(found);
  return true;
}

}  // namespace godwit::agent
