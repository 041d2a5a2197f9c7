// AgentServer: loading, reloading, and what is due.
#include "agent/server.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <tuple>

#include "agent/database.h"
#include "agent/text.h"
#include "api/impl.h"
#include "net/visitors.h"
#include "platform/clock.h"
#include "platform/plugins.h"
#include "platform/random.h"
#include "platform/user_files.h"

namespace godwit::agent {
namespace {

namespace fs = platform::fs;

constexpr size_t kMostRunningEvents = 32;
constexpr uint64_t kMostEventWait_ms = 1000;
constexpr uint64_t kSleepInterval_ns = 1'000'000'000;
constexpr uint64_t kWatchInterval_ns = 300'000'000;
constexpr size_t kFileThreads = 2;
constexpr uint64_t kTraceInterval_ns = 1'000'000'000;
constexpr uint64_t kTracePatience_ns = 5'000'000'000;
constexpr int kLastTraceWaits = 5;
// Of SQLite's memory, all agents together; a database keeps 1 MiB of its file.
constexpr uint64_t kMostDatabaseBytes = uint64_t{1} << 30;

uint64_t now_ms() { return platform::now_ns(platform::Clock::Realtime) / 1'000'000; }

Result<std::string> read_file(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream content;
  if (!stream) return fail(ErrorKind::NotFound, "cannot read '" + path + "': " + std::strerror(errno));
  content << stream.rdbuf();
  return std::move(content).str();
}

std::string directory_of(const std::string& path) {
  std::error_code error;
  const auto absolute = std::filesystem::absolute(path, error);
  return (error ? std::filesystem::path(path) : absolute).parent_path().string();
}

// Written whole or not at all.
Result<> replace_file(const std::string& path, std::string_view content, mode_t mode) {
  const std::string scratch = path + ".new";
  ::unlink(scratch.c_str());
  const fs::FileHandle file(::open(scratch.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  if (!file) return fail(platform::system_error(scratch));
  while (!content.empty()) {
    const ssize_t size = ::write(file.get(), content.data(), content.size());
    if (size < 0) return fail(platform::system_error(scratch));
    content.remove_prefix(static_cast<size_t>(size));
  }
  if (::fsync(file.get()) != 0 || ::rename(scratch.c_str(), path.c_str()) != 0)
    return fail(platform::system_error(path));
  return {};
}

void say(std::string_view text) {
  std::fprintf(stderr, "%.*s\n", static_cast<int>(text.size()), text.data());
}

}  // namespace

const Serving::Route* Serving::find(std::string_view path) const {
  for (const Route& route : routes) {
    if (path == route.path) return &route;
    if (route.webhook || route.is_mcp || route.is_websocket) continue;
    if (route.path == "/" ||
        (path.starts_with(route.path) && path.size() > route.path.size() && path[route.path.size()] == '/'))
      return &route;
  }
  return nullptr;
}

std::shared_ptr<const Agent> Serving::find_agent(std::string_view name) const {
  for (const auto& agent : agents)
    if (agent->config.name == name) return agent;
  return nullptr;
}

AgentServer::AgentServer(const ServeOptions& options)
    : options_(options),
      directory_(directory_of(options.manifest_path)),
      front_(*this),
      admin_(*this, Admin::Reach::ThisMachine),
      remote_admin_(*this, Admin::Reach::Others) {}
AgentServer::~AgentServer() = default;

Result<std::unique_ptr<AgentServer>> AgentServer::create(const ServeOptions& options) {
  Database::limit_memory(kMostDatabaseBytes);
  auto self = std::unique_ptr<AgentServer>(new AgentServer(options));
  auto engine =
      v1::Engine::create({.uses_cache = true, .pool = {.is_used = true, .max_idle_instances = 256}});
  if (!engine) return fail(from_public(engine.error()));
  self->engine_ = std::make_unique<v1::Engine>(std::move(*engine));
  ASSIGN_OR_RETURN(self->files_, async::BlockingPool::create(kFileThreads));
  ASSIGN_OR_RETURN(const std::string text, read_file(options.manifest_path));
  ASSIGN_OR_RETURN(self->serving_, self->load(text));
  const Manifest& manifest = self->serving_->manifest;
  std::vector<tls::Authorities> authorities;
  for (const std::string& path : manifest.authorities) {
    ASSIGN_OR_RETURN(authorities.emplace_back(), tls::read_authorities(path));
  }
  self->trust_ = std::make_unique<tls::Trust>(std::move(authorities), platform::plugin_directories());
  self->connector_ = std::make_unique<TlsConnector>(*self->trust_);
  ASSIGN_OR_RETURN(self->events_, Events::open(manifest.state));
  ASSIGN_OR_RETURN(self->models_, LocalModels::load(manifest.agents));
  ASSIGN_OR_RETURN(self->tracer_, Tracer::create());
  self->tracer_->enable(!manifest.traces.empty());
  ASSIGN_OR_RETURN(self->token_, self->make_token(manifest.state));
  const bool is_stdio = !options.stdio_agent.empty();
  if (is_stdio) {
    const auto agent = self->serving_->find_agent(options.stdio_agent);
    if (!agent) return fail(ErrorKind::NotFound, "the manifest has no agent '" + options.stdio_agent + "'");
    if (agent->config.tools.empty())
      return fail(ErrorKind::Usage,
                  "agent '" + options.stdio_agent + "' has no tools: [[agent.tool]] of the manifest");
  } else {
    TRY(self->events_->set_cron(manifest.agents, now_ms(), nullptr));
  }
  net::ServerConfig config = {.threads = is_stdio ? 1 : options.threads,
                              .max_connections = manifest.max_connections,
                              .drain_timeout_ns = manifest.drain_ns};
  config.on_thread = [raw = self.get()](async::Scheduler& scheduler, uint32_t thread) {
    raw->begin_thread(scheduler, thread);
  };
  ASSIGN_OR_RETURN(self->server_, net::Server::create(config));
  ASSIGN_OR_RETURN(self->warden_, Warden::create(self->server_->threads()));
  for (uint32_t i = 0; i < self->server_->threads(); i++)
    self->threads_.push_back(std::make_unique<ThreadState>());
  if (!is_stdio) {
    TRY(self->listen(manifest));
  }
  if (self->models_) TRY(self->models_->listen(*self->server_));
  platform::net::Address door;
  if (!is_stdio && std::ranges::any_of(manifest.agents, &AgentConfig::is_flow)) {
    auto trust = v1::TlsTrust::create();
    if (!trust) return fail(from_public(trust.error()));
    self->flow_trust_.emplace(std::move(*trust));
    const auto loopback = platform::net::parse_ip("127.0.0.1");
    ASSIGN_OR_RETURN(door, self->server_->listen(*loopback, self->door_));
    TRY(self->tell_flows(*self->serving_, nullptr));
  }
  self->host_ = {.engine = self->engine_.get(),
                 .warden = self->warden_.get(),
                 .events = self->events_.get(),
                 .tracer = self->tracer_.get(),
                 .sockets = &self->sockets_,
                 .models = self->models_.get(),
                 .flow_trust = self->flow_trust_ ? &*self->flow_trust_ : nullptr,
                 .flow_door = door,
                 .print_fd = options.watches ? 2 : -1};
  return self;
}

Result<> AgentServer::listen(const Manifest& manifest) {
  if (manifest.tls) {
    ASSIGN_OR_RETURN(identity_, tls::Identity::load(*manifest.tls, platform::plugin_directories()));
  }
  ASSIGN_OR_RETURN(address_, server_->listen(manifest.listen, front_, identity_.get()));
  platform::net::Address local = manifest.admin;
  if (!net::is_loopback(manifest.admin)) {
    ASSIGN_OR_RETURN(admin_address_, server_->listen(manifest.admin, remote_admin_, identity_.get()));
    local = *platform::net::parse_ip("127.0.0.1");
  }
  ASSIGN_OR_RETURN(local, server_->listen(local, admin_));
  if (net::is_loopback(manifest.admin)) admin_address_ = local;
  // where `godwit logs` and `godwit deploy` find a server whose port is chosen by the system
  return replace_file(manifest.state + "/admin.address", platform::net::to_text(local) + "\n", 0600);
}

Result<std::string> AgentServer::make_token(const std::string& state) const {
  const std::string path = state + "/admin.token";
  platform::make_directories(state);
  struct stat status = {};
  if (::stat(path.c_str(), &status) == 0) {
    if ((status.st_mode & 0077) != 0)
      return fail(ErrorKind::Usage,
                  "'" + path + "' can be read by others: chmod 600 it, or remove it for a new one");
    ASSIGN_OR_RETURN(std::string token, read_file(path));
    while (token.ends_with('\n')) token.pop_back();
    if (token.size() >= 32) return token;
  }
  uint8_t random[32];
  TRY(platform::fill_random(random));
  std::string token = to_hex(random);
  TRY(replace_file(path, token + "\n", 0600));
  return token;
}

std::shared_ptr<AgentRecord> AgentServer::record_of(const AgentConfig& config, const std::string& state) {
  const auto known = std::ranges::find(records_, config.name, &AgentRecord::name);
  auto record = known == records_.end() ? std::make_shared<AgentRecord>() : *known;
  if (config.resident && !record->residents) {
    auto made = Residents::create({.directory = state + "/agents/" + config.name,
                                   .max_bytes = config.limits.state_bytes,
                                   .most_instances = config.resident->most,
                                   .is_kept = config.resident->is_durable});
    if (!made) return nullptr;
    record->residents = std::move(*made);
  }
  if (known != records_.end()) return record;
  record->name = config.name;
  record->number = records_.size() + 1;
  auto made = State::create(state + "/agents/" + config.name, config.limits);
  if (!made) return nullptr;
  record->state = std::move(*made);
  records_.push_back(record);
  return record;
}

Result<std::shared_ptr<const Serving>> AgentServer::load(const std::string& text) {
  auto manifest = read_manifest(text, directory_);
  if (!manifest) {
    std::string problems = describe(manifest.error(), options_.manifest_path);
    problems.pop_back();
    return fail(ErrorKind::Usage, std::move(problems));
  }
  auto serving = std::make_shared<Serving>();
  for (const AgentConfig& config : manifest->agents) {
    std::shared_ptr<AgentRecord> record;
    {
      const std::lock_guard lock(mutex_);
      record = record_of(config, manifest->state);
    }
    if (!record)
      return fail(ErrorKind::Exhausted, "the system has no thread left for agent '" + config.name + "'");
    ASSIGN_OR_RETURN(auto agent, load_agent(*engine_, config, std::move(record)));
    for (const std::string& route : config.routes) serving->routes.push_back({.path = route, .agent = agent});
    for (const Webhook& webhook : agent->config.webhooks)
      serving->routes.push_back({.path = webhook.route, .agent = agent, .webhook = &webhook});
    for (const std::string& route : config.websockets)
      serving->routes.push_back({.path = route, .agent = agent, .is_websocket = true});
    if (!config.mcp.route.empty())
      serving->routes.push_back({.path = config.mcp.route, .agent = agent, .is_mcp = true});
    serving->agents.push_back(std::move(agent));
  }
  std::ranges::sort(serving->routes, std::ranges::greater(),
                    [](const Serving::Route& route) { return route.path.size(); });
  serving->manifest = std::move(*manifest);
  return serving;
}

Result<> AgentServer::reload() {
  ASSIGN_OR_RETURN(const std::string text, read_file(options_.manifest_path));
  ASSIGN_OR_RETURN(auto fresh, load(text));
  if (!flow_trust_ && std::ranges::any_of(fresh->manifest.agents, &AgentConfig::is_flow))
    return fail(ErrorKind::Usage, "the first flow of a manifest is served when the server is started anew");
  for (const AgentConfig& agent : fresh->manifest.agents)
    for (const ModelGrant& model : agent.models)
      if (!model.file.empty() && !(models_ && models_->has(agent.name, model.file)))
        return fail(ErrorKind::Usage, "agent '" + agent.name + "' asks for '" + model.file +
                                          "': weights are read when the server is started anew");
  if (fresh->manifest.tls.has_value() != (identity_ != nullptr))
    return fail(ErrorKind::Usage, "[tls] comes and goes when the server is started anew");
  if (identity_) TRY(identity_->reload(*fresh->manifest.tls));
  TRY(events_->set_cron(fresh->manifest.agents, now_ms(), nullptr));
  const std::lock_guard lock(mutex_);
  if (fresh->manifest.listen != serving_->manifest.listen ||
      fresh->manifest.admin != serving_->manifest.admin || fresh->manifest.state != serving_->manifest.state)
    say("godwit: 'listen', 'admin' and 'state' change when the server is started anew");
  tracer_->enable(!fresh->manifest.traces.empty());
  TRY(tell_flows(*fresh, serving_.get()));
  serving_ = std::move(fresh);
  generation_.fetch_add(1, std::memory_order_release);
  return {};
}

Result<> AgentServer::deploy(const std::shared_ptr<const Agent>& agent, std::string_view module,
                             fs::Parker* parker) {
  Result<> outcome = fail(ErrorKind::Io, "not done");
  TRY(files_->run(
      [&] {
        outcome = [&]() -> Result<> {
          // looked at before it takes the other's place
          const std::string path = agent->config.module;
          AgentConfig config = agent->config;
          config.module = path + ".deployed";
          TRY(replace_file(config.module, module, 0644));
          auto loaded = load_agent(*engine_, config, agent->record);
          if (!loaded) {
            ::unlink(config.module.c_str());
            return fail(std::move(loaded).error());
          }
          if (::rename(config.module.c_str(), path.c_str()) != 0) return fail(platform::system_error(path));
          return reload();
        }();
      },
      parker));
  return outcome;
}

std::shared_ptr<const Serving> AgentServer::serving(uint32_t thread) {
  ThreadState& state = *threads_[thread];
  const uint64_t generation = generation_.load(std::memory_order_acquire);
  if (state.generation != generation) {
    const std::lock_guard lock(mutex_);
    state.serving = serving_;
    state.generation = generation;
  }
  return state.serving;
}

void AgentServer::begin_thread(async::Scheduler& scheduler, uint32_t thread) {
  ThreadContext& context = threads_[thread]->context;
  context.thread = thread;
  context.scheduler = &scheduler;
  context.public_scheduler = v1::scheduler_over(scheduler);
  context.client = std::make_unique<net::Client>(*connector_);
  context.remotes = std::make_unique<Remotes>(*connector_);
  context.mcp = std::make_unique<McpClient>(*context.client);
  if (const auto allowed = scheduler.allow_preemption(); allowed) warden_->set_scheduler(thread, &scheduler);
  else say("godwit: guests that compute keep their thread: " + allowed.error().message());
  if (thread != 0) return;
  if (options_.stdio_agent.empty()) {
    std::ignore = scheduler.spawn([this, &scheduler] { run_events(scheduler); });
    std::ignore = scheduler.spawn([this, &scheduler] { look_for_changes(scheduler); });
  } else {
    std::ignore = scheduler.spawn([this, &scheduler] { serve_stdio(scheduler); });
  }
  std::ignore = scheduler.spawn([this, &scheduler] { tell_traces(scheduler); });
  std::ignore = scheduler.spawn([this, &scheduler] { put_to_sleep(scheduler); });
  subscriptions_ = std::make_unique<Subscriptions>(scheduler, *connector_, *events_);
  subscriptions_->set(serving(0)->agents);
}

Result<> AgentServer::run() {
  if (options_.announce_fd >= 0) {
    const std::string text = "listening " + platform::net::to_text(address_) + " admin " +
                             platform::net::to_text(admin_address_) + "\n";
    std::ignore = ::write(options_.announce_fd, text.data(), text.size());
  }
  auto ran = server_->run();
  for (const auto& record : records_)
    if (record->residents) record->residents->end();
  for (const auto& thread : threads_) {
    thread->context.mcp.reset();
    thread->context.client.reset();
    thread->context.remotes.reset();
  }
  return ran;
}

void AgentServer::run_events(async::Scheduler& scheduler) {
  const fs::WaitMode mode = {.stop = server_->stop_word(), .parker = &scheduler};
  while (!server_->stop_word().requested()) {
    const uint64_t now = now_ms();
    uint64_t wait_ms = kMostEventWait_ms;
    if (running_events_.size() < kMostRunningEvents) {
      auto due = events_->due(now, kMostRunningEvents - running_events_.size(), running_events_, &scheduler);
      if (!due) {
        say("godwit: events: " + due.error().message());
      } else {
        for (Event& event : due->events) {
          running_events_.push_back(event.id);
          const int64_t id = event.id;
          const auto spawned = scheduler.spawn([this, event = std::move(event)] { run_event(event); });
          if (!spawned) std::erase(running_events_, id);
        }
        if (due->next_ms > now) wait_ms = std::min(wait_ms, due->next_ms - now);
      }
    }
    std::ignore = events_->changed().wait(mode, wait_ms * 1'000'000);
  }
}

void AgentServer::put_to_sleep(async::Scheduler& scheduler) {
  const fs::WaitMode mode = {.stop = server_->stop_word(), .parker = &scheduler};
  while (!server_->stop_word().requested()) {
    std::ignore = fs::wait_for({}, kSleepInterval_ns, mode);
    const auto serving = this->serving(0);
    for (const auto& agent : serving->agents)
      if (const auto& resident = agent->config.resident)
        agent->record->residents->put_to_sleep(resident->idle_ns, resident->most_awake,
                                               {.parker = &scheduler});
  }
}

Result<> AgentServer::run(const std::shared_ptr<const Agent>& agent, const Event& event,
                          ThreadContext& context) {
  if (agent->config.is_flow) {
    ASSIGN_OR_RETURN(auto trigger, flow_trigger(*agent, event));
    return trigger ? Run(host_, context, agent, std::move(*trigger)).execute() : Result<>();
  }
  const auto [instance, key] = agent->config.resident
                                   ? split_event_key(event.key)
                                   : std::pair(std::string_view(), std::string_view(event.key));
  auto outcome = Run(host_, context, agent,
                     {.kind = event.kind,
                      .id = std::string(key),
                      .payload = event.payload,
                      .has_payload = true,
                      .trace = event.trace,
                      .event = event.id,
                      .instance = std::string(instance)})
                     .execute();
  trim_residents(*agent, context);
  return outcome;
}

void AgentServer::trim_residents(const Agent& agent, const ThreadContext& context) {
  if (const auto& resident = agent.config.resident)
    if (agent.record->residents->awake() > resident->most_awake)
      agent.record->residents->put_to_sleep(UINT64_MAX, resident->most_awake, {.parker = context.scheduler});
}

void AgentServer::run_event(const Event& event) {
  ThreadState& state = *threads_[0];
  async::Scheduler* const scheduler = state.context.scheduler;
  const auto agent = serving(0)->find_agent(event.agent);
  Result<> outcome = fail(ErrorKind::NotFound, "no agent '" + event.agent + "' is served");
  if (agent && !agent->has_on_event)
    outcome = fail(ErrorKind::NotFound, "the module exports no function 'on_event'");
  if (agent && agent->record->is_stopped.load(std::memory_order_relaxed))
    outcome = fail(ErrorKind::Usage, "the agent is stopped");
  else if (agent && agent->has_on_event) outcome = run(agent, event, state.context);
  const auto noted = outcome ? events_->done(event.id, now_ms(), scheduler)
                             : events_->failed(event, outcome.error().message(), now_ms(), scheduler);
  if (!noted) say("godwit: events: " + noted.error().message());
  std::erase(running_events_, event.id);
  events_->changed().raise();
}

uint64_t AgentServer::stamp() const {
  // of the files that make up what is served: when they were written, and how large they are
  uint64_t sum = 0;
  const auto add = [&](const std::string& path) {
    struct stat status = {};
    if (::stat(path.c_str(), &status) != 0) return;
    for (const auto part :
         {static_cast<uint64_t>(status.st_mtim.tv_sec), static_cast<uint64_t>(status.st_mtim.tv_nsec),
          static_cast<uint64_t>(status.st_size)})
      sum = (sum ^ part) * 0x9e3779b97f4a7c15;
  };
  add(options_.manifest_path);
  if (identity_) {
    const tls::IdentityFiles files = identity_->files();
    add(files.certificate);
    add(files.key);
  }
  for (const auto& agent : threads_[0]->serving ? threads_[0]->serving->agents : serving_->agents)
    add(agent->config.module);
  return sum;
}

void AgentServer::look_for_changes(async::Scheduler& scheduler) {
  const fs::WaitMode mode = {.stop = server_->stop_word(), .parker = &scheduler};
  auto served = serving(0);
  uint64_t known = options_.watches ? stamp() : 0;
  while (!server_->stop_word().requested()) {
    std::ignore = fs::wait_for({}, kWatchInterval_ns, mode);
    if (options_.watches && stamp() != known) {
      known = stamp();
      wants_reload_.store(true, std::memory_order_relaxed);
    }
    // a reload may have been asked for by the admin API, on any thread
    if (const auto now = serving(0); now != served) {
      served = now;
      subscriptions_->set(served->agents);
    }
    if (!wants_reload_.exchange(false, std::memory_order_relaxed)) continue;
    Result<> outcome = fail(ErrorKind::Io, "not done");
    if (const auto ran = files_->run([&] { outcome = reload(); }, &scheduler); !ran) continue;
    std::ignore = serving(0);
    say(outcome ? "godwit: reloaded"
                : "godwit: not reloaded, what was served goes on:\n" + outcome.error().message());
  }
  subscriptions_->end();
}

void AgentServer::tell_traces(async::Scheduler& scheduler) {
  const fs::WaitMode until_stop = {.stop = server_->stop_word(), .parker = &scheduler};
  bool has_failed = false;
  for (bool is_last = false; !is_last;) {
    std::ignore = tracer_->is_filling().wait(until_stop, kTraceInterval_ns);
    is_last = server_->stop_word().requested();
    // what still runs when the server is to end
    for (int i = 0; is_last && i < kLastTraceWaits && server_->connections() > 0; i++)
      std::ignore = fs::wait_for({}, kWatchInterval_ns, {.stop = {}, .parker = &scheduler});
    const std::vector<Span> spans = tracer_->take();
    if (spans.empty()) continue;
    std::string base = serving(0)->manifest.traces;
    while (base.ends_with('/')) base.pop_back();
    const auto url = parse_url(base + "/v1/traces");
    if (!url) continue;
    const std::string body = to_otlp(spans, "godwit");
    net::ClientRequest request = {
        .origin = url->origin, .method = "POST", .target = url->target, .body = body};
    request.fields.add("Content-Type", "application/json");
    auto answer = threads_[0]->context.client->send(
        request, {.mode = {.stop = {}, .parker = &scheduler}, .timeout_ns = kTracePatience_ns});
    const bool is_told = answer && answer->status() < 300 && answer->read_all(size_t{1} << 20);
    if (!is_told) tracer_->count_dropped(spans.size());
    if (!is_told && !std::exchange(has_failed, true))
      say("godwit: traces: " +
          (answer ? "the collector answered " + std::to_string(answer->status()) : answer.error().message()));
    if (is_told) has_failed = false;
  }
}

}  // namespace godwit::agent
