// What agents are told of WebSockets: that one is open, each message, that one has ended. Run by run, on its connection's fiber.
#include "agent/server.h"
#include "agent/text.h"

namespace godwit::agent {

void AgentServer::Front::answer_websocket(net::Request& request, net::ResponseWriter& response,
                                          const Serving::Route& route, const std::string& instance) {
  const std::string name = route.agent->config.name;
  if (!net::WebSocket::is_asked_for(request)) {
    response.set_status(426);
    if (!response.add_field("Upgrade", "websocket")) return;
    if (!response.send("this route speaks WebSocket\n")) return;
    return;
  }
  const auto accepted =
      net::WebSocket::accept(request, response, {.message_bytes = route.agent->config.limits.body_bytes});
  if (!accepted) return;
  net::WebSocket& socket = **accepted;
  const auto writer = request.scheduler().spawn([shared = *accepted] { shared->write_all(); });
  auto id = server_.sockets_.add(name, *accepted);
  const auto tell = [&](std::string_view kind, std::string payload) {
    // whoever has the name now: modules change while connections are open
    const auto agent = server_.serving(request.thread())->find_agent(name);
    if (!agent || !agent->has_on_event) return socket.close(net::CloseCode::GoingAway), false;
    AgentRecord& record = *agent->record;
    const bool is_full =
        record.running.fetch_add(1, std::memory_order_relaxed) >= agent->config.limits.concurrency;
    bool is_done = false;
    if (is_full || record.is_stopped.load(std::memory_order_relaxed)) {
      record.counters.refused.fetch_add(1, std::memory_order_relaxed);
      socket.close(net::CloseCode::TryLater, "the agent has too much to do, or is stopped");
    } else {
      Trigger trigger = {.kind = std::string(kind), .id = *id, .request = &request, .is_socket = true};
      trigger.payload = std::move(payload);
      trigger.has_payload = true;
      trigger.instance = instance;
      ThreadContext& context = server_.threads_[request.thread()]->context;
      is_done = Run(server_.host_, context, agent, std::move(trigger)).execute().has_value();
      trim_residents(*agent, context);
      if (!is_done) socket.close(net::CloseCode::Failed, "the agent failed");
    }
    record.running.fetch_sub(1, std::memory_order_relaxed);
    return is_done;
  };
  if (!writer || !id) {
    socket.close(net::CloseCode::TryLater);
  } else if (tell("websocket-open", {})) {
    while (auto message = socket.next())
      if (!socket.is_closing() &&
          !tell(message->is_text ? "websocket-text" : "websocket-binary", std::move(message->bytes)))
        break;
    tell("websocket-close", std::to_string(static_cast<uint32_t>(socket.close_code())));
  }
  if (id) server_.sockets_.remove(name, *id);
  if (!writer) socket.write_all();
  socket.finish();
}

}  // namespace godwit::agent
