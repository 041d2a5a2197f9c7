// McpSessions: whom servers of MCP have shaken hands with.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace godwit::agent {

// In memory only: who comes after a restart is told to begin anew, as the protocol has it. @threads any.
class McpSessions final {
 public:
  // Of one agent's; the one that was used longest ago makes room.
  static constexpr size_t kMost = 1000;

  // @returns its id, which nobody can guess.
  Result<std::string> begin(std::string_view agent);
  // Whether this agent has begun it, and nobody has ended it.
  bool is_open(std::string_view agent, std::string_view id);
  // @returns whether it was open.
  bool end(std::string_view agent, std::string_view id);

 private:
  using Sessions = std::map<std::string, uint64_t, std::less<>>;  // when it was last used, by id
  Sessions* find(std::string_view agent);

  std::mutex mutex_;
  std::map<std::string, Sessions, std::less<>> by_agent_;
  uint64_t clock_ = 0;
};

}  // namespace godwit::agent
