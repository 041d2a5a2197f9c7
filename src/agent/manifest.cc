// Manifest: TOML by toml++, every key of which must be known.
#include "agent/manifest.h"

#define TOML_EXCEPTIONS 0
#include <sys/stat.h>
#include <toml++/toml.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <set>
#include <sstream>

#include "agent/cron.h"
#include "agent/outbound.h"
#include "agent/text.h"
#include "net/message.h"
#include "net/visitors.h"
#include "openai/json.h"

namespace godwit::agent {
namespace {

namespace pnet = platform::net;

constexpr size_t kMostProblems = 20;
constexpr size_t kFewestKeyBytes = 16;  // of what clients show

struct Problems {
  std::vector<ManifestProblem> list;

  // In the order of the text; those of one place in the order in which they were found.
  void add(const toml::source_region& where, std::string text) {
    if (list.size() == kMostProblems) return;
    const auto place = [](const ManifestProblem& p) { return std::pair(p.line, p.column); };
    const auto after =
        std::ranges::upper_bound(list, std::pair(where.begin.line, where.begin.column), {}, place);
    list.insert(after, {where.begin.line, where.begin.column, std::move(text)});
  }
};

// "64MiB", "10s": a number and a unit. Nothing if it is none, or too large.
struct Unit {
  std::string_view name;
  uint64_t factor;
};
constexpr Unit kSizes[] = {
    {"GiB", uint64_t{1} << 30}, {"MiB", uint64_t{1} << 20}, {"KiB", uint64_t{1} << 10}, {"B", 1}};
constexpr Unit kTimes[] = {
    {"ms", 1'000'000}, {"s", 1'000'000'000}, {"min", 60'000'000'000}, {"h", 3'600'000'000'000}};
std::optional<uint64_t> quantity(std::string_view text, std::span<const Unit> units) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  const std::string_view unit = text.substr(static_cast<size_t>(end - text.data()));
  for (const Unit& known : units)
    if (unit == known.name && number <= UINT64_MAX / known.factor) return number * known.factor;
  return std::nullopt;
}

// One table of the manifest. What is not asked for by the end is a problem.
class Table final {
 public:
  Table(const toml::table& table, std::string where, Problems& problems)
      : table_(table), where_(std::move(where)), problems_(problems) {}
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  const toml::source_region& source() const { return table_.source(); }
  void problem(const toml::node* at, std::string text) {
    problems_.add(at ? at->source() : source(), std::move(text));
  }

  const toml::node* find(std::string_view key) {
    known_.push_back(key);
    return table_.get(key);
  }

  template <class T>
  std::optional<T> get(std::string_view key, std::string_view kind) {
    const toml::node* node = find(key);
    if (!node) return std::nullopt;
    if (auto value = node->value_exact<T>()) return value;
    problem(node, "'" + std::string(key) + "' must be " + std::string(kind));
    return std::nullopt;
  }
  std::optional<std::string> text(std::string_view key) { return get<std::string>(key, "a text"); }
  std::string needed_text(std::string_view key) {
    auto value = text(key);
    if (!value && !table_.get(key)) problem(nullptr, where_ + " needs '" + std::string(key) + "'");
    if (value && value->empty()) problem(table_.get(key), "'" + std::string(key) + "' is empty");
    return value.value_or("");
  }
  bool flag(std::string_view key, bool otherwise) {
    return get<bool>(key, "true or false").value_or(otherwise);
  }

  void count(std::string_view key, uint32_t& value, uint32_t most) {
    const auto number = get<int64_t>(key, "a number");
    if (!number) return;
    if (*number < 1 || *number > most)
      return problem(table_.get(key), "'" + std::string(key) + "' must be from 1 to " + std::to_string(most));
    value = static_cast<uint32_t>(*number);
  }
  void size(std::string_view key, uint64_t& value) { unit(key, value, kSizes, "a size such as \"64MiB\""); }
  void time(std::string_view key, uint64_t& value) {
    unit(key, value, kTimes, "a time such as \"10s\" or \"500ms\"");
  }

  // Calls `each(node, text)` for each of a list of texts.
  template <class Function>
  void texts(std::string_view key, Function each) {
    const toml::node* node = find(key);
    if (!node) return;
    const toml::array* array = node->as_array();
    if (!array) return problem(node, "'" + std::string(key) + "' must be a list of texts");
    for (const toml::node& item : *array) {
      const auto value = item.value_exact<std::string>();
      if (!value) problem(&item, "'" + std::string(key) + "' must be a list of texts");
      else each(item, *value);
    }
  }
  // Calls `each(table)` for each of a list of tables.
  template <class Function>
  void tables(std::string_view key, Function each) {
    const toml::node* node = find(key);
    if (!node) return;
    const toml::array* array = node->as_array();
    if (!array)
      return problem(node,
                     "'" + std::string(key) + "' must be a list of tables: [[" + std::string(key) + "]]");
    for (const toml::node& item : *array) {
      if (!item.is_table()) {
        problem(&item, "'" + std::string(key) + "' must be a list of tables");
        continue;
      }
      Table table(*item.as_table(), std::string(key), problems_);
      each(table);
      table.finish();
    }
  }
  template <class Function>
  void table(std::string_view key, Function function) {
    const toml::node* node = find(key);
    if (!node) return;
    if (!node->is_table())
      return problem(node, "'" + std::string(key) + "' must be a table: [" + std::string(key) + "]");
    Table inner(*node->as_table(), std::string(key), problems_);
    function(inner);
    inner.finish();
  }

  void finish() {
    for (const auto& [key, node] : table_) {
      if (std::ranges::find(known_, key.str()) != known_.end()) continue;
      std::string text = where_ + " has no key '" + std::string(key.str()) + "'";
      if (const auto meant = nearest(key.str(), known_)) text += "; did you mean '" + *meant + "'?";
      problems_.add(key.source(), std::move(text));
    }
  }

 private:
  void unit(std::string_view key, uint64_t& value, std::span<const Unit> units, std::string_view kind) {
    const auto written = get<std::string>(key, kind);
    if (!written) return;
    const auto number = quantity(*written, units);
    if (!number || *number == 0)
      return problem(table_.get(key), "'" + std::string(key) + "' must be " + std::string(kind));
    value = *number;
  }

  const toml::table& table_;
  const std::string where_;
  Problems& problems_;
  std::vector<std::string_view> known_;
};

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return result;
}

std::optional<uint16_t> port_of(std::string_view text) {
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return port;
}

// "host", "host:443", "[::1]:80".
std::optional<HostGrant> parse_host(std::string_view text) {
  HostGrant grant;
  std::string_view port;
  if (text.starts_with('[')) {
    const size_t end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    grant.host = text.substr(1, end - 1);
    port = text.substr(end + 1);
    if (!pnet::parse_ip(grant.host)) return std::nullopt;
  } else {
    const size_t colon = text.rfind(':');
    grant.host = lower(text.substr(0, colon));
    if (colon != std::string_view::npos) port = text.substr(colon);
  }
  if (!port.empty()) {
    const auto number = port.front() == ':' ? port_of(port.substr(1)) : std::nullopt;
    if (!number || *number == 0) return std::nullopt;
    grant.port = *number;
  }
  if (grant.host.empty()) return std::nullopt;
  grant.may_be_private = grant.host == "localhost" || pnet::parse_ip(grant.host).has_value();
  const bool is_pattern = grant.host == "*" || grant.host.starts_with("*.");
  if (grant.host.find('*', is_pattern ? 1 : 0) != std::string::npos) return std::nullopt;
  if (grant.host.find_first_of("/@?# ") != std::string::npos) return std::nullopt;
  return grant;
}

void read_hosts(Table& table, std::string_view key, std::vector<HostGrant>& hosts) {
  table.texts(key, [&](const toml::node& node, const std::string& text) {
    const auto grant = parse_host(text);
    if (!grant)
      return table.problem(
          &node, "'" + text + "' is no host: \"example.org\", \"example.org:8443\", \"*.example.org\"");
    hosts.push_back(*grant);
  });
}

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

class ManifestReader final {
 public:
  ManifestReader(const std::string& directory, Problems& problems)
      : directory_(directory), problems_(problems) {}

  Manifest read(const toml::table& root) {
    Manifest manifest;
    Table table(root, "a manifest", problems_);
    const auto version = table.get<int64_t>("version", "a number");
    if (!version && !root.get("version")) table.problem(nullptr, "a manifest begins with 'version = 1'");
    if (version && *version != kManifestVersion) {
      table.problem(root.get("version"), "this godwit reads manifests of version 1, not of version " +
                                             std::to_string(*version) +
                                             (*version > kManifestVersion ? ": a newer godwit may" : ""));
      return manifest;  // its keys may mean anything
    }
    manifest.listen = address(table, "listen", "127.0.0.1:8787");
    manifest.admin = address(table, "admin", "127.0.0.1:8788");
    manifest.state = path(table.text("state").value_or("state"));
    table.texts("hosts",
                [&](const toml::node&, const std::string& text) { manifest.hosts.push_back(lower(text)); });
    table.texts("origins",
                [&](const toml::node&, const std::string& text) { manifest.origins.push_back(lower(text)); });
    table.texts("authorities", [&](const toml::node& node, const std::string& text) {
      manifest.authorities.push_back(path(text));
      if (::access(manifest.authorities.back().c_str(), R_OK) != 0)
        table.problem(&node, "cannot read '" + manifest.authorities.back() + "': " + std::strerror(errno));
    });
    table.table("tls", [&](Table& inner) {
      manifest.tls = {.certificate = readable(inner, "certificate"), .key = readable(inner, "key")};
    });
    if (const auto file = table.text("keys")) manifest.keys = read_keys(table, path(*file));
    check_reach(table, manifest);
    table.count("max_connections", manifest.max_connections, 1'000'000);
    table.time("drain", manifest.drain_ns);
    manifest.has_access_log = table.flag("access_log", true);
    manifest.traces = table.text("traces").value_or("");
    if (!manifest.traces.empty() && !parse_url(manifest.traces))
      table.problem(table.find("traces"), "'" + manifest.traces + "' is no http or https URL");
    table.tables("agent", [&](Table& agent) { manifest.agents.push_back(read_agent(agent)); });
    table.finish();
    check_whole(root, manifest);
    return manifest;
  }

 private:
  std::string path(const std::string& text) const {
    return text.empty() || text.front() == '/' ? text : directory_ + "/" + text;
  }

  pnet::Address address(Table& table, std::string_view key, std::string_view otherwise) {
    const std::string text = table.text(key).value_or(std::string(otherwise));
    const size_t colon = text.rfind(':');
    std::string_view host = std::string_view(text).substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    if (host == "localhost") host = "127.0.0.1";
    auto ip = pnet::parse_ip(host);
    const auto port =
        colon == std::string::npos ? std::nullopt : port_of(std::string_view(text).substr(colon + 1));
    if (!ip || !port) {
      table.problem(table.find(key), "'" + text + "' is no address: \"127.0.0.1:8787\"");
      return {};
    }
    ip->port = *port;
    return *ip;
  }

  std::string readable(Table& table, std::string_view key) {
    std::string file = path(table.needed_text(key));
    if (!file.empty() && ::access(file.c_str(), R_OK) != 0)
      table.problem(table.find(key), "cannot read '" + file + "': " + std::strerror(errno));
    return file;
  }

  // One a line; empty lines and those that begin with # are none.
  std::vector<std::string> read_keys(Table& table, const std::string& file) {
    std::vector<std::string> keys;
    struct stat status = {};
    std::ifstream stream(file);
    if (!stream || ::stat(file.c_str(), &status) != 0) {
      table.problem(table.find("keys"), "cannot read '" + file + "': " + std::strerror(errno));
      return keys;
    }
    if ((status.st_mode & 0077) != 0)
      table.problem(table.find("keys"), "'" + file + "' can be read by others: chmod 600 it");
    for (std::string line; std::getline(stream, line);) {
      while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
      if (line.empty() || line.starts_with('#')) continue;
      if (line.size() < kFewestKeyBytes || !net::is_field_value(line))
        table.problem(table.find("keys"), "a key has 16 characters or more, and no control characters");
      keys.push_back(line);
    }
    if (keys.empty()) table.problem(table.find("keys"), "'" + file + "' has no key: one a line");
    return keys;
  }

  // Who is reached by others than this machine speaks TLS, and asks who they are.
  void check_reach(Table& table, const Manifest& manifest) {
    const auto refuse = [&](std::string_view key, const pnet::Address& address, std::string_view what) {
      table.problem(table.find(key), "'" + pnet::to_text(address) +
                                         "' is reached from other machines, which needs " +
                                         std::string(what) + "; or listen at 127.0.0.1");
    };
    constexpr std::string_view kTls = "TLS: [tls] with 'certificate' and 'key', files in PEM";
    for (const auto& [key, address] :
         {std::pair("listen", &manifest.listen), std::pair("admin", &manifest.admin)})
      if (address->family != pnet::Family::Unspecified && !net::is_loopback(*address) && !manifest.tls)
        refuse(key, *address, kTls);
    if (manifest.listen.family != pnet::Family::Unspecified && !net::is_loopback(manifest.listen) &&
        manifest.keys.empty())
      refuse(
          "listen", manifest.listen,
          "keys that clients show: 'keys' names a file with one a line (of 16 characters or more, mode 600)");
  }

  AgentConfig read_agent(Table& table) {
    AgentConfig agent;
    agent.name = table.needed_text("name");
    if (!agent.name.empty() && !is_name(agent.name))
      table.problem(table.find("name"),
                    "'" + agent.name + "' is no name of an agent: a to z, 0 to 9, - and _, 64 at most");
    agent.module = path(table.needed_text("module"));
    const std::string kind = table.text("kind").value_or("agent");
    agent.is_flow = kind == "flow";
    if (kind != "agent" && kind != "flow")
      table.problem(table.find("kind"), "'" + kind + "' is no kind of agents: agent or flow");
    table.texts("routes", [&](const toml::node& node, const std::string& text) {
      if (!is_route(text))
        return table.problem(&node, "'" + text + "' is no route: \"/\" or \"/path\", without '/' at the end");
      agent.routes.push_back(text);
    });
    table.texts("websockets", [&](const toml::node& node, const std::string& text) {
      if (!is_route(text)) return table.problem(&node, "'" + text + "' is no route: \"/path\"");
      agent.websockets.push_back(text);
    });
    table.tables("webhook", [&](Table& webhook) { agent.webhooks.push_back(read_webhook(webhook)); });
    table.tables("cron", [&](Table& cron) { agent.cron.push_back(read_cron(cron)); });
    table.tables("subscription",
                 [&](Table& inner) { agent.subscriptions.push_back(read_subscription(inner)); });
    table.table("resident", [&](Table& resident) { agent.resident = read_resident(resident); });
    agent.has_journal = table.flag("journal", false);
    table.tables("tool", [&](Table& tool) { agent.tools.push_back(read_tool(tool)); });
    table.table("mcp", [&](Table& mcp) { agent.mcp = read_mcp(mcp); });
    check_tools(table, agent);
    if (agent.is_flow && (agent.resident || agent.has_journal || !agent.tools.empty() ||
                          !agent.webhooks.empty() || !agent.cron.empty() || !agent.websockets.empty()))
      table.problem(
          nullptr,
          "a flow asks for webhooks and schedules by itself; 'resident', 'journal' and tools are agents'");
    table.table("limits", [&](Table& limits) { read_limits(limits, agent.limits); });
    table.table("grants", [&](Table& grants) { read_grants(grants, agent); });
    check_secrets(table, agent);
    return agent;
  }

  static bool is_route(std::string_view text) {
    return text.starts_with('/') && net::is_target(text) &&
           text.find_first_of("?#%") == std::string_view::npos && (text == "/" || !text.ends_with('/')) &&
           text.find("//") == std::string_view::npos;
  }

  Webhook read_webhook(Table& table) {
    Webhook webhook;
    webhook.route = table.needed_text("route");
    if (!webhook.route.empty() && !is_route(webhook.route))
      table.problem(table.find("route"), "'" + webhook.route + "' is no route");
    const std::string style = table.needed_text("style");
    constexpr std::string_view kStyles[] = {"github", "slack", "telegram"};
    const auto found = std::ranges::find(kStyles, style);
    if (found != std::end(kStyles)) webhook.style = static_cast<WebhookStyle>(found - std::begin(kStyles));
    else if (!style.empty())
      table.problem(table.find("style"),
                    "'" + style + "' is no style of webhooks: github, slack or telegram");
    webhook.secret = table.needed_text("secret");
    return webhook;
  }

  CronJob read_cron(Table& table) {
    CronJob job;
    job.name = table.needed_text("name");
    if (!job.name.empty() && !is_name(job.name))
      table.problem(table.find("name"), "'" + job.name + "' is no name of a cron job");
    job.schedule = table.needed_text("schedule");
    if (!job.schedule.empty())
      if (const auto parsed = CronSchedule::parse(job.schedule); !parsed)
        table.problem(table.find("schedule"), parsed.error().message());
    job.payload = table.text("payload").value_or("");
    return job;
  }

  static Subscription read_subscription(Table& table) {
    Subscription subscription;
    const auto redis = table.text("redis");
    const auto postgres = table.text("postgres");
    if (redis.has_value() == postgres.has_value())
      table.problem(nullptr,
                    "a subscription is of 'redis' or of 'postgres': the name of one that is granted");
    subscription.is_redis = redis.has_value();
    subscription.database = redis.value_or(postgres.value_or(""));
    subscription.channel = table.needed_text("channel");
    constexpr size_t kMostBytes = 63;  // PostgreSQL's own bound
    if (subscription.channel.size() > kMostBytes || subscription.channel.find('\0') != std::string::npos)
      table.problem(table.find("channel"), "a channel's name has 63 bytes at most");
    return subscription;
  }

  static ResidentConfig read_resident(Table& table) {
    using By = ResidentConfig::By;
    ResidentConfig resident;
    const std::string key = table.needed_text("key");
    const size_t colon = key.find(':');
    const std::string kind = key.substr(0, colon);
    if (colon != std::string::npos) resident.name = key.substr(colon + 1);
    constexpr std::pair<std::string_view, By> kKinds[] = {
        {"one", By::Nothing}, {"path", By::Path}, {"header", By::Header}, {"query", By::Query}};
    const auto found = std::ranges::find(kKinds, kind, &std::pair<std::string_view, By>::first);
    const bool is_named = kind == "header" || kind == "query";
    if (found == std::end(kKinds) || is_named != (colon != std::string::npos) ||
        (is_named && !net::is_token(resident.name))) {
      if (!key.empty())
        table.problem(table.find("key"), "'" + key +
                                             "' does not say what tells instances apart: \"one\", \"path\", "
                                             "\"header:X-Session\" or \"query:session\"");
    } else {
      resident.by = found->second;
    }
    resident.is_durable = table.flag("durable", false);
    table.count("awake", resident.most_awake, 8192);
    table.count("most", resident.most, 100'000'000);
    table.time("idle", resident.idle_ns);
    return resident;
  }

  ToolConfig read_tool(Table& table) {
    ToolConfig tool;
    tool.name = table.needed_text("name");
    const bool is_name_of_tool =
        tool.name.size() <= 128 && std::ranges::all_of(tool.name, [](unsigned char c) {
          return std::isalnum(c) != 0 || c == '_' || c == '-' || c == '.';
        });
    if (!is_name_of_tool)
      table.problem(table.find("name"),
                    "'" + tool.name + "' is no name of a tool: letters, digits, _, - and ., 128 at most");
    tool.description = table.text("description").value_or("");
    const auto schema = [&](std::string_view key, const std::string& text) {
      const auto object = openai::parse_object(text);
      if (!object || openai::text_at(*object, "type") != "object")
        table.problem(table.find(key), "'" + std::string(key) +
                                           "' must be a JSON Schema of an object: '{\"type\":\"object\"}'");
    };
    tool.input = table.text("input").value_or(R"({"type":"object"})");
    schema("input", tool.input);
    tool.output = table.text("output").value_or("");
    if (!tool.output.empty()) schema("output", tool.output);
    return tool;
  }

  static McpConfig read_mcp(Table& table) {
    McpConfig mcp;
    mcp.route = table.needed_text("route");
    if (!mcp.route.empty() && !is_route(mcp.route))
      table.problem(table.find("route"), "'" + mcp.route + "' is no route");
    mcp.secret = table.text("secret").value_or("");
    return mcp;
  }

  static void check_tools(Table& table, const AgentConfig& agent) {
    std::set<std::string_view> names;
    for (const ToolConfig& tool : agent.tools)
      if (!names.insert(tool.name).second)
        table.problem(table.find("tool"), "two tools are called '" + tool.name + "'");
    if (agent.resident && !agent.tools.empty())
      table.problem(
          table.find("tool"),
          "'resident' and tools do not go together: each call of a tool has an instance of its own");
    if (!agent.mcp.route.empty() && agent.tools.empty())
      table.problem(table.find("mcp"), "there are no tools to serve: [[agent.tool]] names them");
  }

  void read_limits(Table& table, AgentLimits& limits) {
    table.size("memory", limits.memory_bytes);
    table.size("stack", limits.stack_bytes);
    table.time("time", limits.time_ns);
    table.size("body", limits.body_bytes);
    table.size("response", limits.response_bytes);
    table.size("state", limits.state_bytes);
    table.count("concurrency", limits.concurrency, 1'000'000);
    if (const auto tokens = table.get<int64_t>("tokens", "a number")) {
      if (*tokens < 1) table.problem(table.find("tokens"), "'tokens' must be 1 or more");
      else limits.tokens = static_cast<uint64_t>(*tokens);
    }
  }

  void read_grants(Table& table, AgentConfig& agent) {
    read_hosts(table, "hosts", agent.hosts);
    agent.has_kv = table.flag("kv", false);
    agent.has_sql = table.flag("sql", false);
    agent.has_timers = table.flag("timers", false);
    table.texts("queues", [&](const toml::node&, const std::string& text) { agent.queues.push_back(text); });
    if (const toml::node* node = table.find("env")) {
      if (!node->is_table()) {
        table.problem(node, "'env' must be a table: env = { NAME = \"value\" }");
      } else {
        for (const auto& [key, value] : *node->as_table()) {
          const auto text = value.value_exact<std::string>();
          if (!text) table.problem(&value, "a variable must be a text");
          else agent.env.emplace_back(key.str(), *text);
        }
      }
    }
    table.tables("path", [&](Table& path_table) {
      PathGrant grant;
      grant.guest = path_table.needed_text("guest");
      grant.host = path(path_table.needed_text("host"));
      grant.is_writable = path_table.flag("writable", false);
      agent.paths.push_back(grant);
    });
    table.tables("secret", [&](Table& secret) { agent.secrets.push_back(read_secret(secret)); });
    table.tables("model", [&](Table& model) {
      ModelGrant grant;
      grant.name = model.needed_text("name");
      grant.url = model.text("url").value_or("");
      grant.file = path(model.text("file").value_or(""));
      if (grant.url.empty() == grant.file.empty())
        model.problem(nullptr, "a model has either 'url', of a server, or 'file', of weights");
      if (!grant.file.empty() && ::access(grant.file.c_str(), R_OK) != 0)
        model.problem(model.find("file"), "cannot read '" + grant.file + "': " + std::strerror(errno));
      if (!grant.url.starts_with("http://") && !grant.url.starts_with("https://") && !grant.url.empty())
        model.problem(model.find("url"), "'" + grant.url + "' is no http or https URL");
      grant.model = model.text("model").value_or("");
      grant.secret = model.text("secret").value_or("");
      agent.models.push_back(grant);
    });
    table.tables("mcp", [&](Table& mcp) {
      McpGrant grant;
      grant.name = mcp.needed_text("name");
      grant.url = mcp.needed_text("url");
      if (!grant.url.empty() && !parse_url(grant.url))
        mcp.problem(mcp.find("url"), "'" + grant.url + "' is no http or https URL");
      mcp.texts("tools", [&](const toml::node&, const std::string& text) { grant.tools.push_back(text); });
      if (grant.tools.empty())
        mcp.problem(nullptr, "'tools' names the tools that may be called: [\"search\"], or [\"*\"] for all");
      grant.secret = mcp.text("secret").value_or("");
      agent.mcp_servers.push_back(grant);
    });
    table.tables("redis", [&](Table& redis) {
      agent.redis.push_back(read_database(redis, 6379));
      agent.redis.back().is_tls = redis.flag("tls", false);
    });
    table.tables("postgres", [&](Table& postgres) {
      agent.postgres.push_back(read_database(postgres, 5432));
      agent.postgres.back().is_tls = postgres.flag("tls", false);
      agent.postgres.back().database = postgres.needed_text("database");
      if (agent.postgres.back().user.empty()) agent.postgres.back().user = postgres.needed_text("user");
    });
  }

  static DatabaseGrant read_database(Table& table, uint16_t port) {
    DatabaseGrant grant;
    grant.name = table.needed_text("name");
    const std::string address = table.needed_text("address");
    const auto host = parse_host(address);
    if (host && !host->host.starts_with('*')) {
      grant.host = host->host;
      grant.port = host->port == 0 ? port : host->port;
    } else if (!address.empty()) {
      table.problem(table.find("address"),
                    "'" + address + "' is no address: \"db.example.org:" + std::to_string(port) + "\"");
    }
    grant.user = table.text("user").value_or("");
    grant.secret = table.text("secret").value_or("");
    return grant;
  }

  SecretGrant read_secret(Table& table) {
    SecretGrant secret;
    secret.name = table.needed_text("name");
    const auto variable = table.text("env");
    const auto file = table.text("file");
    if (variable.has_value() == file.has_value()) {
      table.problem(nullptr, "a secret comes from 'env' or from 'file'");
    } else if (variable) {
      const char* value = std::getenv(variable->c_str());
      if (!value) table.problem(table.find("env"), "the environment has no variable '" + *variable + "'");
      else secret.value = value;
    } else {
      std::ifstream stream(path(*file), std::ios::binary);
      std::ostringstream content;
      if (!stream || !(content << stream.rdbuf()))
        table.problem(table.find("file"), "cannot read '" + path(*file) + "'");
      else secret.value = content.str();
      while (secret.value.ends_with('\n') || secret.value.ends_with('\r')) secret.value.pop_back();
    }
    if (!net::is_field_value(secret.value))
      table.problem(nullptr, "the secret has a line end or a control character");
    secret.header = table.text("header").value_or("");
    if (!secret.header.empty() && !net::is_token(secret.header))
      table.problem(table.find("header"), "'" + secret.header + "' is no header field");
    secret.prefix = table.text("prefix").value_or("");
    read_hosts(table, "hosts", secret.hosts);
    if (secret.header.empty() != secret.hosts.empty())
      table.problem(nullptr,
                    "'header' and 'hosts' of a secret say together where it is sent: one of them is missing");
    return secret;
  }

  void check_secrets(Table& table, const AgentConfig& agent) {
    std::set<std::string_view> names;
    for (const SecretGrant& secret : agent.secrets)
      if (!names.insert(secret.name).second)
        table.problem(nullptr, "two secrets are called '" + secret.name + "'");
    const auto check = [&](const std::string& name, std::string_view who) {
      if (!name.empty() && !names.contains(name))
        table.problem(nullptr, std::string(who) + " uses the secret '" + name + "', which agent '" +
                                   agent.name + "' is not granted");
    };
    for (const Subscription& subscription : agent.subscriptions) {
      const auto& grants = subscription.is_redis ? agent.redis : agent.postgres;
      if (std::ranges::find(grants, subscription.database, &DatabaseGrant::name) == grants.end())
        table.problem(nullptr, "a subscription is of '" + subscription.database + "', which agent '" +
                                   agent.name + "' is not granted");
    }
    for (const Webhook& webhook : agent.webhooks) check(webhook.secret, "a webhook");
    for (const ModelGrant& model : agent.models) check(model.secret, "a model");
    check(agent.mcp.secret, "'mcp'");
    for (const McpGrant& server : agent.mcp_servers) check(server.secret, "an MCP server");
    for (const DatabaseGrant& redis : agent.redis) check(redis.secret, "a Redis");
    for (const DatabaseGrant& postgres : agent.postgres) check(postgres.secret, "a PostgreSQL");
  }

  void check_whole(const toml::table& root, const Manifest& manifest) {
    std::set<std::string> names, routes;
    for (const AgentConfig& agent : manifest.agents) {
      if (!names.insert(agent.name).second)
        problems_.add(root.source(), "two agents are called '" + agent.name + "'");
      for (const std::string& route : agent.routes)
        if (!routes.insert(route).second)
          problems_.add(root.source(), "two agents have the route '" + route + "'");
      for (const std::string& route : agent.websockets)
        if (!routes.insert(route).second)
          problems_.add(root.source(), "the route '" + route + "' is taken twice");
      for (const Webhook& webhook : agent.webhooks)
        if (!routes.insert(webhook.route).second)
          problems_.add(root.source(), "the route '" + webhook.route + "' is taken twice");
      if (!agent.mcp.route.empty() && !routes.insert(agent.mcp.route).second)
        problems_.add(root.source(), "the route '" + agent.mcp.route + "' is taken twice");
    }
    for (const AgentConfig& agent : manifest.agents)
      for (const std::string& queue : agent.queues)
        if (!names.contains(queue))
          problems_.add(root.source(),
                        "agent '" + agent.name + "' may send to '" + queue + "', but there is no such agent");
  }

  const std::string& directory_;
  Problems& problems_;
};

}  // namespace

bool HostGrant::covers(std::string_view host_name, uint16_t of_port) const {
  if (port == 0 ? of_port != 443 && of_port != 80 : of_port != port) return false;
  const std::string name = lower(host_name);
  if (host == "*") return true;
  if (host.starts_with("*."))
    return name.size() > host.size() - 1 && name.ends_with(std::string_view(host).substr(1));
  return name == host;
}

std::expected<Manifest, std::vector<ManifestProblem>> read_manifest(std::string_view text,
                                                                    const std::string& directory) {
  const toml::parse_result parsed = toml::parse(text);
  if (!parsed)
    return std::unexpected(std::vector<ManifestProblem>{{parsed.error().source().begin.line,
                                                         parsed.error().source().begin.column,
                                                         std::string(parsed.error().description())}});
  Problems problems;
  Manifest manifest = ManifestReader(directory, problems).read(parsed.table());
  if (problems.list.empty()) return manifest;
  return std::unexpected(std::move(problems.list));
}

std::string describe(const std::vector<ManifestProblem>& problems, std::string_view file) {
  std::string text;
  for (const ManifestProblem& problem : problems)
    text += std::string(file) + ":" + std::to_string(problem.line) + ":" + std::to_string(problem.column) +
            ": " + problem.text + "\n";
  return text;
}

std::string manifest_template(std::string_view name) {
  return "version = 1\n"
         "listen = \"127.0.0.1:8787\"\n"
         "admin = \"127.0.0.1:8788\"\n\n"
         "[[agent]]\n"
         "name = \"" +
         std::string(name) +
         "\"\n"
         "module = \"" +
         std::string(name) +
         ".wasm\"\n"
         "routes = [\"/\"]\n\n"
         "# What the agent may use. Without a line here it may use nothing.\n"
         "[agent.grants]\n"
         "kv = true\n";
}

std::string flow_template(std::string_view name, std::string_view model_path) {
  const std::string text(name);
  return "version = 1\n"
         "listen = \"127.0.0.1:8787\"\n"
         "admin = \"127.0.0.1:8788\"\n\n"
         "[[agent]]\n"
         "name = \"" +
         text + "\"\nmodule = \"" + text +
         ".wasm\"\n\n"
         "# Messages come here; who sends them shows the secret in the field "
         "X-Telegram-Bot-Api-Secret-Token.\n"
         "[[agent.webhook]]\n"
         "route = \"/hook\"\n"
         "style = \"telegram\"\n"
         "secret = \"HOOK\"\n\n"
         "[agent.limits]\n"
         "time = \"5min\"\n\n"
         "# What the agent may use. Without a line here it may use nothing.\n"
         "[agent.grants]\n"
         "sql = true\n\n"
         "[[agent.grants.secret]]\n"
         "name = \"HOOK\"\n"
         "file = \"hook.secret\"\n\n"
         "[[agent.grants.model]]\n"
         "name = \"default\"\n"
         "file = " +
         json_string(model_path) + "\n";
}

}  // namespace godwit::agent
