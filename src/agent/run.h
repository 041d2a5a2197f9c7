// Run: one guest that answers one request or event.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/agent.h"
#include "agent/events.h"
#include "agent/journal.h"
#include "agent/local_models.h"
#include "agent/mcp_client.h"
#include "agent/outbound.h"
#include "agent/remotes.h"
#include "agent/residents.h"
#include "agent/sockets.h"
#include "agent/trace.h"
#include "agent/warden.h"
#include "godwit/linker.h"
#include "godwit/scheduler.h"
#include "godwit/tls.h"
#include "net/client.h"
#include "net/server.h"

namespace godwit::agent {

// What a thread of the server's has for its runs.
struct ThreadContext {
  uint32_t thread = 0;
  async::Scheduler* scheduler = nullptr;
  std::optional<v1::Scheduler> public_scheduler;  // the same
  std::unique_ptr<net::Client> client;
  std::unique_ptr<Remotes> remotes;
  std::unique_ptr<McpClient> mcp;
};

// What all runs share.
struct RunHost {
  const v1::Engine* engine = nullptr;
  Warden* warden = nullptr;
  Events* events = nullptr;
  Tracer* tracer = nullptr;
  Sockets* sockets = nullptr;
  const LocalModels* models = nullptr;    // null: there are none
  v1::TlsTrust* flow_trust = nullptr;     // whom flows believe
  platform::net::Address flow_door = {};  // where connections of flows to services of this process end
  int print_fd = -1;                      // where what guests print goes; -1: nowhere
};

// What a guest is asked. Either a request, or an event, or for a tool.
struct Trigger {
  std::string
      kind;  // "http", "webhook", "timer", "cron", "queue", "redis", "postgres", "tool", "websocket-…"
  std::string id = {};              // of an event: its key; of a webhook: its delivery; of a tool: its name
  net::Request* request = nullptr;  // of "http" and "webhook"
  net::ResponseWriter* response = nullptr;
  std::string payload = {};  // of an event; of a webhook, whose body was read already
  bool has_payload = false;
  std::string trace = {};        // of an event: the "traceparent" of who made it
  int64_t event = 0;             // its number; 0: it is none
  std::string instance = {};     // of a resident agent's
  ToolAnswer* answer = nullptr;  // of a tool
  std::string entry = {};        // of a flow: the export to call
  std::string subpath = {};      // of a flow: what follows its endpoint in the path
  bool is_socket = false;        // an event of a WebSocket, which `request` has asked for
};

// A response to a guest's request, and what there was no room for yet.
struct OpenResponse {
  explicit OpenResponse(net::ClientResponse of) : stream(std::move(of)) {}
  // One that came before.
  OpenResponse(uint32_t its_status, net::Fields its_fields, std::string body)
      : noted_status(its_status), noted_fields(std::move(its_fields)), left(std::move(body)) {}

  uint32_t status() const { return stream ? stream->status() : noted_status; }
  const net::Fields& fields() const { return stream ? stream->fields() : noted_fields; }

  std::optional<net::ClientResponse> stream;
  uint32_t noted_status = 0;
  net::Fields noted_fields = {};
  std::string left = {};
  size_t at = 0;
  std::optional<Span> span = {};           // told once it is closed
  std::optional<TokenReader> tokens = {};  // of a model's answer
};

// @threads one, on a fiber of the thread's scheduler.
class Run final {
 public:
  Run(RunHost& host, ThreadContext& context, std::shared_ptr<const Agent> agent, Trigger trigger);
  ~Run();
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  // Makes an instance, calls it, answers. Of a request that the guest has not begun to answer: with 500, 503 or 504.
  // @errors what ended the guest, or what it said by `fail`.
  Result<> execute();

 private:
  friend class Bindings;
  friend class FlowGuest;

  Result<> call_guest();
  // The instance of the trigger's key: awake, asleep, or new.
  Result<> call_resident();
  // Has the lease hold an instance of this agent's on this thread: that which it has, or one that begins with what was
  // saved of it, or as the module begins. @returns whether this event was run already.
  Result<bool> wake(Residents::Lease& lease);
  // Makes what the instance is linked to, and its store.
  void link(AwakeInstance& guest);
  Result<> link_with_wasi(AwakeInstance& guest);
  // Instantiates it if that was not done, and calls what the trigger is for.
  Result<> call(AwakeInstance& guest);
  Result<> call_export(v1::Store& store, const v1::Instance& instance, std::string_view name);
  void answer_failure(const Error& error);
  // What the run is called in traces, and who has asked for it.
  void begin_span();
  void end_span(const Result<>& outcome);
  // What who looks at the agent is told of the run.
  void note(const Result<>& outcome, uint64_t taken_ns) const;
  // Ends a response, and tells of it.
  void close(OpenResponse& response);
  // Sends what the guest has written; the last time with its end.
  Result<> flush(bool is_last);
  platform::fs::WaitMode mode() const {
    return {.stop = platform::fs::StopWord(&stop_), .parker = context_.scheduler};
  }
  State::Wait state_wait() const { return {.parker = context_.scheduler, .stop = &stop_}; }
  void log(Level level, std::string_view text) const {
    agent_->record->log.write(level, text, agent_->secrets);
  }

  RunHost& host_;
  ThreadContext& context_;
  const std::shared_ptr<const Agent> agent_;
  Trigger trigger_;
  Span span_;
  std::atomic<uint64_t> stop_ = 0;
  Warden::Watched watched_;
  std::unique_ptr<Journal> journal_;  // null: it has none

  std::string body_;  // of the request, that was read and not yet given to the guest
  size_t body_at_ = 0;
  bool has_body_ended_ = false;
  std::string out_;  // of the response, that was not sent yet
  uint64_t out_bytes_ = 0;
  uint64_t memory_bytes_ = 0;  // of the instance, when the call had ended
  std::string failure_;        // that the guest said
  std::string last_error_;
  std::vector<std::optional<OpenResponse>> responses_;  // of the guest's requests, by handle
  std::vector<std::string> results_;                    // of its statements, by handle
};

}  // namespace godwit::agent
