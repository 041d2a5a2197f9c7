// Run: an instance from the pool, one call, an answer.
#include "agent/run.h"

#include "agent/bindings.h"
#include "agent/flow.h"
#include "godwit/instance.h"
#include "godwit/store.h"
#include "godwit/typed.h"
#include "godwit/wasi.h"
#include "platform/clock.h"

namespace godwit::agent {
namespace {

uint64_t now_ns() { return platform::now_ns(platform::Clock::Monotonic); }

v1::Result<v1::Wasi> make_wasi(const AgentConfig& config, v1::Scheduler* scheduler, int print_fd) {
  v1::WasiConfig wasi;
  wasi.args = {config.name};
  wasi.env = config.env;
  for (const PathGrant& path : config.paths)
    wasi.preopens.push_back(
        {path.guest, path.host, path.is_writable ? v1::Access::ReadWrite : v1::Access::ReadOnly});
  wasi.scheduler = scheduler;
  // a flow makes its connections by itself
  if (config.is_flow)
    for (const HostGrant& grant : config.hosts) {
      const std::string host =
          grant.host.find(':') == std::string::npos ? grant.host : "[" + grant.host + "]";
      if (host.starts_with("*.")) continue;  // by address nobody can tell who lies beneath a name
      for (const uint16_t port : {uint16_t{443}, uint16_t{80}})
        wasi.network.connect.push_back(host + ":" + std::to_string(grant.port == 0 ? port : grant.port));
    }
  // nothing to read; and printing has no bounds, as `log` has
  wasi.stdin_fd = -1;
  wasi.stdout_fd = wasi.stderr_fd = print_fd;
  return v1::Wasi::create(std::move(wasi));
}

}  // namespace

Run::Run(RunHost& host, ThreadContext& context, std::shared_ptr<const Agent> agent, Trigger trigger)
    : host_(host), context_(context), agent_(std::move(agent)), trigger_(std::move(trigger)) {}
Run::~Run() = default;

Result<> Run::call_export(v1::Store& store, const v1::Instance& instance, std::string_view name) {
  const auto func = instance.find_func(store, name);
  if (!func) return fail(ErrorKind::NotFound, "no function '" + std::string(name) + "' is exported");
  const auto typed = func->typed<void()>(store);
  if (!typed) return fail(from_public(typed.error()));
  const auto called = typed->call(store);
  if (called || (called.error().kind() == v1::ErrorKind::Exit && called.error().code() == 0)) return {};
  return fail(from_public(called.error()));
}

void Run::link(AwakeInstance& guest) {
  const AgentLimits& limits = agent_->config.limits;
  guest.agent = agent_;
  guest.thread = context_.thread;
  guest.bindings = std::make_unique<Bindings>(*this);
  if (guest.wasi) guest.linker.define(*guest.wasi);
  if (agent_->config.is_flow) {
    guest.flow = std::make_unique<FlowGuest>(*this, *guest.bindings);
    guest.flow->define(guest.linker, *guest.wasi, *host_.flow_trust);
  } else {
    guest.bindings->define(guest.linker);
  }
  guest.store.emplace(*host_.engine, v1::Limits{.max_memory_bytes = limits.memory_bytes,
                                                .max_total_memory_bytes = limits.memory_bytes,
                                                .max_table_elements = 1'000'000,
                                                .max_gc_heap_bytes = limits.memory_bytes,
                                                .stack_bytes = limits.stack_bytes});
}

Result<> Run::link_with_wasi(AwakeInstance& guest) {
  if (agent_->uses_wasi) {
    auto made = make_wasi(agent_->config, &*context_.public_scheduler, host_.print_fd);
    if (!made) return fail(from_public(made.error()));
    guest.wasi = std::move(*made);
  }
  link(guest);
  return {};
}

Result<> Run::call_guest() {
  if (trigger_.event != 0 && agent_->config.has_journal) {
    ASSIGN_OR_RETURN(journal_, Journal::open(*host_.events, trigger_.event, context_.scheduler));
  }
  if (agent_->config.resident) return call_resident();
  AwakeInstance guest;
  TRY(link_with_wasi(guest));
  return call(guest);
}

Result<> Run::call(AwakeInstance& guest) {
  v1::Store& store = *guest.store;
  watched_ = {.store = &store,
              .stop = &stop_,
              .whose = agent_->record.get(),
              .deadline_ns = now_ns() + agent_->config.limits.time_ns};
  host_.warden->watch(context_.thread, watched_);
  // what others find in the instance afterwards is not left in the middle because one client has lost its patience
  const bool ends_with_client = trigger_.request && !trigger_.is_socket && !agent_->config.resident;
  if (ends_with_client)
    trigger_.request->on_gone([this, &store] {
      uint64_t running = 0;
      stop_.compare_exchange_strong(running, Warden::kGone);
      store.interrupt();
    });
  auto called = [&]() -> Result<> {
    const auto call_it = [&]() -> Result<> {
      if (!guest.instance) {
        auto made = guest.began_with ? guest.linker.instantiate(store, *guest.began_with)
                                     : guest.linker.instantiate(store, agent_->module);
        if (!made) return fail(from_public(made.error()));
        guest.instance.emplace(*made);
        if (agent_->has_initialize && !guest.began_with)
          TRY(call_export(store, *guest.instance, "_initialize"));
      }
      if (guest.flow) {
        TRY(call_export(store, *guest.instance, trigger_.entry));
        guest.flow->finish();
        return {};
      }
      return call_export(store, *guest.instance,
                         trigger_.is_socket ? "on_event"
                         : trigger_.request ? "on_http"
                         : trigger_.answer  ? "on_tool"
                                            : "on_event");
    };
    auto outcome = call_it();
    if (guest.instance)
      if (const auto memory = guest.instance->find_memory(store, "memory"))
        if (const auto bytes = memory->bytes(store)) memory_bytes_ = bytes->size();
    return outcome;
  }();
  if (ends_with_client) trigger_.request->on_gone({});
  host_.warden->forget(context_.thread, watched_);
  // before the store and what it was linked to
  for (auto& response : responses_)
    if (response) close(*response);
  responses_.clear();
  return called;
}

Result<> Run::flush(bool is_last) {
  net::ResponseWriter& response = *trigger_.response;
  const std::string piece = std::exchange(out_, {});
  if (is_last && !response.has_begun()) return response.send(piece);
  TRY(response.write(piece));
  return is_last ? response.finish() : Result<>();
}

void Run::answer_failure(const Error& error) {
  net::ResponseWriter& response = *trigger_.response;
  if (response.has_begun()) return response.drop();
  const uint64_t stop = stop_.load(std::memory_order_relaxed);
  // the reason is for the log: who asks is anybody
  const uint32_t status = stop == Warden::kLate ? 504 : error.kind() == ErrorKind::Exhausted ? 503 : 500;
  response.clear();
  response.set_status(status);
  if (!response.add_field("Content-Type", "text/plain; charset=utf-8")) return;
  if (!response.send(stop == Warden::kLate ? "the agent took too long\n" : "the agent failed\n")) return;
}

void Run::begin_span() {
  span_.begin_ns = platform::now_ns(platform::Clock::Realtime);
  const std::string* from = trigger_.request ? trigger_.request->field("traceparent") : &trigger_.trace;
  if (from) span_.parent = parse_traceparent(*from);
  span_.context = TraceContext::child_of(span_.parent);
  span_.kind = trigger_.request ? Span::Kind::Server : Span::Kind::Consumer;
}

void Run::end_span(const Result<>& outcome) {
  span_.name = "invoke_agent " + agent_->config.name;
  span_.end_ns = platform::now_ns(platform::Clock::Realtime);
  span_.set("gen_ai.operation.name", "invoke_agent");
  span_.set("gen_ai.agent.name", agent_->config.name);
  span_.set("godwit.trigger", trigger_.kind);
  if (trigger_.request && trigger_.response) {
    span_.set("http.request.method", trigger_.request->method());
    span_.set("url.path", std::string(trigger_.request->path()));
    span_.set("http.response.status_code", static_cast<int64_t>(trigger_.response->status()));
  }
  // what failed in words may have been said by a guest, and be about anything: that is for the log
  if (!outcome) span_.error = std::string(to_string(outcome.error().kind()));
  host_.tracer->add(std::move(span_));
}

void Run::close(OpenResponse& response) {
  if (response.tokens) {
    Counters& counters = agent_->record->counters;
    counters.tokens_in.fetch_add(static_cast<uint64_t>(response.tokens->input().value_or(0)),
                                 std::memory_order_relaxed);
    counters.tokens_out.fetch_add(static_cast<uint64_t>(response.tokens->output().value_or(0)),
                                  std::memory_order_relaxed);
  }
  if (!response.span) return;
  Span& span = *response.span;
  span.end_ns = platform::now_ns(platform::Clock::Realtime);
  if (response.tokens) {
    if (const auto tokens = response.tokens->input()) span.set("gen_ai.usage.input_tokens", *tokens);
    if (const auto tokens = response.tokens->output()) span.set("gen_ai.usage.output_tokens", *tokens);
  }
  host_.tracer->add(std::move(span));
}

void Run::note(const Result<>& outcome, uint64_t taken_ns) const {
  const std::string target = trigger_.request
                                 ? trigger_.request->method() + " " + std::string(trigger_.request->path())
                                 : trigger_.id;
  agent_->record->run_log.add({.time_ms = platform::now_ns(platform::Clock::Realtime) / 1'000'000,
                               .taken_ns = taken_ns,
                               .memory_bytes = memory_bytes_,
                               .status = trigger_.response ? trigger_.response->status() : 0,
                               .kind = trigger_.kind,
                               .target = target,
                               .error = outcome ? std::string_view() : to_string(outcome.error().kind())});
}

Result<> Run::execute() {
  Counters& counters = agent_->record->counters;
  const bool is_traced = host_.tracer->is_enabled();
  if (is_traced) begin_span();
  const uint64_t begin = now_ns();
  const uint64_t cpu_begin = context_.scheduler->ran_ns();
  auto outcome = call_guest();
  if (outcome && !failure_.empty()) outcome = fail(ErrorKind::Usage, failure_);
  if (trigger_.answer) trigger_.answer->failure = failure_;
  const uint64_t taken = now_ns() - begin;
  counters.runs.fetch_add(1, std::memory_order_relaxed);
  counters.time_ns.fetch_add(taken, std::memory_order_relaxed);
  counters.cpu_ns.fetch_add(context_.scheduler->ran_ns() - cpu_begin, std::memory_order_relaxed);
  size_t bound = 0;
  while (bound < std::size(Counters::kBounds_ms) && taken > Counters::kBounds_ms[bound] * 1'000'000) bound++;
  counters.by_time[bound].fetch_add(1, std::memory_order_relaxed);
  if (!outcome) {
    counters.failures.fetch_add(1, std::memory_order_relaxed);
    const uint64_t stop = stop_.load(std::memory_order_relaxed);
    const std::string_view why = stop == Warden::kLate     ? "took too long: "
                                 : stop == Warden::kGone   ? "the client has left: "
                                 : stop == Warden::kKilled ? "ended by the operator: "
                                                           : "";
    log(Level::Error, std::string(why) + outcome.error().describe());
    if (trigger_.response) answer_failure(outcome.error());
    note(outcome, taken);
    if (is_traced) end_span(outcome);
    return outcome;
  }
  if (trigger_.response) {
    // a client that has left is no failure of the agent's
    if (const auto sent = flush(true); !sent) log(Level::Info, sent.error().message());
  }
  note(outcome, taken);
  if (is_traced) end_span(outcome);
  return {};
}

}  // namespace godwit::agent
