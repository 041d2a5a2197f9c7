// AgentServer: a manifest's agents, served.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "agent/agent.h"
#include "agent/events.h"
#include "agent/manifest.h"
#include "agent/mcp.h"
#include "agent/mcp_sessions.h"
#include "agent/run.h"
#include "agent/sockets.h"
#include "agent/subscriptions.h"
#include "agent/warden.h"
#include "net/server.h"
#include "tls/identity.h"

namespace godwit::agent {

struct ServeOptions {
  std::string manifest_path;
  uint32_t threads = 0;  // 0: as many as there are processors
  bool watches = false;  // looks for changes of the manifest and the modules, and reloads
  int announce_fd =
      -1;  // told the addresses in one line once they listen: "listening 127.0.0.1:8787 admin 127.0.0.1:8788\n"
  // Other than empty: this agent's tools are served by MCP on standard input and output until that ends, and nothing else
  // is: no address, no events.
  std::string stdio_agent = {};
};

// What is served at a moment. Immutable.
struct Serving {
  Manifest manifest;
  std::vector<std::shared_ptr<const Agent>> agents;

  struct Route {
    std::string path;
    std::shared_ptr<const Agent> agent;
    const Webhook* webhook = nullptr;  // null, and no tools: a route, which covers what lies beneath
    bool is_mcp = false;
    bool is_websocket = false;
  };
  std::vector<Route> routes;  // longer ones first

  const Route* find(std::string_view path) const;
  std::shared_ptr<const Agent> find_agent(std::string_view name) const;
};

// @threads one, save stop() and what handlers call.
class AgentServer final {
 public:
  // Reads the manifest, loads the modules, opens the state, listens.
  // @errors with the manifest's problems, one per line, or what else is wrong.
  static Result<std::unique_ptr<AgentServer>> create(const ServeOptions& options);
  ~AgentServer();

  // Serves until stop(). @errors as net::Server::run().
  Result<> run();
  // Safe in signal handlers.
  void stop() { server_->stop(); }
  // Has the manifest read again soon. Safe in signal handlers.
  void request_reload() { wants_reload_.store(true, std::memory_order_relaxed); }

  const platform::net::Address& address() const { return address_; }
  const platform::net::Address& admin_address() const { return admin_address_; }

 private:
  // What agents answer.
  class Front final : public net::Handler {
   public:
    explicit Front(AgentServer& server) : server_(server) {}
    void handle(net::Request& request, net::ResponseWriter& response) override;

   private:
    void answer(net::Request& request, net::ResponseWriter& response, std::string& agent_name);
    // Whether the client shows one of the keys, or the route asks for a secret of its own. The agent does not see the key.
    static bool is_known(net::Request& request, const Manifest& manifest, const Serving::Route* route);
    void answer_webhook(net::Request& request, net::ResponseWriter& response, const Serving::Route& route,
                        std::string instance);
    // What comes for a flow: by an endpoint of its own, or by its routes.
    void answer_flow(net::Request& request, net::ResponseWriter& response,
                     const std::shared_ptr<const Agent>& agent, std::string handler,
                     std::string_view subpath);
    void answer_endpoint(net::Request& request, net::ResponseWriter& response, const Serving& serving,
                         std::string& agent_name);
    void answer_websocket(net::Request& request, net::ResponseWriter& response, const Serving::Route& route,
                          const std::string& instance);
    void answer_mcp(net::Request& request, net::ResponseWriter& response, const Serving::Route& route);
    AgentServer& server_;
  };
  // Where connections of flows end that are not told who is spoken to.
  class Door final : public net::Handler {
   public:
    void handle(net::Request& request, net::ResponseWriter& response) override;
  };
  // What the operator is answered.
  class Admin final : public net::Handler {
   public:
    enum class Reach : uint8_t { ThisMachine, Others };
    Admin(AgentServer& server, Reach reach) : server_(server), reach_(reach) {}
    void handle(net::Request& request, net::ResponseWriter& response) override;

   private:
    void answer_agent(net::Request& request, net::ResponseWriter& response, std::string_view rest);
    std::string metrics(net::Request& request) const;
    std::string server_json(net::Request& request) const;
    AgentServer& server_;
    const Reach reach_;
  };

  explicit AgentServer(const ServeOptions& options);

  Result<std::shared_ptr<const Serving>> load(const std::string& manifest_text);
  Result<> reload();
  Result<> deploy(const std::shared_ptr<const Agent>& agent, std::string_view module,
                  platform::fs::Parker* parker);
  std::shared_ptr<AgentRecord> record_of(const AgentConfig& config, const std::string& state);
  Result<std::string> make_token(const std::string& state) const;
  std::shared_ptr<const Serving> serving(uint32_t thread);
  Result<> listen(const Manifest& manifest);
  void begin_thread(async::Scheduler& scheduler, uint32_t thread);
  // Runs what is due, until the server stops. On a fiber of the first thread.
  void run_events(async::Scheduler& scheduler);
  void run_event(const Event& event);
  // What an event means for a flow. @returns nothing: it is about what is not so any more.
  Result<std::optional<Trigger>> flow_trigger(const Agent& agent, const Event& event);
  // Has flows told that they are deployed, those that were not served before.
  Result<> tell_flows(const Serving& now, const Serving* before);
  Result<> run(const std::shared_ptr<const Agent>& agent, const Event& event, ThreadContext& context);
  // Puts residents to sleep that nobody has used for long, until the server stops. On a fiber of the first thread.
  void put_to_sleep(async::Scheduler& scheduler);
  // After a run: no more are awake than may be.
  static void trim_residents(const Agent& agent, const ThreadContext& context);
  void look_for_changes(async::Scheduler& scheduler);
  // Tells spans to who collects them, until the server stops. On a fiber of the first thread.
  void tell_traces(async::Scheduler& scheduler);
  uint64_t stamp() const;
  // One line of the access log.
  void note(const net::Request& request, const net::ResponseWriter& response, std::string_view agent,
            uint64_t taken_ns) const;
  // Runs an agent unless it has too much to do. @returns whether it ran.
  bool answer_by(const std::shared_ptr<const Agent>& agent, Trigger trigger, uint32_t thread);
  // Runs a tool of an agent's, unless it has too much to do.
  mcp::CallResult call_tool(const std::shared_ptr<const Agent>& agent, const ToolConfig& tool,
                            std::string arguments, uint32_t thread);
  // Serves `stdio_agent`, and ends the server. On a fiber of the first thread.
  void serve_stdio(async::Scheduler& scheduler);

  const ServeOptions options_;
  const std::string directory_;  // of the manifest
  std::unique_ptr<v1::Engine> engine_;
  std::unique_ptr<tls::Trust> trust_;
  std::unique_ptr<TlsConnector> connector_;
  std::unique_ptr<tls::Identity> identity_;  // null: the manifest has no [tls]
  std::unique_ptr<async::BlockingPool> files_;
  std::unique_ptr<Warden> warden_;
  std::unique_ptr<Events> events_;
  std::unique_ptr<Tracer> tracer_;
  std::unique_ptr<LocalModels> models_;  // null: the manifest names none
  RunHost host_;
  McpSessions mcp_sessions_;
  Sockets sockets_;
  std::string token_;
  Front front_;
  Admin admin_;
  Admin remote_admin_;
  Door door_;
  std::optional<v1::TlsTrust> flow_trust_;

  std::mutex mutex_;  // guards what follows, up to the empty line
  std::shared_ptr<const Serving> serving_;
  std::vector<std::shared_ptr<AgentRecord>> records_;
  std::set<std::string> deliveries_;  // of webhooks, that are being answered

  std::atomic<uint64_t> generation_ = 1;
  std::atomic<bool> wants_reload_ = false;
  struct ThreadState {
    ThreadContext context;
    std::shared_ptr<const Serving> serving;
    uint64_t generation = 0;
  };
  std::vector<std::unique_ptr<ThreadState>> threads_;
  std::unique_ptr<Subscriptions> subscriptions_;  // of the first thread
  std::vector<int64_t> running_events_;           // of the first thread
  std::unique_ptr<net::Server> server_;
  platform::net::Address address_, admin_address_;
};

}  // namespace godwit::agent
