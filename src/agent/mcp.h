// Mcp: a server of the Model Context Protocol, whatever carries its messages.
// spec: https://modelcontextprotocol.io/specification/2025-11-25
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <expected>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/tools.h"

namespace godwit::agent::mcp {

// Newest first.
inline constexpr std::string_view kVersions[] = {"2025-11-25", "2025-06-18"};
bool is_known_version(std::string_view version);

// A message of JSON-RPC 2.0.
struct Message {
  enum class Kind : uint8_t { Request, Notification, Response };
  Kind kind = Kind::Request;
  boost::json::value id;  // of a request: a text or a whole number
  std::string method;
  boost::json::object params;
};
// @errors the error message to answer with.
std::expected<Message, std::string> parse(std::string_view text);

// Numbers of JSON-RPC's.
enum class ErrorCode : int32_t {
  NotJson = -32700,
  NoMessage = -32600,
  NoMethod = -32601,
  BadParams = -32602,
  Internal = -32603,
};
// An error message. @param id null where the request's is not known.
std::string error_message(const boost::json::value& id, ErrorCode code, std::string_view text);

struct CallResult {
  std::string text;
  bool is_error = false;
};
// Runs a tool whose arguments were checked. @param arguments JSON, an object.
using Call = std::function<CallResult(const ToolConfig& tool, std::string arguments)>;

// Answers a request.
class Server final {
 public:
  // @lifetime `tools` outlives it.
  Server(std::string name, const std::vector<ToolConfig>& tools) : name_(std::move(name)), tools_(tools) {}

  // "initialize": the version that both speak is said in the answer.
  std::string initialize(const Message& request) const;
  // All others.
  std::string answer(const Message& request, const Call& call) const;

 private:
  std::string list(const Message& request) const;
  std::string call_tool(const Message& request, const Call& call) const;

  const std::string name_;
  const std::vector<ToolConfig>& tools_;
};

}  // namespace godwit::agent::mcp
