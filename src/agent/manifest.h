// Manifest: what godwit.toml says.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/tools.h"
#include "platform/net_address.h"
#include "tls/identity.h"

namespace godwit::agent {

// The schema that this server reads.
inline constexpr int64_t kManifestVersion = 1;

// A place that an agent may send requests to.
struct HostGrant {
  std::string host;   // in lower case; "*" for any name, "*.example.org" for those beneath
  uint16_t port = 0;  // 0: 443 and 80
  // The host was named by an address, or as "localhost": it may lie in a private network.
  bool may_be_private = false;

  bool covers(std::string_view host_name, uint16_t of_port) const;
  bool operator==(const HostGrant&) const = default;
};

// Sent in a header field to certain hosts; the guest never sees it.
struct SecretGrant {
  std::string name;
  std::string value;   // read from the environment or a file when the manifest is
  std::string header;  // empty: only for webhooks and models
  std::string prefix;  // "Bearer "
  std::vector<HostGrant> hosts;
};

struct PathGrant {
  std::string guest;
  std::string host;  // absolute
  bool is_writable = false;
};

// A model: of a server that speaks OpenAI's API, or of this process.
struct ModelGrant {
  std::string name;    // what the guest calls it
  std::string url;     // "https://api.example.org/v1"; empty: a file
  std::string file;    // absolute path of weights, GGUF; empty: a URL
  std::string model;   // what the server calls it; empty: as the guest's request says
  std::string secret;  // of a SecretGrant, sent as bearer token; empty: none
};

// A database elsewhere: Redis or PostgreSQL.
struct DatabaseGrant {
  std::string name;  // what the guest calls it
  std::string host;  // a name or an address
  uint16_t port = 0;
  std::string user = {};
  std::string database = {};  // of PostgreSQL
  std::string secret = {};    // of a SecretGrant, the password; empty: none
  bool is_tls = false;

  bool operator==(const DatabaseGrant&) const = default;
};

// Messages of a channel, which become events of kind "redis" or "postgres".
struct Subscription {
  bool is_redis = false;  // otherwise PostgreSQL
  std::string database;   // of a DatabaseGrant
  std::string channel;

  bool operator==(const Subscription&) const = default;
};

enum class WebhookStyle : uint8_t { GitHub, Slack, Telegram };

struct Webhook {
  std::string route;  // exactly this path
  WebhookStyle style = WebhookStyle::GitHub;
  std::string secret;  // of a SecretGrant
};

struct CronJob {
  std::string name;
  std::string schedule;
  std::string payload;
};

// An agent whose instances stay, one for each key that requests and events name.
struct ResidentConfig {
  enum class By : uint8_t { Nothing, Path, Header, Query };
  By by = By::Nothing;        // Nothing: there is one instance
  std::string name = {};      // of the header field, or of the query's value
  bool is_durable = false;    // written before each answer; otherwise it lasts as long as the server
  uint32_t most_awake = 128;  // in memory; more sleep in a file
  uint32_t most = 100'000;
  uint64_t idle_ns = 30'000'000'000;  // after which one sleeps
};

struct AgentLimits {
  uint64_t memory_bytes = uint64_t{64} << 20;
  uint64_t stack_bytes = uint64_t{1} << 20;
  uint64_t time_ns = 30'000'000'000;        // of one run, waiting included
  uint64_t body_bytes = uint64_t{1} << 20;  // of requests
  uint64_t response_bytes = uint64_t{64} << 20;
  uint64_t state_bytes = uint64_t{256} << 20;  // of each of its databases
  uint64_t tokens = 0;                         // of models, while the server runs; 0: any number
  uint32_t concurrency = 1000;                 // runs at a time; more are answered with 503
};

struct AgentConfig {
  std::string name;
  std::string module;                   // absolute path
  bool is_flow = false;                 // of flows.network, whose functions it imports
  std::vector<std::string> routes;      // "/a" covers "/a" and what lies beneath
  std::vector<std::string> websockets;  // routes, exactly
  std::vector<Webhook> webhooks;
  std::vector<CronJob> cron;
  std::vector<Subscription> subscriptions;
  std::optional<ResidentConfig> resident;
  bool has_journal = false;  // of runs for events: those that were interrupted are resumed
  std::vector<ToolConfig> tools;
  McpConfig mcp;
  AgentLimits limits;
  // Grants. What is not here is refused.
  std::vector<HostGrant> hosts;
  std::vector<std::pair<std::string, std::string>> env;
  std::vector<SecretGrant> secrets;
  std::vector<PathGrant> paths;
  std::vector<ModelGrant> models;
  std::vector<DatabaseGrant> redis;
  std::vector<DatabaseGrant> postgres;
  std::vector<McpGrant> mcp_servers;
  std::vector<std::string> queues;  // agents that it may send events to
  bool has_kv = false;
  bool has_sql = false;
  bool has_timers = false;
};

struct Manifest {
  platform::net::Address listen;
  platform::net::Address admin;
  std::string state;                      // absolute path of a directory
  std::vector<std::string> hosts;         // names that requests may be for, beside this machine's own
  std::vector<std::string> origins;       // of pages in browsers that may send requests
  std::optional<tls::IdentityFiles> tls;  // absolute paths; none: HTTP without TLS
  std::vector<std::string> keys;          // of clients, each of whom shows one; empty: nobody is asked
  uint32_t max_connections = 10'000;
  uint64_t drain_ns = 10'000'000'000;
  bool has_access_log = true;
  std::vector<std::string>
      authorities;     // absolute paths of files with certificates, believed beside the system's
  std::string traces;  // "http://127.0.0.1:4318", where spans are told to; empty: nowhere
  std::vector<AgentConfig> agents;
};

// What is wrong, and where; line and column count from 1.
struct ManifestProblem {
  uint32_t line = 0;
  uint32_t column = 0;
  std::string text;
};

// Reads a manifest. Paths in it are relative to `directory`.
// @errors all problems that were found, in the order of the text.
std::expected<Manifest, std::vector<ManifestProblem>> read_manifest(std::string_view text,
                                                                    const std::string& directory);

// "file:line:column: text" for each, one per line.
std::string describe(const std::vector<ManifestProblem>& problems, std::string_view file);

// A file with a schema version, a listening address and one agent, for `godwit new`.
std::string manifest_template(std::string_view name);
// The same for an agent that webhooks of Telegram's style come to, whose secret is in `hook.secret`, and that asks a model.
std::string flow_template(std::string_view name, std::string_view model_path);

}  // namespace godwit::agent
