// What agents answer: routes, webhooks, and whom not to answer.
#include <algorithm>
#include <cstdio>

#include "agent/flow.h"
#include "agent/server.h"
#include "agent/text.h"
#include "agent/webhook.h"
#include "net/visitors.h"
#include "platform/clock.h"

namespace godwit::agent {
namespace {

void answer_text(net::ResponseWriter& response, uint32_t status, std::string_view text) {
  response.set_status(status);
  if (!response.add_field("Content-Type", "text/plain; charset=utf-8")) return;
  if (!response.send(std::string(text) + "\n")) return;
}

}  // namespace

void AgentServer::note(const net::Request& request, const net::ResponseWriter& response,
                       std::string_view agent, uint64_t taken_ns) const {
  const std::string line =
      "{\"time_ms\":" + std::to_string(platform::now_ns(platform::Clock::Realtime) / 1'000'000) +
      ",\"agent\":" + json_string(agent) + ",\"method\":" + json_string(request.method()) +
      ",\"path\":" + json_string(request.path()) + ",\"status\":" + std::to_string(response.status()) +
      ",\"bytes\":" + std::to_string(response.sent_bytes()) + ",\"us\":" + std::to_string(taken_ns / 1000) +
      "}\n";
  std::fwrite(line.data(), 1, line.size(), stdout);
}

bool AgentServer::answer_by(const std::shared_ptr<const Agent>& agent, Trigger trigger, uint32_t thread) {
  AgentRecord& record = *agent->record;
  const bool is_stopped = record.is_stopped.load(std::memory_order_relaxed);
  if (is_stopped ||
      record.running.fetch_add(1, std::memory_order_relaxed) >= agent->config.limits.concurrency) {
    if (!is_stopped) record.running.fetch_sub(1, std::memory_order_relaxed);
    record.counters.refused.fetch_add(1, std::memory_order_relaxed);
    if (is_stopped) answer_text(*trigger.response, 503, "the agent is stopped");
    else if (trigger.response->add_field("Retry-After", "1"))
      answer_text(*trigger.response, 429, "the agent has too much to do");
    return false;
  }
  ThreadContext& context = threads_[thread]->context;
  const auto done = Run(host_, context, agent, std::move(trigger)).execute();
  record.running.fetch_sub(1, std::memory_order_relaxed);
  trim_residents(*agent, context);
  return done.has_value();
}

void AgentServer::Front::handle(net::Request& request, net::ResponseWriter& response) {
  const uint64_t begin = platform::now_ns(platform::Clock::Monotonic);
  std::string agent_name;
  const auto serving = server_.serving(request.thread());
  answer(request, response, agent_name);
  if (serving->manifest.has_access_log)
    server_.note(request, response, agent_name, platform::now_ns(platform::Clock::Monotonic) - begin);
}

bool AgentServer::Front::is_known(net::Request& request, const Manifest& manifest,
                                  const Serving::Route* route) {
  if (manifest.keys.empty()) return true;
  if (route && (route->webhook || (route->is_mcp && !route->agent->config.mcp.secret.empty()))) return true;
  const std::string* shown = request.field("authorization");
  const bool is_key = shown && std::ranges::any_of(manifest.keys, [&](const std::string& key) {
                        return is_same_secret(*shown, "Bearer " + key);
                      });
  if (is_key) request.hide_field("authorization");
  return is_key;
}

void AgentServer::Front::answer(net::Request& request, net::ResponseWriter& response,
                                std::string& agent_name) {
  const auto serving = server_.serving(request.thread());
  // where keys are asked for, a page that has given itself a name for this machine has none
  if (serving->manifest.keys.empty() && !net::is_for(request, serving->manifest.hosts))
    return answer_text(response, 421, "no such host here: 'hosts' of the manifest names them");
  if (!net::is_from(request, serving->manifest.origins))
    return answer_text(response, 403, "pages of this origin may send nothing here");
  if (request.path().starts_with(kWebhookPrefix) && server_.flow_trust_)
    return answer_endpoint(request, response, *serving, agent_name);
  const Serving::Route* route = serving->find(request.path());
  if (!is_known(request, serving->manifest, route)) {
    if (!response.add_field("WWW-Authenticate", "Bearer")) return;
    return answer_text(response, 401,
                       "show a key: Authorization: Bearer KEY, one of the file that 'keys' names");
  }
  if (!route) return answer_text(response, 404, "no agent has this route");
  agent_name = route->agent->config.name;
  if (!request.limit_body(route->agent->config.limits.body_bytes)) return;
  if (route->agent->config.is_flow)
    return answer_flow(request, response, route->agent, std::string(kWebhookHandler),
                       route->path == "/" ? request.path() : request.path().substr(route->path.size()));
  if (route->is_mcp) return answer_mcp(request, response, *route);
  std::string instance;
  if (const auto& resident = route->agent->config.resident) {
    auto found = instance_of(*resident, request, route->path);
    if (!found) return answer_text(response, 400, "the request does not say which instance it is for");
    instance = std::move(*found);
  }
  if (route->is_websocket) return answer_websocket(request, response, *route, instance);
  if (route->webhook) return answer_webhook(request, response, *route, std::move(instance));
  server_.answer_by(
      route->agent,
      {.kind = "http", .request = &request, .response = &response, .instance = std::move(instance)},
      request.thread());
}

void AgentServer::Front::answer_webhook(net::Request& request, net::ResponseWriter& response,
                                        const Serving::Route& route, std::string instance) {
  if (request.method() != "POST") return answer_text(response, 405, "webhooks are posted");
  auto body = request.read_all();
  if (!body) return;
  const AgentConfig& config = route.agent->config;
  const auto secret = std::ranges::find(config.secrets, route.webhook->secret, &SecretGrant::name);
  const uint64_t now_ms = platform::now_ns(platform::Clock::Realtime) / 1'000'000;
  const auto checked =
      check_webhook(route.webhook->style, secret == config.secrets.end() ? std::string_view() : secret->value,
                    request.fields(), *body, now_ms / 1000);
  AgentRecord& record = *route.agent->record;
  if (!checked) {
    record.counters.denials.fetch_add(1, std::memory_order_relaxed);
    record.log.write(Level::Warning, checked.error().message(), route.agent->secrets);
    return answer_text(response, 401, "the signature does not fit");
  }
  const std::string delivery = delivery_id(route.webhook->style, request.fields(), *body);
  async::Scheduler* const scheduler = &request.scheduler();
  const std::string claim = config.name + "\n" + delivery;
  {
    const std::lock_guard lock(server_.mutex_);
    if (!server_.deliveries_.insert(claim).second)
      return answer_text(response, 409, "this delivery is being worked on");
  }
  const auto release = [&] {
    const std::lock_guard lock(server_.mutex_);
    server_.deliveries_.erase(claim);
  };
  const auto seen = server_.events_->is_seen(config.name, delivery, scheduler);
  if (!seen || *seen) {
    release();
    // to its sender a success, so that it is not sent again
    return seen ? answer_text(response, 200, "this delivery was answered before")
                : answer_text(response, 503, "the state cannot be read");
  }
  const bool is_done = server_.answer_by(route.agent,
                                         {.kind = "webhook",
                                          .id = delivery,
                                          .request = &request,
                                          .response = &response,
                                          .payload = std::move(*body),
                                          .has_payload = true,
                                          .instance = std::move(instance)},
                                         request.thread());
  if (is_done && response.status() < 500) {
    const auto set = server_.events_->set_seen(config.name, delivery, now_ms, scheduler);
    if (!set) record.log.write(Level::Error, set.error().message(), {});
  }
  release();
}

}  // namespace godwit::agent
