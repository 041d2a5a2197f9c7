// FlowServices: what flows find behind the hosts of flows.network: webhook, schedule, store, chat and vectors, of this process.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "agent/agent.h"
#include "agent/bindings.h"
#include "agent/events.h"
#include "agent/flow.h"
#include "agent/state.h"

namespace godwit::agent {

// Everything lies in the agent's state, under keys that begin with "flows/". For one agent: the user and the flow that a path
// names must be its own. @threads one.
class FlowServices final {
 public:
  FlowServices(std::shared_ptr<const Agent> agent, Events& events, Bindings& bindings, State::Wait wait)
      : agent_(std::move(agent)), events_(events), bindings_(bindings), wait_(wait) {}

  static bool serves(std::string_view host);

  struct Request {
    std::string_view host, method, path, query, body;
  };
  FlowReply answer(const Request& request);

  // A schedule that a flow has asked for.
  struct Schedule {
    std::string handler, cron, body;
  };
  static std::optional<Schedule> read_schedule(std::string_view payload);
  // The event by which a schedule rings after `now_s`. Its key says when, so that it is there once. @errors as Events::add().
  static Result<> ring_next(Events& events, const std::string& agent, const Schedule& schedule,
                            uint64_t now_s, platform::fs::Parker* parker);

  // The export that requests for an endpoint are for; nothing if nobody has asked for that endpoint.
  static Result<std::optional<std::string>> handler_of(State& state, std::string_view key,
                                                       const State::Wait& wait);
  // The schedule that is in force for a handler.
  static Result<std::optional<std::string>> schedule_of(State& state, std::string_view handler,
                                                        const State::Wait& wait);

 private:
  FlowReply listen_webhook(const Request& request);
  FlowReply listen_schedule(const Request& request);
  FlowReply store(std::string_view what, const Request& request);
  FlowReply chat(std::string_view what, const Request& request);
  FlowReply complete(std::string_view conversation, const Request& request);
  FlowReply embed(const Request& request);
  FlowReply vectors(std::string_view collection, std::string_view what, const Request& request);

  State& state() const { return *agent_->record->state; }
  bool has_export(std::string_view name) const;

  const std::shared_ptr<const Agent> agent_;
  Events& events_;
  Bindings& bindings_;
  const State::Wait wait_;
};

}  // namespace godwit::agent
