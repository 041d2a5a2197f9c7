// Tools by MCP: over Streamable HTTP, each answer as JSON; and over standard input and output.
// spec: https://modelcontextprotocol.io/specification/2025-11-25/basic/transports
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "agent/mcp.h"
#include "agent/server.h"
#include "agent/text.h"

namespace godwit::agent {
namespace {

namespace fs = platform::fs;

constexpr size_t kMostLineBytes = size_t{4} << 20;  // of standard input
constexpr size_t kMostCalls = 64;                   // of standard input, at a time

void answer_text(net::ResponseWriter& response, uint32_t status, std::string_view text) {
  response.set_status(status);
  if (!response.add_field("Content-Type", "text/plain; charset=utf-8")) return;
  if (!response.send(std::string(text) + "\n")) return;
}

void answer_json(net::ResponseWriter& response, uint32_t status, std::string_view text) {
  response.set_status(status);
  if (!response.add_field("Content-Type", "application/json")) return;
  if (!response.send(text)) return;
}

bool is_json(const net::Request& request) {
  const std::string* type = request.field("content-type");
  if (!type) return false;
  std::string_view kind = std::string_view(*type).substr(0, type->find(';'));
  while (kind.ends_with(' ')) kind.remove_suffix(1);
  return net::equals_ignoring_case(kind, "application/json");
}

}  // namespace

mcp::CallResult AgentServer::call_tool(const std::shared_ptr<const Agent>& agent, const ToolConfig& tool,
                                       std::string arguments, uint32_t thread) {
  AgentRecord& record = *agent->record;
  if (record.is_stopped.load(std::memory_order_relaxed)) return {"the agent is stopped", true};
  if (record.running.fetch_add(1, std::memory_order_relaxed) >= agent->config.limits.concurrency) {
    record.running.fetch_sub(1, std::memory_order_relaxed);
    record.counters.refused.fetch_add(1, std::memory_order_relaxed);
    return {"the agent has too much to do: try again later", true};
  }
  ToolAnswer answer;
  const auto done = Run(host_, threads_[thread]->context, agent,
                        {.kind = "tool",
                         .id = tool.name,
                         .payload = std::move(arguments),
                         .has_payload = true,
                         .answer = &answer})
                        .execute();
  record.running.fetch_sub(1, std::memory_order_relaxed);
  if (done) return {std::move(answer.text), false};
  // what the guest says is for who asks; why it failed otherwise is for the log
  if (!answer.failure.empty()) return {std::move(answer.failure), true};
  return {"the tool failed: the agent's log says why", true};
}

void AgentServer::Front::answer_mcp(net::Request& request, net::ResponseWriter& response,
                                    const Serving::Route& route) {
  const AgentConfig& config = route.agent->config;
  if (!config.mcp.secret.empty()) {
    const auto secret = std::ranges::find(config.secrets, config.mcp.secret, &SecretGrant::name);
    const std::string* shown = request.field("authorization");
    if (!shown || secret == config.secrets.end() || !is_same_secret(*shown, "Bearer " + secret->value)) {
      route.agent->record->counters.denials.fetch_add(1, std::memory_order_relaxed);
      if (!response.add_field("WWW-Authenticate", "Bearer")) return;
      return answer_text(response, 401, "these tools are for who shows their bearer token");
    }
  }
  const std::string* session = request.field("mcp-session-id");
  if (request.method() == "DELETE") {
    const bool was_open = session && server_.mcp_sessions_.end(config.name, *session);
    return answer_text(response, was_open ? 200 : 404, was_open ? "ended" : "no such session");
  }
  if (request.method() != "POST") {
    // nothing is told that was not asked for, so there is no stream to GET
    if (!response.add_field("Allow", "POST, DELETE")) return;
    return answer_text(response, 405, "messages are posted");
  }
  if (!is_json(request)) return answer_text(response, 415, "messages are application/json");
  if (const std::string* version = request.field("mcp-protocol-version");
      version && !mcp::is_known_version(*version))
    return answer_text(response, 400, "this version of the protocol is not spoken here");
  const auto body = request.read_all();
  if (!body) return;
  const auto message = mcp::parse(*body);
  if (!message) return answer_json(response, 400, message.error());
  const mcp::Server server(config.name, config.tools);
  if (message->kind == mcp::Message::Kind::Request && message->method == "initialize") {
    const auto begun = server_.mcp_sessions_.begin(config.name);
    if (!begun) return answer_text(response, 503, "no session can be made");
    if (!response.add_field("Mcp-Session-Id", *begun)) return;
    return answer_json(response, 200, server.initialize(*message));
  }
  if (!session)
    return answer_json(
        response, 400,
        mcp::error_message(message->id, mcp::ErrorCode::NoMessage,
                           "'initialize' begins a session, whose Mcp-Session-Id all else names"));
  if (!server_.mcp_sessions_.is_open(config.name, *session))
    return answer_json(response, 404,
                       mcp::error_message(message->id, mcp::ErrorCode::NoMessage,
                                          "there is no such session: 'initialize' begins one"));
  if (message->kind != mcp::Message::Kind::Request) {
    response.set_status(202);
    if (!response.send("")) return;
    return;
  }
  const std::string answer = server.answer(*message, [&](const ToolConfig& tool, std::string arguments) {
    return server_.call_tool(route.agent, tool, std::move(arguments), request.thread());
  });
  answer_json(response, 200, answer);
}

namespace {

// Lines of standard input, one message each, and answers to standard output in the order in which they are there.
class StdioTransport final {
 public:
  explicit StdioTransport(fs::WaitMode mode) : mode_(mode) {}

  // The next line, without its end; nothing at the end of all. Of a line that is too long: its beginning.
  std::optional<std::string> read_line() {
    for (size_t looked_at = 0;;) {
      const size_t end = in_.find('\n', looked_at);
      if (end != std::string::npos) {
        std::string line = in_.substr(0, end);
        in_.erase(0, end + 1);
        if (std::exchange(is_skipping_, false)) {
          looked_at = 0;
          continue;
        }
        return line;
      }
      looked_at = in_.size();
      if (in_.size() > kMostLineBytes) {
        std::string line = std::exchange(in_, {});
        if (!std::exchange(is_skipping_, true)) return line;
        looked_at = 0;
      }
      if (const auto ready = fs::wait_readable(0, mode_); !ready && ready.error() == EINTR)
        return std::nullopt;
      std::array<char, 16384> piece;
      const ssize_t size = ::read(0, piece.data(), piece.size());
      if (size < 0 && (errno == EINTR || errno == EAGAIN)) continue;
      if (size <= 0) return std::nullopt;
      in_.append(piece.data(), static_cast<size_t>(size));
    }
  }

  void write_line(std::string_view text) {
    (out_ += text) += '\n';
    if (is_writing_) return;  // another fiber's turn, which sees to this line as well
    is_writing_ = true;
    while (!out_.empty()) {
      if (const auto ready = fs::wait_writable(1, mode_); !ready && ready.error() == EINTR) break;
      // a pipe that can be written to takes as much as this at once
      const ssize_t size = ::write(1, out_.data(), std::min<size_t>(out_.size(), 4096));
      if (size < 0 && (errno == EINTR || errno == EAGAIN)) continue;
      if (size < 0) break;
      out_.erase(0, static_cast<size_t>(size));
    }
    is_writing_ = false;
  }

 private:
  const fs::WaitMode mode_;
  std::string in_, out_;
  bool is_skipping_ = false;  // the rest of a line that was too long
  bool is_writing_ = false;
};

}  // namespace

void AgentServer::serve_stdio(async::Scheduler& scheduler) {
  const fs::WaitMode mode = {.stop = server_->stop_word(), .parker = &scheduler};
  StdioTransport transport(mode);
  const auto agent = serving(0)->find_agent(options_.stdio_agent);
  const mcp::Server server(agent->config.name, agent->config.tools);
  size_t calls = 0;
  while (auto line = transport.read_line()) {
    if (line->empty() || *line == "\r") continue;
    if (line->size() > kMostLineBytes) {
      transport.write_line(
          mcp::error_message(nullptr, mcp::ErrorCode::NoMessage, "a message has more than 4 MiB"));
      continue;
    }
    auto message = mcp::parse(*line);
    if (!message) {
      transport.write_line(message.error());
      continue;
    }
    if (message->kind != mcp::Message::Kind::Request) continue;
    if (calls >= kMostCalls) {
      transport.write_line(
          mcp::error_message(message->id, mcp::ErrorCode::Internal, "too many calls at a time"));
      continue;
    }
    calls++;
    const boost::json::value id = message->id;
    const auto spawned = scheduler.spawn([&, message = std::move(*message)] {
      transport.write_line(server.answer(message, [&](const ToolConfig& tool, std::string arguments) {
        return call_tool(agent, tool, std::move(arguments), 0);
      }));
      calls--;
    });
    if (spawned) continue;
    calls--;
    transport.write_line(mcp::error_message(id, mcp::ErrorCode::Internal, "too much to do"));
  }
  while (calls > 0 && !server_->stop_word().requested())
    std::ignore = fs::wait_for({}, 5'000'000, {.stop = {}, .parker = &scheduler});
  // those that are called off end soon
  while (calls > 0) std::ignore = fs::wait_for({}, 5'000'000, {.stop = {}, .parker = &scheduler});
  server_->stop();
}

}  // namespace godwit::agent
