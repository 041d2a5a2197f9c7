// Mcp: messages read, and answered.
#include "agent/mcp.h"

#include <algorithm>

#include "agent/json_schema.h"
#include "openai/json.h"

namespace godwit::agent::mcp {
namespace {

namespace json = boost::json;

json::value parsed(const std::string& text) {
  // of the manifest's, which has checked it
  auto object = openai::parse_object(text);
  return object ? json::value(std::move(*object)) : json::value(json::object());
}

std::string result_message(const json::value& id, json::object result) {
  return openai::text_of(json::object{{"jsonrpc", "2.0"}, {"id", id}, {"result", std::move(result)}});
}

bool is_id(const json::value& id) { return id.is_string() || id.is_int64() || id.is_uint64(); }

}  // namespace

bool is_known_version(std::string_view version) {
  return std::ranges::find(kVersions, version) != std::end(kVersions);
}

std::string error_message(const json::value& id, ErrorCode code, std::string_view text) {
  return openai::text_of(
      json::object{{"jsonrpc", "2.0"},
                   {"id", id},
                   {"error", json::object{{"code", static_cast<int32_t>(code)},
                                          {"message", json::string(text.data(), text.size())}}}});
}

std::expected<Message, std::string> parse(std::string_view text) {
  auto object = openai::parse_object(text);
  if (!object) {
    // what is JSON, but no object, is no message: batches are none since 2025-06-18
    const bool is_json = object.error().message.find("not JSON") == std::string::npos;
    return std::unexpected(error_message(nullptr, is_json ? ErrorCode::NoMessage : ErrorCode::NotJson,
                                         is_json ? "a message is one JSON object" : object.error().message));
  }
  Message message;
  if (const json::value* id = object->if_contains("id")) message.id = *id;
  const auto refused = [&](std::string_view why) {
    return std::unexpected(
        error_message(is_id(message.id) ? message.id : json::value(), ErrorCode::NoMessage, why));
  };
  if (openai::text_at(*object, "jsonrpc") != "2.0") return refused("'jsonrpc' must be \"2.0\"");
  if (!object->contains("method")) {
    if (!object->contains("result") && !object->contains("error")) return refused("'method' is missing");
    message.kind = Message::Kind::Response;
    return message;
  }
  message.method = openai::text_at(*object, "method");
  if (message.method.empty()) return refused("'method' must be a text");
  if (!object->contains("id")) message.kind = Message::Kind::Notification;
  else if (!is_id(message.id)) return refused("'id' must be a text or a whole number");
  if (json::value* params = object->if_contains("params")) {
    if (!params->is_object()) return refused("'params' must be an object");
    message.params = std::move(params->get_object());
  }
  return message;
}

std::string Server::initialize(const Message& request) const {
  const std::string_view wanted = openai::text_at(request.params, "protocolVersion");
  if (wanted.empty())
    return error_message(request.id, ErrorCode::BadParams, "'protocolVersion' must be a text");
  const std::string_view version = is_known_version(wanted) ? wanted : kVersions[0];
  return result_message(request.id, {{"protocolVersion", json::string(version.data(), version.size())},
                                     {"capabilities", json::object{{"tools", json::object()}}},
                                     {"serverInfo", json::object{{"name", name_}, {"version", "1"}}}});
}

std::string Server::answer(const Message& request, const Call& call) const {
  if (request.method == "ping") return result_message(request.id, {});
  if (request.method == "tools/list") return list(request);
  if (request.method == "tools/call") return call_tool(request, call);
  if (request.method == "initialize") return initialize(request);
  return error_message(request.id, ErrorCode::NoMethod,
                       "there is no method '" + request.method.substr(0, 100) + "' here");
}

std::string Server::list(const Message& request) const {
  if (request.params.contains("cursor"))
    return error_message(request.id, ErrorCode::BadParams, "there is one page of tools: no cursor leads on");
  json::array tools;
  for (const ToolConfig& tool : tools_) {
    json::object described = {{"name", tool.name}, {"inputSchema", parsed(tool.input)}};
    if (!tool.description.empty()) described["description"] = tool.description;
    if (!tool.output.empty()) described["outputSchema"] = parsed(tool.output);
    tools.push_back(std::move(described));
  }
  return result_message(request.id, {{"tools", std::move(tools)}});
}

std::string Server::call_tool(const Message& request, const Call& call) const {
  const std::string_view name = openai::text_at(request.params, "name");
  const auto tool = std::ranges::find(tools_, name, &ToolConfig::name);
  if (tool == tools_.end())
    return error_message(request.id, ErrorCode::BadParams,
                         "there is no tool '" + std::string(name.substr(0, 100)) + "'");
  const json::value none = json::object();
  const json::value* arguments = openai::find(request.params, "arguments");
  if (!arguments) arguments = &none;
  if (!arguments->is_object())
    return error_message(request.id, ErrorCode::BadParams, "'arguments' must be an object");
  const auto said = [&](std::string_view text, bool is_error) {
    return json::object{{"content", json::array{json::object{
                                        {"type", "text"}, {"text", json::string(text.data(), text.size())}}}},
                        {"isError", is_error}};
  };
  // as a tool's error: a model can read it and try again
  if (const auto wrong = mismatch(*arguments, parsed(tool->input)))
    return result_message(request.id, said("the arguments do not fit: " + *wrong, true));
  const CallResult done = call(*tool, openai::text_of(*arguments));
  json::object result = said(done.text, done.is_error);
  if (!done.is_error && !tool->output.empty()) {
    auto structured = openai::parse_object(done.text);
    const auto wrong = structured ? mismatch(json::value(*structured), parsed(tool->output))
                                  : std::optional<std::string>("it is no JSON object");
    if (wrong)
      return error_message(request.id, ErrorCode::Internal,
                           "the tool's answer does not fit its schema: " + *wrong);
    result["structuredContent"] = std::move(*structured);
  }
  return result_message(request.id, std::move(result));
}

}  // namespace godwit::agent::mcp
