// McpClient: one POST for each message, whose answer is JSON or a stream of events.
// spec: https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#streamable-http
#include "agent/mcp_client.h"

#include <optional>

#include "agent/mcp.h"
#include "agent/outbound.h"
#include "openai/json.h"

namespace godwit::agent {
namespace {

namespace json = boost::json;

constexpr int kMostPages = 20;           // of tools
constexpr uint32_t kMostSessions = 256;  // kept

// Takes messages out of a stream of server-sent events. spec: https://html.spec.whatwg.org/multipage/server-sent-events.html
class EventReader final {
 public:
  // Appends what has come.
  void add(std::string_view bytes) { buffer_ += bytes; }
  // The data of the next event that is whole.
  std::optional<std::string> next() {
    for (;;) {
      const size_t end = buffer_.find('\n', at_);
      if (end == std::string::npos) {
        buffer_.erase(0, std::exchange(at_, 0));
        return std::nullopt;
      }
      std::string_view line = std::string_view(buffer_).substr(at_, end - at_);
      at_ = end + 1;
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (line.empty() && has_data_) {
        has_data_ = false;
        return std::exchange(data_, {});
      }
      if (!line.starts_with("data:")) continue;
      line.remove_prefix(5);
      if (line.starts_with(' ')) line.remove_prefix(1);
      if (has_data_) data_ += '\n';
      has_data_ = true;
      data_ += line;
    }
  }

 private:
  std::string buffer_, data_;
  size_t at_ = 0;
  bool has_data_ = false;
};

// Whether it answers the request of this number.
bool answers(std::string_view message, int64_t id) {
  const auto object = openai::parse_object(message);
  if (!object || object->contains("method")) return false;
  const json::value* of = openai::find(*object, "id");
  return of && *of == json::value(id);
}

Error server_says(const McpGrant& grant, std::string_view text) {
  return Error(ErrorKind::Io, "the MCP server '" + grant.name + "': " + std::string(text));
}

json::value text_value(std::string_view text) { return json::string(text.data(), text.size()); }

std::string request_text(int64_t id, std::string_view method, std::string_view params) {
  return R"({"jsonrpc":"2.0","id":)" + std::to_string(id) + R"(,"method":)" +
         openai::text_of(text_value(method)) + R"(,"params":)" + std::string(params) + "}";
}

}  // namespace

Result<McpClient::Reply> McpClient::post(const McpGrant& grant, const Session& session,
                                         std::string_view message, int64_t id, const Caller& caller) {
  const auto url = parse_url(grant.url);
  if (!url) return fail(ErrorKind::Usage, "the MCP server's URL in the manifest is none");
  net::ClientRequest request = {.origin = url->origin,
                                .method = "POST",
                                .target = url->target,
                                .body = message,
                                .partition = caller.agent};
  request.fields.add("Content-Type", "application/json");
  request.fields.add("Accept", "application/json, text/event-stream");
  if (!session.version.empty()) request.fields.add("MCP-Protocol-Version", session.version);
  if (!session.id.empty()) request.fields.add("Mcp-Session-Id", session.id);
  if (!caller.token.empty()) request.fields.add("Authorization", "Bearer " + caller.token);
  if (!caller.traceparent.empty()) request.fields.set("traceparent", caller.traceparent);
  ASSIGN_OR_RETURN(auto response, client_.send(request, caller.patience));
  Reply reply;
  reply.status = response.status();
  if (const std::string* given = response.fields().find("mcp-session-id")) reply.session = *given;
  const bool is_notification = id == 0;
  if (reply.status == 202 || reply.status == 404 || (is_notification && reply.status < 300)) {
    TRY(response.read_all(kMostBytes));
    return reply;
  }
  const std::string* type = response.fields().find("content-type");
  if (reply.status >= 300 || !type)
    return fail(server_says(grant, "it answers with HTTP " + std::to_string(reply.status)));
  if (!type->starts_with("text/event-stream")) {
    ASSIGN_OR_RETURN(reply.message, response.read_all(kMostBytes));
    if (!answers(reply.message, id))
      return fail(server_says(grant, "what it says answers nothing that it was asked"));
    return reply;
  }
  EventReader events;
  for (size_t taken = 0;;) {
    std::string piece;
    ASSIGN_OR_RETURN(const size_t size, response.read(piece));
    if (size == 0) return fail(server_says(grant, "its stream ends without an answer"));
    taken += size;
    if (taken > kMostBytes)
      return fail(ErrorKind::Exhausted, "the MCP server '" + grant.name + "' sends more than 8 MiB");
    events.add(piece);
    while (auto event = events.next()) {
      if (!answers(*event, id))
        continue;  // notifications, and requests for what we have not said that we can do
      reply.message = std::move(*event);
      return reply;
    }
  }
}

Result<McpClient::Session> McpClient::begin(const McpGrant& grant, const Caller& caller) {
  const int64_t id = ++last_id_;
  const std::string params =
      openai::text_of(json::object{{"protocolVersion", text_value(mcp::kVersions[0])},
                                   {"capabilities", json::object()},
                                   {"clientInfo", json::object{{"name", "godwit"}, {"version", "1"}}}});
  ASSIGN_OR_RETURN(const Reply reply, post(grant, {}, request_text(id, "initialize", params), id, caller));
  const auto object = openai::parse_object(reply.message);
  const json::value* result = object ? openai::find(*object, "result") : nullptr;
  if (!result || !result->is_object()) return fail(server_says(grant, "it does not let a session begin"));
  Session session = {.id = reply.session,
                     .version = std::string(openai::text_at(result->get_object(), "protocolVersion"))};
  // older ones differ in nothing that tools need
  if (!mcp::is_known_version(session.version) && session.version != "2025-03-26")
    return fail(ErrorKind::Unsupported, "the MCP server '" + grant.name + "' speaks version '" +
                                            session.version.substr(0, 40) +
                                            "' of the protocol, which this godwit does not");
  TRY(post(grant, session, R"({"jsonrpc":"2.0","method":"notifications/initialized"})", 0, caller));
  return session;
}

Result<std::string> McpClient::request(const McpGrant& grant, std::string_view method,
                                       std::string_view params, const Caller& caller) {
  const std::string key = std::to_string(caller.agent) + '\0' + grant.url + '\0' + caller.token;
  for (bool is_again = false;; is_again = true) {
    auto known = sessions_.find(key);
    const bool is_fresh = known == sessions_.end();
    Session session;
    if (is_fresh) {
      ASSIGN_OR_RETURN(session, begin(grant, caller));
      if (sessions_.size() >= kMostSessions) sessions_.clear();
      sessions_[key] = session;
    } else {
      session = known->second;
    }
    const int64_t id = ++last_id_;
    ASSIGN_OR_RETURN(const Reply reply, post(grant, session, request_text(id, method, params), id, caller));
    if (reply.status == 404 && !session.id.empty() && !is_again) {
      sessions_.erase(key);  // the server has ended it
      continue;
    }
    if (reply.message.empty())
      return fail(server_says(grant, "it answers with HTTP " + std::to_string(reply.status)));
    auto object = openai::parse_object(reply.message);
    if (!object) return fail(server_says(grant, "what it says is no JSON"));
    if (const json::value* error = openai::find(*object, "error")) {
      const std::string_view text = error->is_object() ? openai::text_at(error->get_object(), "message") : "";
      return fail(ErrorKind::Usage,
                  "the MCP server '" + grant.name + "' refuses: " + std::string(text.substr(0, 1000)));
    }
    const json::value* result = openai::find(*object, "result");
    if (!result || !result->is_object()) return fail(server_says(grant, "its answer has no result"));
    return openai::text_of(*result);
  }
}

Result<std::string> McpClient::call(const McpGrant& grant, std::string_view tool, std::string_view arguments,
                                    const Caller& caller) {
  auto object = openai::parse_object(arguments.empty() ? "{}" : arguments);
  if (!object) return fail(ErrorKind::Usage, "the arguments of a tool are a JSON object");
  return request(grant, "tools/call",
                 openai::text_of(json::object{{"name", text_value(tool)}, {"arguments", std::move(*object)}}),
                 caller);
}

Result<std::string> McpClient::list(const McpGrant& grant, const Caller& caller) {
  json::array granted;
  std::string params = "{}";
  for (int page = 0; page < kMostPages; page++) {
    ASSIGN_OR_RETURN(const std::string result, request(grant, "tools/list", params, caller));
    const auto object = openai::parse_object(result);
    const json::value* tools = object ? openai::find(*object, "tools") : nullptr;
    if (!tools || !tools->is_array()) return fail(server_says(grant, "it lists no tools"));
    for (const json::value& tool : tools->get_array())
      if (tool.is_object() && grant.covers(openai::text_at(tool.get_object(), "name")))
        granted.push_back(tool);
    const std::string_view cursor = openai::text_at(*object, "nextCursor");
    if (cursor.empty()) break;
    params = openai::text_of(json::object{{"cursor", text_value(cursor)}});
  }
  return openai::text_of(json::value(std::move(granted)));
}

}  // namespace godwit::agent
