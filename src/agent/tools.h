// Tools: what of an agent others may call by name, and whose tools it may call.
#pragma once

#include <string>
#include <vector>

namespace godwit::agent {

// A function of an agent's: its export `on_tool` is called with the name as the event's id.
struct ToolConfig {
  std::string name;
  std::string description;
  std::string input;   // JSON Schema of the arguments, an object
  std::string output;  // JSON Schema of the answer, which is then JSON; empty: it is text
};

// Where an agent's tools are served by MCP.
struct McpConfig {
  std::string route;   // exactly this path; empty: nowhere
  std::string secret;  // of a SecretGrant, shown as bearer token; empty: whoever reaches the server may call
};

// A server of MCP whose tools an agent may call.
struct McpGrant {
  std::string name;                // what the guest calls it
  std::string url;                 // "https://api.example.org/mcp"
  std::vector<std::string> tools;  // "*": all
  std::string secret;              // of a SecretGrant, sent as bearer token; empty: none

  bool covers(std::string_view tool) const {
    for (const std::string& granted : tools)
      if (granted == "*" || granted == tool) return true;
    return false;
  }
};

// What became of a call of a tool.
struct ToolAnswer {
  std::string text;     // that the guest wrote
  std::string failure;  // that it said by `fail`
};

}  // namespace godwit::agent
