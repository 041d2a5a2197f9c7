// Bindings: guests' calls, checked against what the manifest grants.
#include "agent/bindings.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "agent/text.h"
#include "platform/clock.h"
#include "platform/random.h"

namespace godwit::agent {
namespace {

// Of what a guest passes in one call.
constexpr uint32_t kMostTextBytes = 64 << 10;
constexpr uint32_t kMostPieceBytes = 4 << 20;
constexpr uint32_t kMostPayloadBytes = 1 << 20;
constexpr uint64_t kMostNotedBytes = uint64_t{16} << 20;  // of a response, in a journal
constexpr size_t kMostOpen = 16;                          // responses, or results, at a time
// Kept before it is sent, so that small answers have a length.
constexpr size_t kMostUnsentBytes = size_t{64} << 10;
constexpr int32_t kWasiIo = 29;  // errno.io
constexpr uint64_t kMostDelay_ms = uint64_t{366} * 86'400'000;

uint64_t now_ms() { return platform::now_ns(platform::Clock::Realtime) / 1'000'000; }

Failure failure_of(const Error& error) {
  switch (error.kind()) {
    case ErrorKind::NotFound: return Failure::NotFound;
    case ErrorKind::Exhausted: return Failure::Limit;
    case ErrorKind::Usage: return Failure::Invalid;
    case ErrorKind::Io:
      if (error.code() == ETIMEDOUT) return Failure::TimedOut;
      if (error.code() == EINTR) return Failure::Gone;
      return Failure::Failed;
    default: return Failure::Failed;
  }
}

void note_status(std::optional<Span>& span, uint32_t status) {
  if (!span) return;
  span->set("http.response.status_code", static_cast<int64_t>(status));
  if (status >= 400) span->error = "HTTP " + std::to_string(status);
}

bool may_be_sent(std::string_view name) {
  // those of the connection's, and those by which a proxy is told who asks
  for (const std::string_view own :
       {"host", "content-length", "transfer-encoding", "connection", "keep-alive", "upgrade", "te", "trailer",
        "proxy-authorization", "proxy-connection", "expect"})
    if (net::equals_ignoring_case(name, own)) return false;
  return true;
}

std::string all_fields(const net::Fields& fields) {
  std::string text;
  for (const net::Field& field : fields) text += field.name + ": " + field.value + "\r\n";
  return text;
}

// "Name: value" lines. Nothing if a line is none.
std::optional<net::Fields> parse_fields(std::string_view text) {
  net::Fields fields;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(text.size(), end + 1));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    std::string_view value = line.substr(colon + 1);
    while (value.starts_with(' ') || value.starts_with('\t')) value.remove_prefix(1);
    while (value.ends_with(' ') || value.ends_with('\t')) value.remove_suffix(1);
    if (!net::is_token(line.substr(0, colon)) || !net::is_field_value(value)) return std::nullopt;
    fields.add(line.substr(0, colon), value);
  }
  return fields;
}

}  // namespace

std::optional<std::string> with_member(std::string_view body, std::string_view key, std::string_view value) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  size_t at = 0;
  const auto skip_spaces = [&] {
    while (at < body.size() && is_space(body[at])) at++;
  };
  skip_spaces();
  if (at >= body.size() || body[at] != '{') return std::nullopt;
  at++;
  std::string result = "{" + json_string(key) + ":" + std::string(value);
  for (;;) {
    skip_spaces();
    if (at < body.size() && body[at] == '}') break;
    // a member: a string, a colon, and what follows up to the comma or brace that is not inside of anything
    const size_t begin = at;
    size_t key_end = std::string_view::npos;
    size_t depth = 0;
    bool is_string = false;
    for (; at < body.size(); at++) {
      const char c = body[at];
      if (is_string) {
        if (c == '\\') at++;
        else if (c == '"') {
          is_string = false;
          if (key_end == std::string_view::npos) key_end = at + 1;
        }
        continue;
      }
      if (c == '"') is_string = true;
      else if (c == '{' || c == '[') depth++;
      else if ((c == '}' || c == ']') && depth > 0) depth--;
      else if ((c == ',' || c == '}') && depth == 0) break;
    }
    if (at >= body.size() || key_end == std::string_view::npos || body[begin] != '"') return std::nullopt;
    const std::string_view name = body.substr(begin + 1, key_end - begin - 2);
    // a name with escapes could be another way to write the key
    if (name.find('\\') != std::string_view::npos) return std::nullopt;
    if (name != key) result += "," + std::string(body.substr(begin, at - begin));
    if (body[at] == ',') at++;
  }
  at++;
  skip_spaces();
  if (at != body.size()) return std::nullopt;
  return result + "}";
}

Bindings::Answer Bindings::give(v1::Caller& caller, std::string_view text, uint32_t at, uint32_t room) {
  const auto size = static_cast<uint32_t>(std::min<size_t>(text.size(), room));
  auto to = caller.bytes(at, size);
  if (!to) return std::move(to).error();
  if (size > 0) std::memcpy(to->data(), text.data(), size);
  return static_cast<int32_t>(std::min<size_t>(text.size(), INT32_MAX));
}

Bindings::Answer Bindings::refuse(Failure failure, std::string why) {
  run_->last_error_ = std::move(why);
  return static_cast<int32_t>(failure);
}

Bindings::Answer Bindings::refuse(const Error& error) { return refuse(failure_of(error), error.message()); }

Told Bindings::failed(const Error& error) {
  return {.code = static_cast<int32_t>(failure_of(error)), .bytes = error.message()};
}

Bindings::Answer Bindings::answer(v1::Result<Told> told) {
  if (!told) return std::move(told).error();
  if (told->code < 0) return refuse(*told);
  return told->code;
}

template <class Ask>
v1::Result<Told> Bindings::told(std::string_view name, std::initializer_list<std::string_view> arguments,
                                Ask ask) {
  Journal* const journal = run_->journal_.get();
  if (!journal) return ask();
  const auto public_error = [](const Error& error) {
    v1::Error::Parts parts;
    parts.kind = static_cast<v1::ErrorKind>(error.kind());
    parts.message = error.message();
    return v1::Error(std::move(parts));
  };
  auto known = journal->replay(name, arguments);
  if (!known) return public_error(known.error());
  if (*known) return std::move(**known);
  Told told = ask();
  // who is to end now was told nothing
  if (run_->stop_.load(std::memory_order_relaxed) != 0) return told;
  if (const auto noted = journal->note(told); !noted) return public_error(noted.error());
  return told;
}

Bindings::Answer Bindings::deny(std::string what) {
  run_->agent_->record->counters.denials.fetch_add(1, std::memory_order_relaxed);
  run_->log(Level::Warning, "refused: " + what);
  return refuse(Failure::Denied, std::move(what));
}

Bindings::Answer Bindings::header(v1::Caller& caller, const net::Fields* fields, uint32_t name_at,
                                  uint32_t name_size, uint32_t at, uint32_t room) {
  auto name = caller.text(name_at, std::min(name_size, kMostTextBytes));
  if (!name) return std::move(name).error();
  const std::string* value = fields ? fields->find(*name) : nullptr;
  if (!value) return refuse(Failure::NotFound, "no field '" + *name + "'");
  return give(caller, *value, at, room);
}

Bindings::Answer Bindings::read_body(v1::Caller& caller, uint32_t at, uint32_t room) {
  if (run_->body_at_ == run_->body_.size() && !run_->has_body_ended_) {
    run_->body_.clear();
    run_->body_at_ = 0;
    if (run_->trigger_.has_payload) {
      run_->body_ = std::exchange(run_->trigger_.payload, {});
      run_->has_body_ended_ = true;
    } else {
      const auto size = run_->trigger_.request->read(run_->body_);
      if (!size) return refuse(size.error());
      run_->has_body_ended_ = *size == 0;
    }
  }
  const std::string_view left = std::string_view(run_->body_).substr(run_->body_at_);
  const std::string_view piece = left.substr(0, std::min<size_t>(room, INT32_MAX));
  run_->body_at_ += piece.size();
  return give(caller, piece, at, room);
}

Bindings::Answer Bindings::write(v1::Caller& caller, uint32_t at, uint32_t size) {
  auto bytes = caller.bytes(at, size);
  if (!bytes) return std::move(bytes).error();
  if (size > kMostPieceBytes) return refuse(Failure::Limit, "a piece has more than 4 MiB");
  run_->out_bytes_ += size;
  if (run_->out_bytes_ > run_->agent_->config.limits.response_bytes)
    return refuse(Failure::Limit, "the response is larger than the agent's limit");
  if (ToolAnswer* const answer = run_->trigger_.answer) {
    answer->text.append(reinterpret_cast<const char*>(bytes->data()), bytes->size());
    return 0;
  }
  if (!run_->trigger_.response) return 0;  // an event's answer: nobody reads it
  run_->out_.append(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  if (run_->out_.size() <= kMostUnsentBytes) return 0;
  if (const auto sent = run_->flush(false); !sent) return refuse(Failure::Gone, sent.error().message());
  return 0;
}

Bindings::Answer Bindings::respond_field(std::string_view name, std::string_view value) {
  if (!run_->trigger_.response) return 0;
  if (run_->trigger_.response->has_begun()) return refuse(Failure::Invalid, "the response has begun");
  // whether pages of others may read the answer is the operator's to say
  if (name.size() > 14 && net::equals_ignoring_case(name.substr(0, 15), "access-control-"))
    return deny("a response's field '" + std::string(name) + "'");
  if (const auto added = run_->trigger_.response->add_field(name, value); !added)
    return refuse(added.error());
  return 0;
}

Span Bindings::begin_span(std::string name) const {
  Span span = {.parent = run_->span_.context,
               .name = std::move(name),
               .kind = Span::Kind::Client,
               .begin_ns = platform::now_ns(platform::Clock::Realtime)};
  span.context = TraceContext::child_of(span.parent);
  return span;
}

Bindings::Answer Bindings::begin(net::ClientRequest request, std::optional<Span> span, bool is_for_model) {
  auto free =
      std::ranges::find_if(run_->responses_, [](const auto& response) { return !response.has_value(); });
  if (free == run_->responses_.end()) {
    if (run_->responses_.size() >= kMostOpen)
      return refuse(Failure::Limit, "sixteen responses are open: close one");
    free = run_->responses_.emplace(run_->responses_.end());
  }
  request.partition = run_->agent_->record->number;
  run_->agent_->record->counters.requests_out.fetch_add(1, std::memory_order_relaxed);
  const auto place = free - run_->responses_.begin();
  if (run_->journal_)
    return begin_noted(std::move(request), std::move(span), is_for_model, static_cast<size_t>(place));
  if (span) {
    request.fields.set("traceparent", to_traceparent(span->context));
    span->set("server.address", request.origin.host);
    span->set("server.port", static_cast<int64_t>(request.origin.port));
    span->set("http.request.method", request.method);
  }
  auto response = run_->context_.client->send(
      request, {.mode = run_->mode(), .timeout_ns = run_->agent_->config.limits.time_ns});
  if (!response) {
    if (span) {
      span->end_ns = platform::now_ns(platform::Clock::Realtime);
      span->error = response.error().message();
      run_->host_.tracer->add(std::move(*span));
    }
    return refuse(response.error());
  }
  OpenResponse& open = run_->responses_[static_cast<size_t>(place)].emplace(std::move(*response));
  note_status(span, open.status());
  open.span = std::move(span);
  if (is_for_model) open.tokens.emplace();
  return static_cast<int32_t>(place);
}

// The whole answer at once: it is noted before the guest sees any of it.
Bindings::Answer Bindings::begin_noted(net::ClientRequest request, std::optional<Span> span,
                                       bool is_for_model, size_t place) {
  const std::string origin = request.origin.host + ":" + std::to_string(request.origin.port);
  std::optional<TokenReader> tokens;
  bool is_asked = false;
  auto answered = told("http_send", {request.method, origin, request.target, request.body}, [&]() -> Told {
    is_asked = true;
    // whoever answers can know a request that was sent and whose answer was lost with the process
    if (!request.fields.find("idempotency-key"))
      request.fields.add("Idempotency-Key", run_->journal_->call_id());
    if (span) request.fields.set("traceparent", to_traceparent(span->context));
    auto response = run_->context_.client->send(
        request, {.mode = run_->mode(), .timeout_ns = run_->agent_->config.limits.time_ns});
    if (!response) return failed(response.error());
    auto body = response->read_all(kMostNotedBytes);
    if (!body) return failed(body.error());
    if (is_for_model) tokens.emplace().read(*body);
    return {.code = static_cast<int32_t>(response->status()),
            .bytes = all_fields(response->fields()) + "\r\n" + *body};
  });
  if (!answered) return std::move(answered).error();
  if (!is_asked) span.reset();  // it was told of before
  if (answered->code < 0) {
    if (span) {
      span->end_ns = platform::now_ns(platform::Clock::Realtime);
      span->error = answered->bytes;
      run_->host_.tracer->add(std::move(*span));
    }
    return refuse(*answered);
  }
  const size_t head = answered->bytes.find("\r\n\r\n");
  const bool has_fields = !answered->bytes.starts_with("\r\n");
  const auto fields = parse_fields(has_fields ? answered->bytes.substr(0, head) : std::string());
  OpenResponse& open =
      run_->responses_[place].emplace(static_cast<uint32_t>(answered->code), fields.value_or(net::Fields()),
                                      answered->bytes.substr(has_fields ? head + 4 : 2));
  note_status(span, open.status());
  open.span = std::move(span);
  open.tokens = std::move(tokens);
  return static_cast<int32_t>(place);
}

Bindings::Answer Bindings::send(std::string_view method, std::string_view url_text,
                                std::string_view field_text, std::string_view body) {
  const auto url = parse_url(url_text);
  if (!url) return refuse(Failure::Invalid, "that is no http or https URL");
  const AgentConfig& config = run_->agent_->config;
  const HostGrant* grant = find_grant(config.hosts, url->origin);
  if (!grant)
    return deny("requests to " + url->origin.host + ":" + std::to_string(url->origin.port) +
                "; 'hosts' of its grants could allow it");
  auto fields = parse_fields(field_text);
  if (!fields) return refuse(Failure::Invalid, "the fields are not lines of 'Name: value'");
  net::ClientRequest request = {
      .origin = url->origin, .method = std::string(method), .target = url->target, .body = body};
  for (const net::Field& field : *fields) {
    if (!may_be_sent(field.name))
      return refuse(Failure::Invalid, "the field '" + field.name + "' is not the sender's");
    request.fields.add(field.name, field.value);
  }
  for (const SecretGrant& secret : config.secrets)
    if (find_grant(secret.hosts, url->origin))
      request.fields.set(secret.header, secret.prefix + secret.value);
  request.allows = filter_of(*grant);
  std::optional<Span> span;
  if (run_->host_.tracer->is_enabled()) span = begin_span(std::string(method));
  return begin(std::move(request), std::move(span), false);
}

Bindings::Answer Bindings::ask_model(std::string_view name, std::string_view path, std::string_view body) {
  const AgentConfig& config = run_->agent_->config;
  const auto model = std::ranges::find(config.models, name, &ModelGrant::name);
  if (model == config.models.end())
    return deny("the model '" + std::string(name) + "'; 'model' of its grants could allow it");
  constexpr std::string_view kPaths[] = {"chat/completions", "completions", "embeddings", "responses"};
  if (std::ranges::find(kPaths, path) == std::end(kPaths))
    return refuse(Failure::Invalid, "'" + std::string(path) +
                                        "' is none of chat/completions, completions, embeddings, responses");
  if (const uint64_t budget = config.limits.tokens; budget != 0) {
    const Counters& counters = run_->agent_->record->counters;
    if (counters.tokens_in.load(std::memory_order_relaxed) +
            counters.tokens_out.load(std::memory_order_relaxed) >=
        budget)
      return refuse(Failure::Limit,
                    "the agent has used its " + std::to_string(budget) + " tokens: 'tokens' of its limits");
  }
  const bool is_local = !model->file.empty();
  std::string base = is_local ? run_->host_.models->url() : model->url;
  while (base.ends_with('/')) base.pop_back();
  const auto url = parse_url(base + "/" + std::string(path));
  if (!url) return refuse(Failure::Failed, "the model's URL in the manifest is none");
  std::string sent(body);
  if (is_local || !model->model.empty()) {
    auto changed =
        with_member(body, "model", json_string(is_local ? LocalModels::name_of(model->file) : model->model));
    if (!changed) return refuse(Failure::Invalid, "the request is no JSON object");
    sent = std::move(*changed);
  }
  net::ClientRequest request = {.origin = url->origin, .method = "POST", .target = url->target, .body = sent};
  request.fields.add("Content-Type", "application/json");
  for (const SecretGrant& secret : config.secrets)
    if (!model->secret.empty() && secret.name == model->secret)
      request.fields.add("Authorization", "Bearer " + secret.value);
  if (is_local) request.fields.add("Authorization", "Bearer " + run_->host_.models->key_of(config.name));
  std::optional<Span> span;
  if (run_->host_.tracer->is_enabled()) {
    const std::string_view operation = path == "embeddings"    ? "embeddings"
                                       : path == "completions" ? "text_completion"
                                                               : "chat";
    const std::string& called = model->model.empty() ? model->name : model->model;
    span = begin_span(std::string(operation) + " " + called);
    span->set("gen_ai.operation.name", std::string(operation));
    span->set("gen_ai.provider.name", std::string(is_local ? "godwit" : "openai"));  // whose API it is
    span->set("gen_ai.request.model", called);
    span->set("gen_ai.agent.name", config.name);
  }
  return begin(std::move(request), std::move(span),
               true);  // the operator has named the place: it may be private
}

OpenResponse* Bindings::response_of(int32_t handle) {
  const bool is_open = handle >= 0 && static_cast<size_t>(handle) < run_->responses_.size() &&
                       run_->responses_[static_cast<size_t>(handle)];
  return is_open ? &*run_->responses_[static_cast<size_t>(handle)] : nullptr;
}

Bindings::Answer Bindings::read_response(v1::Caller& caller, int32_t handle, uint32_t at, uint32_t room) {
  OpenResponse* response = response_of(handle);
  if (!response) return refuse(Failure::Invalid, "no open response has this handle");
  if (room == 0) return 0;
  if (response->at == response->left.size()) {
    response->left.clear();
    response->at = 0;
    if (!response->stream) return 0;
    if (const auto size = response->stream->read(response->left); !size) return refuse(size.error());
    if (response->tokens) response->tokens->read(response->left);
  }
  const std::string_view piece =
      std::string_view(response->left).substr(response->at).substr(0, std::min<size_t>(room, INT32_MAX));
  response->at += piece.size();
  return give(caller, piece, at, room);
}

Result<Bindings::Answered> Bindings::ask(std::string_view model, std::string_view path,
                                         std::string_view body) {
  constexpr size_t kMostAnswerBytes = size_t{16} << 20;
  const auto handle = ask_model(model, path, body);
  if (!handle || *handle < 0) return fail(ErrorKind::Io, run_->last_error_);
  OpenResponse* const response = response_of(*handle);
  Answered answered = {.status = response->status(), .body = std::exchange(response->left, {})};
  Result<> outcome;
  while (response->stream) {
    std::string piece;
    auto size = response->stream->read(piece);
    if (!size) outcome = fail(std::move(size).error());
    else if (answered.body.size() + *size > kMostAnswerBytes)
      outcome = fail(ErrorKind::Exhausted, "the model's answer has more than 16 MiB");
    if (!outcome || *size == 0) break;
    if (response->tokens) response->tokens->read(piece);
    answered.body += piece;
  }
  run_->close(*response);
  run_->responses_[static_cast<size_t>(*handle)].reset();
  TRY(std::move(outcome));
  return answered;
}

Bindings::Answer Bindings::use_mcp(std::string_view name, std::optional<std::string_view> tool,
                                   std::string_view arguments) {
  const auto& grants = run_->agent_->config.mcp_servers;
  const auto grant = std::ranges::find(grants, name, &McpGrant::name);
  if (grant == grants.end())
    return deny("the MCP server '" + std::string(name) + "'; 'mcp' of its grants could allow it");
  if (tool && !grant->covers(*tool))
    return deny("the tool '" + std::string(*tool) + "' of the MCP server '" + grant->name +
                "'; 'tools' of its grant could allow it");
  return keep_result(told("tool_call", {name, tool.value_or(""), arguments}, [&]() -> Told {
    run_->agent_->record->counters.requests_out.fetch_add(1, std::memory_order_relaxed);
    std::optional<Span> span;
    if (run_->host_.tracer->is_enabled())
      span = begin_span((tool ? "execute_tool " : "list_tools ") + std::string(tool ? *tool : name));
    const McpClient::Caller caller = {
        .agent = run_->agent_->record->number,
        .token = secret_of(grant->secret),
        .traceparent = span ? to_traceparent(span->context) : std::string(),
        .patience = {.mode = run_->mode(), .timeout_ns = run_->agent_->config.limits.time_ns}};
    auto result = tool ? run_->context_.mcp->call(*grant, *tool, arguments, caller)
                       : run_->context_.mcp->list(*grant, caller);
    if (span) {
      span->end_ns = platform::now_ns(platform::Clock::Realtime);
      if (tool) {
        span->set("gen_ai.operation.name", "execute_tool");
        span->set("gen_ai.tool.name", std::string(*tool));
      }
      if (!result) span->error = std::string(to_string(result.error().kind()));
      run_->host_.tracer->add(std::move(*span));
    }
    return result ? Told{.bytes = std::move(*result)} : failed(result.error());
  }));
}

Bindings::Answer Bindings::run_sql(std::string_view statement, std::string_view values) {
  if (!run_->agent_->config.has_sql) return deny("SQL; 'sql = true' of its grants could allow it");
  auto decoded = decode_values(values);
  if (!decoded) return refuse(decoded.error());
  return keep_result(told("sql_run", {statement, values}, [&]() -> Told {
    const auto result = run_->agent_->record->state->sql(statement, *decoded, run_->state_wait());
    return result ? Told{.bytes = encode_result(*result)} : failed(result.error());
  }));
}

const std::string& Bindings::secret_of(const std::string& name) const {
  static const std::string kNone;
  const auto& secrets = run_->agent_->config.secrets;
  const auto found = std::ranges::find(secrets, name, &SecretGrant::name);
  return name.empty() || found == secrets.end() ? kNone : found->value;
}

Bindings::Answer Bindings::call_redis(std::string_view name, std::string_view command) {
  const auto& grants = run_->agent_->config.redis;
  const auto grant = std::ranges::find(grants, name, &DatabaseGrant::name);
  if (grant == grants.end())
    return deny("the Redis '" + std::string(name) + "'; 'redis' of its grants could allow it");
  auto decoded = decode_values(command);
  if (!decoded) return refuse(decoded.error());
  return keep_result(told("redis_call", {name, command}, [&]() -> Told {
    const auto result = run_->context_.remotes->call_redis(
        run_->agent_->record->number, *grant, secret_of(grant->secret), *decoded,
        {.mode = run_->mode(), .timeout_ns = run_->agent_->config.limits.time_ns});
    return result ? Told{.bytes = encode_result(*result)} : failed(result.error());
  }));
}

Bindings::Answer Bindings::run_postgres(std::string_view name, std::string_view statement,
                                        std::string_view values) {
  const auto& grants = run_->agent_->config.postgres;
  const auto grant = std::ranges::find(grants, name, &DatabaseGrant::name);
  if (grant == grants.end())
    return deny("the PostgreSQL '" + std::string(name) + "'; 'postgres' of its grants could allow it");
  auto decoded = decode_values(values);
  if (!decoded) return refuse(decoded.error());
  return keep_result(told("postgres_run", {name, statement, values}, [&]() -> Told {
    const auto result = run_->context_.remotes->run_postgres(
        run_->agent_->record->number, *grant, secret_of(grant->secret), statement, *decoded,
        {.mode = run_->mode(), .timeout_ns = run_->agent_->config.limits.time_ns});
    return result ? Told{.bytes = encode_result(*result)} : failed(result.error());
  }));
}

Bindings::Answer Bindings::keep_result(v1::Result<Told> result) {
  if (!result) return std::move(result).error();
  if (result->code < 0) return refuse(*result);
  auto free = std::ranges::find_if(run_->results_, [](const std::string& text) { return text.empty(); });
  if (free == run_->results_.end()) {
    if (run_->results_.size() >= kMostOpen)
      return refuse(Failure::Limit, "sixteen results are open: close one");
    free = run_->results_.emplace(run_->results_.end());
  }
  *free = std::move(result->bytes);
  return static_cast<int32_t>(free - run_->results_.begin());
}

std::string Bindings::traceparent() const {
  return run_->host_.tracer->is_enabled() ? to_traceparent(run_->span_.context) : std::string();
}

Bindings::Answer Bindings::set_timer(std::string_view name, uint64_t delay_ms, std::string_view payload) {
  if (!run_->agent_->config.has_timers) return deny("timers; 'timers = true' of its grants could allow it");
  if (name.empty() || name.size() > 200) return refuse(Failure::Invalid, "a timer's name has 1 to 200 bytes");
  if (delay_ms > kMostDelay_ms) return refuse(Failure::Invalid, "a timer rings within a year");
  return answer(told("timer_set", {name, std::to_string(delay_ms), payload}, [&]() -> Told {
    const auto added =
        run_->host_.events->add({.agent = run_->agent_->config.name,
                                 .kind = "timer",
                                 .key = own_key(name),
                                 .payload = std::string(payload),
                                 .trace = traceparent()},
                                now_ms() + delay_ms, Events::IfKnown::Replace, run_->context_.scheduler);
    return added ? Told() : failed(added.error());
  }));
}

Bindings::Answer Bindings::cancel_timer(std::string_view name) {
  if (!run_->agent_->config.has_timers) return deny("timers; 'timers = true' of its grants could allow it");
  return answer(told("timer_cancel", {name}, [&]() -> Told {
    const auto cancelled = run_->host_.events->cancel(run_->agent_->config.name, "timer", own_key(name),
                                                      run_->context_.scheduler);
    return cancelled ? Told{.code = *cancelled ? 1 : 0} : failed(cancelled.error());
  }));
}

std::string Bindings::own_key(std::string_view name) const {
  return run_->agent_->config.resident ? event_key(run_->trigger_.instance, name) : std::string(name);
}

Bindings::Answer Bindings::send_to_socket(std::string_view id, bool is_text, std::string_view bytes) {
  const auto socket = run_->host_.sockets->find(run_->agent_->config.name, id);
  if (!socket) return refuse(Failure::NotFound, "no WebSocket of that id is open");
  if (const auto sent = socket->send(is_text, bytes); !sent) return refuse(sent.error());
  return 0;
}

Bindings::Answer Bindings::close_socket(std::string_view id, uint32_t code, std::string_view why) {
  const auto socket = run_->host_.sockets->find(run_->agent_->config.name, id);
  if (!socket) return refuse(Failure::NotFound, "no WebSocket of that id is open");
  if (code != 1000 && (code < 3000 || code > 4999))
    return refuse(Failure::Invalid, "an agent ends a WebSocket with 1000, or 3000 to 4999");
  socket->close(static_cast<net::CloseCode>(code), why);
  return 0;
}

Bindings::Answer Bindings::send_event(std::string_view to, std::string_view key, std::string_view payload) {
  // "agent", or "agent/instance"
  const std::string_view agent = to.substr(0, to.find('/'));
  const auto& queues = run_->agent_->config.queues;
  if (std::ranges::find(queues, agent) == queues.end())
    return deny("events for '" + std::string(agent) + "'; 'queues' of its grants could allow them");
  if (key.size() > 200) return refuse(Failure::Invalid, "a key has 200 bytes at most");
  const bool is_for_instance = agent.size() != to.size();
  const std::string_view instance = is_for_instance ? to.substr(agent.size() + 1) : std::string_view();
  if (is_for_instance && !is_instance(instance))
    return refuse(Failure::Invalid, "an instance's name has 200 bytes at most, and no control characters");
  return answer(told("queue_send", {to, key, payload}, [&]() -> Told {
    std::string chosen(key);
    if (chosen.empty()) {
      uint8_t random[16];
      if (const auto filled = platform::fill_random(random); !filled) return failed(filled.error());
      chosen = "random:" + to_hex(random);
    } else {
      chosen = run_->agent_->config.name + ":" + chosen;  // of this sender's
    }
    const auto added = run_->host_.events->add({.agent = std::string(agent),
                                                .kind = "queue",
                                                .key = is_for_instance ? event_key(instance, chosen) : chosen,
                                                .payload = std::string(payload),
                                                .trace = traceparent()},
                                               now_ms(), Events::IfKnown::Keep, run_->context_.scheduler);
    return added ? Told{.code = *added ? 1 : 0} : failed(added.error());
  }));
}

// A text that the guest passes, copied: it may change while the run is parked.
#define GODWIT_TEXT(name, at, size, most)                                                          \
  if ((size) > (most)) return refuse(Failure::Limit, "an argument has more than " #most " bytes"); \
  auto name = caller.text(at, size);                                                               \
  if (!name) return std::move(name).error()

template <class Visitor>
void Bindings::visit(Visitor visitor) {
  using v1::Caller;
  visitor("event_kind", [this](Caller& caller, uint32_t at, uint32_t room) {
    return give(caller, run_->trigger_.kind, at, room);
  });
  visitor("event_id", [this](Caller& caller, uint32_t at, uint32_t room) {
    return give(caller, run_->trigger_.id, at, room);
  });
  visitor("request_method", [this](Caller& caller, uint32_t at, uint32_t room) {
    return give(caller, run_->trigger_.request ? std::string_view(run_->trigger_.request->method()) : "", at,
                room);
  });
  visitor("request_path", [this](Caller& caller, uint32_t at, uint32_t room) {
    return give(caller, run_->trigger_.request ? run_->trigger_.request->path() : "", at, room);
  });
  visitor("request_query", [this](Caller& caller, uint32_t at, uint32_t room) {
    return give(caller, run_->trigger_.request ? run_->trigger_.request->query() : "", at, room);
  });
  visitor("request_header",
          [this](Caller& caller, uint32_t name_at, uint32_t name_size, uint32_t at, uint32_t room) {
            return header(caller, run_->trigger_.request ? &run_->trigger_.request->fields() : nullptr,
                          name_at, name_size, at, room);
          });
  visitor("request_headers", [this](Caller& caller, uint32_t at, uint32_t room) {
    return give(caller, run_->trigger_.request ? all_fields(run_->trigger_.request->fields()) : "", at, room);
  });
  visitor("request_read",
          [this](Caller& caller, uint32_t at, uint32_t room) { return read_body(caller, at, room); });
  visitor("response_status", [this](Caller&, uint32_t status) -> Answer {
    if (status < 200 || status > 599) return refuse(Failure::Invalid, "a status is from 200 to 599");
    if (!run_->trigger_.response) return 0;
    if (run_->trigger_.response->has_begun()) return refuse(Failure::Invalid, "the response has begun");
    run_->trigger_.response->set_status(status);
    return 0;
  });
  visitor("response_header",
          [this](Caller& caller, uint32_t name_at, uint32_t name_size, uint32_t value_at,
                 uint32_t value_size) -> Answer {
            GODWIT_TEXT(name, name_at, name_size, kMostTextBytes);
            GODWIT_TEXT(value, value_at, value_size, kMostTextBytes);
            return respond_field(*name, *value);
          });
  visitor("response_write",
          [this](Caller& caller, uint32_t at, uint32_t size) { return write(caller, at, size); });
  visitor("response_flush", [this](Caller&) -> Answer {
    if (!run_->trigger_.response) return 0;
    if (const auto sent = run_->flush(false); !sent) return refuse(Failure::Gone, sent.error().message());
    return 0;
  });
  visitor("fail", [this](Caller& caller, uint32_t at, uint32_t size) -> Answer {
    GODWIT_TEXT(why, at, size, kMostTextBytes);
    run_->failure_ = why->empty() ? "failed" : *why;
    return 0;
  });
  visitor("error_message", [this](Caller& caller, uint32_t at, uint32_t room) {
    return give(caller, run_->last_error_, at, room);
  });
  visitor("log", [this](Caller& caller, uint32_t level, uint32_t at, uint32_t size) -> Answer {
    GODWIT_TEXT(text, at, std::min(size, kMostTextBytes), kMostTextBytes);
    run_->log(static_cast<Level>(std::min(level, 3u)), *text);
    return 0;
  });
  visitor("http_send",
          [this](Caller& caller, uint32_t method_at, uint32_t method_size, uint32_t url_at, uint32_t url_size,
                 uint32_t fields_at, uint32_t fields_size, uint32_t body_at, uint32_t body_size) -> Answer {
            GODWIT_TEXT(method, method_at, method_size, kMostTextBytes);
            GODWIT_TEXT(url, url_at, url_size, kMostTextBytes);
            GODWIT_TEXT(fields, fields_at, fields_size, kMostTextBytes);
            GODWIT_TEXT(body, body_at, body_size, kMostPieceBytes);
            return send(*method, *url, *fields, *body);
          });
  visitor("llm_send",
          [this](Caller& caller, uint32_t name_at, uint32_t name_size, uint32_t path_at, uint32_t path_size,
                 uint32_t body_at, uint32_t body_size) -> Answer {
            GODWIT_TEXT(name, name_at, name_size, kMostTextBytes);
            GODWIT_TEXT(path, path_at, path_size, kMostTextBytes);
            GODWIT_TEXT(body, body_at, body_size, kMostPieceBytes);
            return ask_model(*name, *path, *body);
          });
  visitor("http_status", [this](Caller&, int32_t handle) -> Answer {
    const OpenResponse* response = response_of(handle);
    if (!response) return refuse(Failure::Invalid, "no open response has this handle");
    return static_cast<int32_t>(response->status());
  });
  visitor("http_header",
          [this](Caller& caller, int32_t handle, uint32_t name_at, uint32_t name_size, uint32_t at,
                 uint32_t room) -> Answer {
            const OpenResponse* response = response_of(handle);
            if (!response) return refuse(Failure::Invalid, "no open response has this handle");
            return header(caller, &response->fields(), name_at, name_size, at, room);
          });
  visitor("http_headers", [this](Caller& caller, int32_t handle, uint32_t at, uint32_t room) -> Answer {
    const OpenResponse* response = response_of(handle);
    if (!response) return refuse(Failure::Invalid, "no open response has this handle");
    return give(caller, all_fields(response->fields()), at, room);
  });
  visitor("http_read", [this](Caller& caller, int32_t handle, uint32_t at, uint32_t room) {
    return read_response(caller, handle, at, room);
  });
  visitor("http_close", [this](Caller&, int32_t handle) -> Answer {
    OpenResponse* const response = response_of(handle);
    if (!response) return refuse(Failure::Invalid, "no open response has this handle");
    run_->close(*response);
    run_->responses_[static_cast<size_t>(handle)].reset();
    return 0;
  });
  visitor("kv_get",
          [this](Caller& caller, uint32_t key_at, uint32_t key_size, uint32_t at, uint32_t room) -> Answer {
            GODWIT_TEXT(key, key_at, key_size, kMostTextBytes);
            if (!run_->agent_->config.has_kv)
              return deny("keys and values; 'kv = true' of its grants could allow them");
            auto value = told("kv_get", {*key}, [&]() -> Told {
              auto found = run_->agent_->record->state->get(*key, run_->state_wait());
              if (!found) return failed(found.error());
              if (!*found) return {.code = static_cast<int32_t>(Failure::NotFound), .bytes = "no such key"};
              return {.bytes = std::move(**found)};
            });
            if (!value) return std::move(value).error();
            if (value->code < 0) return refuse(*value);
            return give(caller, value->bytes, at, room);
          });
  visitor("kv_set",
          [this](Caller& caller, uint32_t key_at, uint32_t key_size, uint32_t value_at,
                 uint32_t value_size) -> Answer {
            GODWIT_TEXT(key, key_at, key_size, kMostTextBytes);
            GODWIT_TEXT(value, value_at, value_size, kMostPieceBytes);
            if (!run_->agent_->config.has_kv)
              return deny("keys and values; 'kv = true' of its grants could allow them");
            return answer(told("kv_set", {*key, *value}, [&]() -> Told {
              const auto set = run_->agent_->record->state->set(*key, *value, run_->state_wait());
              return set ? Told() : failed(set.error());
            }));
          });
  visitor("kv_delete", [this](Caller& caller, uint32_t key_at, uint32_t key_size) -> Answer {
    GODWIT_TEXT(key, key_at, key_size, kMostTextBytes);
    if (!run_->agent_->config.has_kv)
      return deny("keys and values; 'kv = true' of its grants could allow them");
    return answer(told("kv_delete", {*key}, [&]() -> Told {
      const auto removed = run_->agent_->record->state->remove(*key, run_->state_wait());
      return removed ? Told{.code = *removed ? 1 : 0} : failed(removed.error());
    }));
  });
  visitor("kv_list",
          [this](Caller& caller, uint32_t prefix_at, uint32_t prefix_size, uint32_t after_at,
                 uint32_t after_size, uint32_t at, uint32_t room) -> Answer {
            GODWIT_TEXT(prefix, prefix_at, prefix_size, kMostTextBytes);
            GODWIT_TEXT(after, after_at, after_size, kMostTextBytes);
            if (!run_->agent_->config.has_kv)
              return deny("keys and values; 'kv = true' of its grants could allow them");
            auto listed = told("kv_list", {*prefix, *after}, [&]() -> Told {
              const auto keys = run_->agent_->record->state->list(*prefix, *after, run_->state_wait());
              if (!keys) return failed(keys.error());
              std::string text;
              for (const std::string& key : *keys) text += key + '\0';
              return {.bytes = std::move(text)};
            });
            if (!listed) return std::move(listed).error();
            if (listed->code < 0) return refuse(*listed);
            return give(caller, listed->bytes, at, room);
          });
  visitor("sql_run",
          [this](Caller& caller, uint32_t statement_at, uint32_t statement_size, uint32_t values_at,
                 uint32_t values_size) -> Answer {
            GODWIT_TEXT(statement, statement_at, statement_size, kMostPieceBytes);
            GODWIT_TEXT(values, values_at, values_size, kMostPieceBytes);
            return run_sql(*statement, *values);
          });
  visitor("redis_call",
          [this](Caller& caller, uint32_t name_at, uint32_t name_size, uint32_t command_at,
                 uint32_t command_size) -> Answer {
            GODWIT_TEXT(name, name_at, name_size, kMostTextBytes);
            GODWIT_TEXT(command, command_at, command_size, kMostPieceBytes);
            return call_redis(*name, *command);
          });
  visitor("postgres_run",
          [this](Caller& caller, uint32_t name_at, uint32_t name_size, uint32_t statement_at,
                 uint32_t statement_size, uint32_t values_at, uint32_t values_size) -> Answer {
            GODWIT_TEXT(name, name_at, name_size, kMostTextBytes);
            GODWIT_TEXT(statement, statement_at, statement_size, kMostPieceBytes);
            GODWIT_TEXT(values, values_at, values_size, kMostPieceBytes);
            return run_postgres(*name, *statement, *values);
          });
  visitor("tool_call",
          [this](Caller& caller, uint32_t server_at, uint32_t server_size, uint32_t tool_at,
                 uint32_t tool_size, uint32_t arguments_at, uint32_t arguments_size) -> Answer {
            GODWIT_TEXT(server, server_at, server_size, kMostTextBytes);
            GODWIT_TEXT(tool, tool_at, tool_size, kMostTextBytes);
            GODWIT_TEXT(arguments, arguments_at, arguments_size, kMostPieceBytes);
            return use_mcp(*server, *tool, *arguments);
          });
  visitor("tool_list", [this](Caller& caller, uint32_t server_at, uint32_t server_size) -> Answer {
    GODWIT_TEXT(server, server_at, server_size, kMostTextBytes);
    return use_mcp(*server, std::nullopt, {});
  });
  visitor("sql_result", [this](Caller& caller, int32_t handle, uint32_t at, uint32_t room) -> Answer {
    if (handle < 0 || static_cast<size_t>(handle) >= run_->results_.size() ||
        run_->results_[static_cast<size_t>(handle)].empty())
      return refuse(Failure::Invalid, "no open result has this handle");
    return give(caller, run_->results_[static_cast<size_t>(handle)], at, room);
  });
  visitor("sql_close", [this](Caller&, int32_t handle) -> Answer {
    if (handle < 0 || static_cast<size_t>(handle) >= run_->results_.size())
      return refuse(Failure::Invalid, "no open result has this handle");
    run_->results_[static_cast<size_t>(handle)] = {};
    return 0;
  });
  visitor("timer_set",
          [this](Caller& caller, uint32_t name_at, uint32_t name_size, uint64_t delay_ms, uint32_t at,
                 uint32_t size) -> Answer {
            GODWIT_TEXT(name, name_at, name_size, kMostTextBytes);
            GODWIT_TEXT(payload, at, size, kMostPayloadBytes);
            return set_timer(*name, delay_ms, *payload);
          });
  visitor("timer_cancel", [this](Caller& caller, uint32_t name_at, uint32_t name_size) -> Answer {
    GODWIT_TEXT(name, name_at, name_size, kMostTextBytes);
    return cancel_timer(*name);
  });
  visitor("queue_send",
          [this](Caller& caller, uint32_t agent_at, uint32_t agent_size, uint32_t key_at, uint32_t key_size,
                 uint32_t at, uint32_t size) -> Answer {
            GODWIT_TEXT(agent, agent_at, agent_size, kMostTextBytes);
            GODWIT_TEXT(key, key_at, key_size, kMostTextBytes);
            GODWIT_TEXT(payload, at, size, kMostPayloadBytes);
            return send_event(*agent, *key, *payload);
          });
  visitor("websocket_send",
          [this](Caller& caller, uint32_t id_at, uint32_t id_size, uint32_t is_text, uint32_t at,
                 uint32_t size) -> Answer {
            GODWIT_TEXT(id, id_at, id_size, kMostTextBytes);
            GODWIT_TEXT(bytes, at, size, kMostPieceBytes);
            return send_to_socket(*id, is_text != 0, *bytes);
          });
  visitor("websocket_close",
          [this](Caller& caller, uint32_t id_at, uint32_t id_size, uint32_t code, uint32_t at,
                 uint32_t size) -> Answer {
            GODWIT_TEXT(id, id_at, id_size, kMostTextBytes);
            GODWIT_TEXT(why, at, size, kMostTextBytes);
            return close_socket(*id, code, *why);
          });
}

#undef GODWIT_TEXT

namespace {

// The same function, after whose end others have their turn if the guest would have had to give way meanwhile.
template <class Callable, class Result, class... Arguments>
auto giving_way_as(async::Scheduler* scheduler, Callable callable,
                   Result (Callable::*)(v1::Caller&, Arguments...) const) {
  return [scheduler, callable = std::move(callable)](v1::Caller& caller, Arguments... arguments) -> Result {
    Result result = callable(caller, arguments...);
    scheduler->give_way();
    return result;
  };
}
template <class Callable>
auto giving_way(async::Scheduler* scheduler, Callable callable) {
  return giving_way_as(scheduler, std::move(callable), &Callable::operator());
}

}  // namespace

void Bindings::define_clock(v1::Linker& linker) {
  // These come before WASI's own. spec: https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md
  constexpr std::string_view kWasi = "wasi_snapshot_preview1";
  linker.define(kWasi, "random_get", [this](v1::Caller& caller, uint32_t at, uint32_t size) -> Answer {
    auto bytes = caller.bytes(at, size);
    if (!bytes) return std::move(bytes).error();
    if (run_->journal_) run_->journal_->draw(*bytes);
    else if (!platform::fill_random(*bytes)) return kWasiIo;
    return 0;
  });
  linker.define(
      kWasi, "clock_time_get", [this](v1::Caller& caller, uint32_t, uint64_t, uint32_t at) -> Answer {
        auto bytes = caller.bytes(at, sizeof(uint64_t));
        if (!bytes) return std::move(bytes).error();
        store_unaligned(bytes->data(), run_->journal_ ? run_->journal_->now_ns()
                                                      : platform::now_ns(platform::Clock::Realtime));
        run_->context_.scheduler->give_way();
        return 0;
      });
}

void Bindings::define(v1::Linker& linker) {
  if (run_->agent_->config.has_journal) define_clock(linker);
  const std::vector<std::string>& wanted = run_->agent_->imports;
  visit([&](std::string_view name, auto callable) {
    if (std::ranges::find(wanted, name) == wanted.end()) return;
    linker.define(kAbi, name, giving_way(run_->context_.scheduler, std::move(callable)));
  });
}

std::vector<std::string_view> Bindings::names() {
  // of a run that never begins
  RunHost host;
  ThreadContext context;
  Run run(host, context, nullptr, {});
  std::vector<std::string_view> names;
  Bindings(run).visit([&](std::string_view name, const auto&) { names.push_back(name); });
  return names;
}

}  // namespace godwit::agent
