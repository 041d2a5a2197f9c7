// Flows in the server: who is told what, and by which export.
#include <algorithm>

#include "agent/flow.h"
#include "agent/flow_services.h"
#include "agent/server.h"
#include "agent/text.h"
#include "platform/clock.h"

namespace godwit::agent {
namespace {

void answer_text(net::ResponseWriter& response, uint32_t status, std::string_view text) {
  response.set_status(status);
  if (!response.add_field("Content-Type", "text/plain; charset=utf-8")) return;
  if (!response.send(std::string(text) + "\n")) return;
}

bool has_export(const Agent& agent, std::string_view name) {
  return std::ranges::find(agent.exports, name) != agent.exports.end();
}

}  // namespace

void AgentServer::Door::handle(net::Request&, net::ResponseWriter& response) {
  answer_text(response, 421, "services of this process are spoken to by TLS");
}

void AgentServer::Front::answer_endpoint(net::Request& request, net::ResponseWriter& response,
                                         const Serving& serving, std::string& agent_name) {
  // "/webhook/AGENT.RANDOM/sub/path"
  const std::string_view rest = request.path().substr(kWebhookPrefix.size());
  const std::string_view key = rest.substr(0, rest.find('/'));
  const auto agent = serving.find_agent(key.substr(0, key.rfind('.')));
  if (!agent || !agent->config.is_flow) return answer_text(response, 404, "no flow has this endpoint");
  const auto handler = FlowServices::handler_of(*agent->record->state, key, {.parker = &request.scheduler()});
  if (!handler) return answer_text(response, 503, "the state cannot be read");
  if (!*handler) return answer_text(response, 404, "no flow has this endpoint");
  agent_name = agent->config.name;
  if (!request.limit_body(agent->config.limits.body_bytes)) return;
  answer_flow(request, response, agent, **handler, rest.substr(key.size()));
}

void AgentServer::Front::answer_flow(net::Request& request, net::ResponseWriter& response,
                                     const std::shared_ptr<const Agent>& agent, std::string handler,
                                     std::string_view subpath) {
  // of those for one method, and the one for all
  if (const std::string own = handler + "_" + request.method(); has_export(*agent, own)) handler = own;
  else if (!has_export(*agent, handler)) {
    const bool is_other = std::ranges::any_of(agent->exports, [&](const std::string& name) {
      return name.starts_with(std::string(kWebhookHandler) + "_");
    });
    if (is_other) return answer_text(response, 405, "the flow has no handler for this method");
    if (!has_export(*agent, "run")) return answer_text(response, 404, "the flow has no handler for requests");
    handler = "run";
  }
  server_.answer_by(agent,
                    {.kind = "webhook",
                     .request = &request,
                     .response = &response,
                     .entry = std::move(handler),
                     .subpath = std::string(subpath)},
                    request.thread());
}

Result<std::optional<Trigger>> AgentServer::flow_trigger(const Agent& agent, const Event& event) {
  async::Scheduler* const scheduler = threads_[0]->context.scheduler;
  if (event.kind == "deploy")
    return Trigger{.kind = event.kind,
                   .id = event.key,
                   .has_payload = true,
                   .entry = has_export(agent, "on_deploy") ? "on_deploy" : "run"};
  if (event.kind != "schedule") return std::nullopt;
  auto schedule = FlowServices::read_schedule(event.payload);
  if (!schedule) return std::nullopt;
  ASSIGN_OR_RETURN(const auto in_force,
                   FlowServices::schedule_of(*agent.record->state, schedule->handler, {.parker = scheduler}));
  if (in_force != event.payload) return std::nullopt;  // the flow has asked for another since
  // the next one first: whatever becomes of this one
  TRY(FlowServices::ring_next(*events_, event.agent, *schedule,
                              platform::now_ns(platform::Clock::Realtime) / 1'000'000'000, scheduler));
  return Trigger{.kind = event.kind,
                 .id = event.key,
                 .payload = std::move(schedule->body),
                 .has_payload = true,
                 .event = event.id,
                 .entry = schedule->handler};
}

Result<> AgentServer::tell_flows(const Serving& now, const Serving* before) {
  const uint64_t now_ms = platform::now_ns(platform::Clock::Realtime) / 1'000'000;
  for (const auto& agent : now.agents) {
    if (!agent->config.is_flow) continue;
    const auto known = before ? before->find_agent(agent->config.name) : nullptr;
    if (known && known->config.is_flow && known->digest == agent->digest) continue;
    TRY(events_->add(
        {.agent = agent->config.name, .kind = "deploy", .key = std::to_string(now_ms), .payload = ""}, now_ms,
        Events::IfKnown::Keep, nullptr));
  }
  return {};
}

}  // namespace godwit::agent
