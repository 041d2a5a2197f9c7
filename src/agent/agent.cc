// Agents: modules, looked at.
#include "agent/agent.h"

#include <algorithm>

#include "agent/bindings.h"
#include "agent/flow.h"
#include "agent/residents.h"

namespace godwit::agent {

AgentRecord::AgentRecord() = default;
AgentRecord::~AgentRecord() = default;

Error from_public(const v1::Error& error) {
  std::string message = error.message();
  size_t depth = 0;
  constexpr size_t kMostFrames = 20;
  for (const v1::Frame& frame : error.backtrace()) {
    if (++depth > kMostFrames) break;
    message +=
        "\n    " + (frame.function.empty() ? "func " + std::to_string(frame.function_index) : frame.function);
  }
  return Error(static_cast<ErrorKind>(error.kind()), error.code(), std::move(message));
}

Result<std::shared_ptr<const Agent>> load_agent(const v1::Engine& engine, const AgentConfig& config,
                                                std::shared_ptr<AgentRecord> record) {
  auto module = v1::Module::from_file(engine, config.module);
  if (!module) return fail(from_public(module.error()).in("agent '" + config.name + "'"));
  auto agent = std::make_shared<Agent>(
      Agent{.config = config, .record = std::move(record), .module = std::move(*module)});
  Sha256 hash;
  hash.update(agent->module.binary());
  agent->digest = hash.finish();
  const std::vector<std::string_view> known = Bindings::names();
  for (const v1::ImportType& import : agent->module.imports()) {
    if (import.module == kAbi) {
      if (std::ranges::find(known, import.name) == known.end())
        return fail(ErrorKind::Unlinkable, "agent '" + config.name + "': " + std::string(kAbi) +
                                               " has no function '" + std::string(import.name) +
                                               "': a newer godwit may have it");
      agent->imports.emplace_back(import.name);
    } else if (config.is_flow && import.module == "env") {
      if (std::ranges::find(FlowGuest::names(), import.name) == FlowGuest::names().end())
        return fail(ErrorKind::Unlinkable, "agent '" + config.name + "': flows are given no function '" +
                                               std::string(import.name) + "' of 'env'");
      agent->imports.emplace_back(import.name);
    } else if (config.is_flow && (import.module == "rustls_client" || import.module == "wasmedge_httpsreq")) {
    } else if (import.module == "wasi_snapshot_preview1" || import.module == "wasi_unstable") {
      agent->uses_wasi = true;
    } else {
      return fail(ErrorKind::Unlinkable,
                  "agent '" + config.name + "': its module imports from '" + std::string(import.module) +
                      "', and agents are given " + std::string(kAbi) + " and WASI preview 1" +
                      (import.module == "env" ? "; a flow of flows.network is of kind = \"flow\"" : ""));
    }
  }
  for (const v1::ExportType& exported : agent->module.exports()) {
    if (exported.kind != v1::ExternKind::Func) continue;
    if (config.is_flow) agent->exports.emplace_back(exported.name);
    agent->has_on_http |= exported.name == "on_http";
    agent->has_on_event |= exported.name == "on_event";
    agent->has_on_tool |= exported.name == "on_tool";
    agent->has_initialize |= exported.name == "_initialize";
  }
  if (config.is_flow) {
    agent->uses_wasi = agent->has_on_event = true;
    const auto has = [&](std::string_view name) {
      return std::ranges::find(agent->exports, name) != agent->exports.end();
    };
    if (!has("on_deploy") && !has("run"))
      return fail(ErrorKind::Unlinkable, "agent '" + config.name + "': a flow exports 'on_deploy' or 'run'");
  } else if (!config.routes.empty() || !config.webhooks.empty())
    if (!agent->has_on_http)
      return fail(ErrorKind::Unlinkable,
                  "agent '" + config.name + "' has routes, but its module exports no function 'on_http'");
  if (!config.cron.empty() && !agent->has_on_event)
    return fail(ErrorKind::Unlinkable,
                "agent '" + config.name + "' has cron jobs, but its module exports no function 'on_event'");
  if (!config.tools.empty() && !agent->has_on_tool)
    return fail(ErrorKind::Unlinkable,
                "agent '" + config.name + "' has tools, but its module exports no function 'on_tool'");
  if (!config.websockets.empty() && !agent->has_on_event)
    return fail(ErrorKind::Usage,
                "agent '" + config.name + "' has WebSockets, but its module exports no function 'on_event'");
  if (!config.subscriptions.empty() && !agent->has_on_event)
    return fail(
        ErrorKind::Unlinkable,
        "agent '" + config.name + "' has subscriptions, but its module exports no function 'on_event'");
  for (const SecretGrant& secret : config.secrets) agent->secrets.push_back(secret.value);
  return agent;
}

}  // namespace godwit::agent
