// What the operator is answered: agents, logs, metrics, new modules.
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <fstream>

#include "agent/server.h"
#include "agent/text.h"
#include "net/visitors.h"
#include "web/pages.h"

namespace godwit::agent {
namespace {

constexpr uint64_t kMostModuleBytes = uint64_t{256} << 20;

void answer_json(net::ResponseWriter& response, uint32_t status, std::string_view json) {
  response.set_status(status);
  if (!response.add_field("Content-Type", "application/json")) return;
  if (!response.send(std::string(json) + "\n")) return;
}

void answer_error(net::ResponseWriter& response, uint32_t status, std::string_view why) {
  answer_json(response, status, "{\"error\":" + json_string(why) + "}");
}

std::string number(const std::atomic<uint64_t>& counter) {
  return std::to_string(counter.load(std::memory_order_relaxed));
}

std::string as_ms(uint64_t ns) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f", static_cast<double>(ns) / 1e6);
  return text;
}

// Of this process; 0 where the system does not say.
// spec: https://man7.org/linux/man-pages/man5/proc_pid_statm.5.html
uint64_t resident_bytes() {
  uint64_t whole = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> whole >> resident;
  return resident * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::string agent_json(const Agent& agent) {
  const AgentRecord& record = *agent.record;
  std::string routes;
  for (const std::string& route : agent.config.routes)
    routes += (routes.empty() ? "" : ",") + json_string(route);
  for (const Webhook& webhook : agent.config.webhooks)
    routes += (routes.empty() ? "" : ",") + json_string(webhook.route);
  const RunLog::Summary latest = record.run_log.summary();
  return "{\"name\":" + json_string(record.name) + ",\"routes\":[" + routes + "]" +
         ",\"stopped\":" + (record.is_stopped.load(std::memory_order_relaxed) ? "true" : "false") +
         ",\"running\":" + std::to_string(record.running.load(std::memory_order_relaxed)) +
         ",\"runs\":" + number(record.counters.runs) + ",\"failures\":" + number(record.counters.failures) +
         ",\"refused\":" + number(record.counters.refused) +
         ",\"denials\":" + number(record.counters.denials) +
         ",\"input_tokens\":" + number(record.counters.tokens_in) +
         ",\"output_tokens\":" + number(record.counters.tokens_out) +
         ",\"latency_ms\":{\"p50\":" + as_ms(latest.half_ns) + ",\"p99\":" + as_ms(latest.most_ns) + "}" +
         ",\"cpu_ms\":" + as_ms(record.counters.cpu_ns.load(std::memory_order_relaxed)) +
         ",\"memory_bytes\":" + std::to_string(latest.memory_bytes) +
         ",\"peak_memory_bytes\":" + std::to_string(latest.peak_bytes) +
         (record.residents ? ",\"awake\":" + std::to_string(record.residents->awake()) +
                                 ",\"asleep\":" + std::to_string(record.residents->asleep().count())
                           : std::string()) +
         "}";
}

}  // namespace

void AgentServer::Admin::handle(net::Request& request, net::ResponseWriter& response) {
  // No page but the server's own has business here, whatever it knows; nor has one by a name of its own for this machine.
  const bool is_named_well = reach_ == Reach::Others || net::is_this_machine(request.host());
  if (!is_named_well || !net::is_from(request, {}))
    return answer_error(response, 403, "the admin API is for this server's own page, and for no other");
  if (web::answer(web::Page::Dashboard, request, response)) return;
  const std::string* authorization = request.field("authorization");
  if (!authorization || !is_same_secret(*authorization, "Bearer " + server_.token_)) {
    if (!response.add_field("WWW-Authenticate", "Bearer")) return;
    return answer_error(response, 401, "the token is in admin.token of the state directory");
  }
  const std::string_view path = request.path();
  const std::string& method = request.method();
  if (path == "/metrics" && method == "GET") {
    if (!response.add_field("Content-Type", "text/plain; version=0.0.4")) return;
    if (!response.send(metrics(request))) return;
    return;
  }
  if (path == "/v1/agents" && method == "GET") {
    std::string list;
    for (const auto& agent : server_.serving(request.thread())->agents)
      list += (list.empty() ? "" : ",") + agent_json(*agent);
    return answer_json(response, 200, "{\"agents\":[" + list + "]}");
  }
  if (path == "/v1/server" && method == "GET") return answer_json(response, 200, server_json(request));
  if (path == "/v1/reload" && method == "POST") {
    Result<> outcome = fail(ErrorKind::Io, "not done");
    if (const auto ran = server_.files_->run([&] { outcome = server_.reload(); }, &request.scheduler()); !ran)
      return answer_error(response, 503, ran.error().message());
    if (!outcome) return answer_error(response, 422, outcome.error().message());
    return answer_json(response, 200, "{\"reloaded\":true}");
  }
  constexpr std::string_view kAgents = "/v1/agents/";
  if (path.starts_with(kAgents)) return answer_agent(request, response, path.substr(kAgents.size()));
  answer_error(response, 404, "the admin API has no such path");
}

void AgentServer::Admin::answer_agent(net::Request& request, net::ResponseWriter& response,
                                      std::string_view rest) {
  const std::string_view name = rest.substr(0, rest.find('/'));
  const std::string_view action =
      name.size() == rest.size() ? std::string_view() : rest.substr(name.size() + 1);
  const auto agent = server_.serving(request.thread())->find_agent(name);
  if (!agent) return answer_error(response, 404, "no agent '" + std::string(name) + "' is served");
  const std::string& method = request.method();
  if (action.empty() && method == "GET") return answer_json(response, 200, agent_json(*agent));
  if (action == "runs" && method == "GET")
    return answer_json(response, 200, "{\"runs\":" + agent->record->run_log.to_json() + "}");
  if (action == "logs" && method == "GET") {
    uint64_t from = 0;
    if (const auto text = query_value(request.query(), "from"))
      std::from_chars(text->data(), text->data() + text->size(), from);
    const Log::Lines lines = agent->record->log.read(from);
    if (!response.add_field("Content-Type", "application/x-ndjson") ||
        !response.add_field("X-Next", std::to_string(lines.next)))
      return;
    if (!response.send(lines.text)) return;
    return;
  }
  if ((action == "stop" || action == "start") && method == "POST") {
    agent->record->is_stopped.store(action == "stop", std::memory_order_relaxed);
    return answer_json(response, 200, agent_json(*agent));
  }
  if (action == "kill" && method == "POST") {
    agent->record->is_stopped.store(true, std::memory_order_relaxed);
    const size_t ended = server_.warden_->end_all(agent->record.get());
    return answer_json(response, 200, "{\"ended\":" + std::to_string(ended) + "}");
  }
  if (action == "module" && method == "PUT") {
    if (!request.limit_body(kMostModuleBytes)) return;
    const auto body = request.read_all();
    if (!body) return;
    if (const auto deployed = server_.deploy(agent, *body, &request.scheduler()); !deployed)
      return answer_error(response, 422, deployed.error().message());
    return answer_json(response, 200, "{\"deployed\":" + json_string(name) + "}");
  }
  answer_error(response, 404, "the admin API has no such path, or not by this method");
}

std::string AgentServer::Admin::server_json(net::Request& request) const {
  const auto events = server_.events_->count(&request.scheduler());
  return "{\"memory_bytes\":" + std::to_string(resident_bytes()) +
         ",\"connections\":" + std::to_string(server_.server_->connections()) +
         ",\"events_pending\":" + std::to_string(events ? events->pending : 0) +
         ",\"events_dead\":" + std::to_string(events ? events->dead : 0) + "}";
}

std::string AgentServer::Admin::metrics(net::Request& request) const {
  // spec: https://prometheus.io/docs/instrumenting/exposition_formats/
  std::vector<std::shared_ptr<AgentRecord>> records;
  {
    const std::lock_guard lock(server_.mutex_);
    records = server_.records_;
  }
  std::string text;
  const auto family = [&](std::string_view name, std::string_view help, const auto& value,
                          std::string_view type = "counter") {
    text += "# HELP " + std::string(name) + " " + std::string(help) + "\n# TYPE " + std::string(name) + " " +
            std::string(type) + "\n";
    for (const auto& record : records)
      text += std::string(name) + "{agent=\"" + record->name + "\"} " + value(*record) + "\n";
  };
  family("godwit_agent_runs_total", "Requests and events that an agent was run for.",
         [](const AgentRecord& r) { return number(r.counters.runs); });
  family("godwit_agent_failures_total", "Runs that trapped, reached a limit, or said that they failed.",
         [](const AgentRecord& r) { return number(r.counters.failures); });
  family("godwit_agent_refused_total",
         "Requests that were refused because the agent had too much to do, or was stopped.",
         [](const AgentRecord& r) { return number(r.counters.refused); });
  family("godwit_agent_denials_total",
         "Calls that the manifest does not grant, and webhooks with wrong signatures.",
         [](const AgentRecord& r) { return number(r.counters.denials); });
  family("godwit_agent_requests_out_total", "Requests that an agent has sent.",
         [](const AgentRecord& r) { return number(r.counters.requests_out); });
  family("godwit_agent_input_tokens_total", "Tokens that models said they had read for an agent.",
         [](const AgentRecord& r) { return number(r.counters.tokens_in); });
  family("godwit_agent_output_tokens_total", "Tokens that models said they had written for an agent.",
         [](const AgentRecord& r) { return number(r.counters.tokens_out); });
  family(
      "godwit_agent_cpu_seconds_total", "Processor's time of an agent's runs that have ended.",
      [](const AgentRecord& r) {
        return std::to_string(static_cast<double>(r.counters.cpu_ns.load(std::memory_order_relaxed)) / 1e9);
      });
  family(
      "godwit_agent_memory_bytes", "Memory of an agent's latest run, when it ended.",
      [](const AgentRecord& r) { return std::to_string(r.run_log.summary().memory_bytes); }, "gauge");
  family(
      "godwit_agent_memory_peak_bytes", "The most memory that a run of an agent's had when it ended.",
      [](const AgentRecord& r) { return std::to_string(r.run_log.summary().peak_bytes); }, "gauge");
  family(
      "godwit_agent_running", "Runs for requests that have not ended.",
      [](const AgentRecord& r) { return std::to_string(r.running.load(std::memory_order_relaxed)); },
      "gauge");
  family(
      "godwit_agent_awake", "Resident instances in memory, that nobody runs.",
      [](const AgentRecord& r) { return std::to_string(r.residents ? r.residents->awake() : 0); }, "gauge");
  family(
      "godwit_agent_asleep", "Resident instances in files.",
      [](const AgentRecord& r) { return std::to_string(r.residents ? r.residents->asleep().count() : 0); },
      "gauge");
  text +=
      "# HELP godwit_spans_lost_total Spans that no collector was told of.\n# TYPE godwit_spans_lost_total "
      "counter\ngodwit_spans_lost_total " +
      std::to_string(server_.tracer_->dropped()) + "\n";
  text +=
      "# HELP godwit_agent_run_seconds How long runs took, waiting included.\n# TYPE "
      "godwit_agent_run_seconds histogram\n";
  for (const auto& record : records) {
    const std::string label = "{agent=\"" + record->name + "\"";
    uint64_t sum = 0;
    for (size_t i = 0; i <= std::size(Counters::kBounds_ms); i++) {
      sum += record->counters.by_time[i].load(std::memory_order_relaxed);
      const std::string bound = i < std::size(Counters::kBounds_ms)
                                    ? std::to_string(static_cast<double>(Counters::kBounds_ms[i]) / 1000)
                                    : "+Inf";
      text += "godwit_agent_run_seconds_bucket";
      text += label;
      text += ",le=\"";
      text += bound;
      text += "\"} ";
      text += std::to_string(sum);
      text += '\n';
    }
    text +=
        "godwit_agent_run_seconds_sum" + label + "} " +
        std::to_string(static_cast<double>(record->counters.time_ns.load(std::memory_order_relaxed)) / 1e9) +
        "\n";
    text += "godwit_agent_run_seconds_count" + label + "} " + std::to_string(sum) + "\n";
  }
  if (const auto count = server_.events_->count(&request.scheduler())) {
    text +=
        "# HELP godwit_events Events that wait, and those that failed too often.\n# TYPE godwit_events "
        "gauge\n";
    text += "godwit_events{state=\"pending\"} " + std::to_string(count->pending) +
            "\ngodwit_events{state=\"dead\"} " + std::to_string(count->dead) + "\n";
  }
  text +=
      "# HELP godwit_connections Connections that are open.\n# TYPE godwit_connections "
      "gauge\ngodwit_connections " +
      std::to_string(server_.server_->connections()) + "\n";
  return text;
}

}  // namespace godwit::agent
