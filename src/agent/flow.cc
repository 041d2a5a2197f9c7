// FlowGuest: functions that hand over texts, each once its length was asked for.
#include "agent/flow.h"

#include <algorithm>
#include <cstring>

#include "agent/bindings.h"
#include "agent/flow_services.h"
#include "agent/text.h"
#include "api/impl.h"
#include "openai/json.h"

namespace godwit::agent {
namespace {

namespace json = boost::json;

constexpr std::string_view kUser = "godwit";
constexpr uint32_t kMostTextBytes = 64 << 10;

// All of `text`, to where the guest has made room for its length.
v1::Result<int32_t> hand_over(v1::Caller& caller, std::string_view text, uint32_t at) {
  auto to = caller.bytes(at, text.size());
  if (!to) return std::move(to).error();
  if (!text.empty()) std::memcpy(to->data(), text.data(), text.size());
  return static_cast<int32_t>(text.size());
}

}  // namespace

const std::vector<std::string_view>& FlowGuest::names() {
  static const std::vector<std::string_view> kNames = {"get_flows_user",       "get_flow_id",
                                                       "is_listening",         "get_event_body_length",
                                                       "get_event_body",       "get_event_headers_length",
                                                       "get_event_headers",    "get_event_query_length",
                                                       "get_event_query",      "get_event_subpath_length",
                                                       "get_event_subpath",    "get_event_method_length",
                                                       "get_event_method",     "set_response",
                                                       "set_response_headers", "set_response_status",
                                                       "set_output",           "set_error_log",
                                                       "set_error_code",       "set_flows"};
  return kNames;
}

const std::string& FlowGuest::body() {
  if (body_) return *body_;
  if (run_.trigger_.has_payload) return body_.emplace(std::exchange(run_.trigger_.payload, {}));
  body_.emplace();
  if (run_.trigger_.request)
    if (auto read = run_.trigger_.request->read_all()) *body_ = std::move(*read);
  return *body_;
}

const std::string& FlowGuest::headers() {
  if (headers_) return *headers_;
  json::array list;
  if (run_.trigger_.request)
    for (const net::Field& field : run_.trigger_.request->fields())
      list.push_back(json::array{json::string(field.name), json::string(field.value)});
  return headers_.emplace(openai::text_of(json::value(std::move(list))));
}

const std::string& FlowGuest::query() {
  if (query_) return *query_;
  json::object object;
  std::string_view rest = run_.trigger_.request ? run_.trigger_.request->query() : std::string_view();
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    const std::string_view name = pair.substr(0, pair.find('='));
    if (name.empty()) continue;
    // read as a value of that name, and the name as a value of another
    const std::string key = query_value("k=" + std::string(name), "k").value_or("");
    object[key] = query_value(pair, name).value_or("");
  }
  return query_.emplace(openai::text_of(object));
}

void FlowGuest::define(v1::Linker& linker, v1::Wasi& wasi, v1::TlsTrust& trust) {
  using v1::Caller;
  using Answer = v1::Result<int32_t>;
  using Nothing = v1::Result<void>;
  const auto& wanted = run_.agent_->imports;
  const auto offer = [&](std::string_view name, auto callable) {
    if (std::ranges::find(wanted, name) != wanted.end()) linker.define("env", name, std::move(callable));
  };
  const auto offer_text = [&](std::string_view name, auto text) {
    offer(std::string(name) + "_length",
          [text](Caller&) -> Answer { return static_cast<int32_t>(std::string_view(text()).size()); });
    offer(name, [text](Caller& caller, uint32_t at) -> Answer { return hand_over(caller, text(), at); });
  };
  offer("get_flows_user", [](Caller& caller, uint32_t at) -> Answer { return hand_over(caller, kUser, at); });
  offer("get_flow_id", [this](Caller& caller, uint32_t at) -> Answer {
    return hand_over(caller, run_.agent_->config.name, at);
  });
  offer("is_listening", [this](Caller&) -> Answer { return run_.trigger_.kind == "deploy" ? 1 : 0; });
  offer_text("get_event_body", [this]() -> std::string_view { return body(); });
  offer_text("get_event_headers", [this]() -> std::string_view { return headers(); });
  offer_text("get_event_query", [this]() -> std::string_view { return query(); });
  offer_text("get_event_subpath", [this]() -> std::string_view { return run_.trigger_.subpath; });
  offer_text("get_event_method", [this]() -> std::string_view {
    return run_.trigger_.request ? std::string_view(run_.trigger_.request->method()) : "";
  });
  offer("set_response", [this](Caller& caller, uint32_t at, uint32_t size) -> Nothing {
    auto bytes = caller.bytes(at, size);
    if (!bytes) return std::move(bytes).error();
    if (size > run_.agent_->config.limits.response_bytes) {
      run_.failure_ = "the response is larger than the agent's limit";
      return {};
    }
    run_.out_.assign(reinterpret_cast<const char*>(bytes->data()), bytes->size());
    return {};
  });
  offer("set_response_status", [this](Caller&, uint32_t status) -> Nothing {
    if (run_.trigger_.response && status >= 200 && status <= 599) run_.trigger_.response->set_status(status);
    return {};
  });
  offer("set_response_headers", [this](Caller& caller, uint32_t at, uint32_t size) -> Nothing {
    auto text = caller.text(at, std::min(size, kMostTextBytes));
    if (!text) return std::move(text).error();
    const auto holder = openai::parse_object("{\"fields\":" + *text + "}");
    const json::value* fields = holder ? openai::find(*holder, "fields") : nullptr;
    if (!fields || !fields->is_array() || !run_.trigger_.response) return {};
    for (const json::value& field : fields->get_array()) {
      const json::array* pair = field.if_array();
      if (!pair || pair->size() != 2 || !(*pair)[0].is_string() || !(*pair)[1].is_string()) continue;
      bindings_.respond_with(std::string_view((*pair)[0].get_string()),
                             std::string_view((*pair)[1].get_string()));
    }
    return {};
  });
  offer("set_output", [this](Caller& caller, uint32_t at, uint32_t size) -> Nothing {
    auto text = caller.text(at, std::min(size, kMostTextBytes));
    if (!text) return std::move(text).error();
    run_.log(Level::Info, *text);
    return {};
  });
  offer("set_error_log", [this](Caller& caller, uint32_t at, uint32_t size) -> Nothing {
    auto text = caller.text(at, std::min(size, kMostTextBytes));
    if (!text) return std::move(text).error();
    run_.log(Level::Error, *text);
    return {};
  });
  offer("set_error_code", [this](Caller&, int32_t code) -> Nothing {
    run_.log(Level::Error, "the flow says that a service has answered " + std::to_string(code));
    return {};
  });
  offer("set_flows", [this](Caller& caller, uint32_t at, uint32_t size) -> Nothing {
    // of hook modules, which say whose event it is: here every flow has its own
    auto text = caller.text(at, std::min(size, kMostTextBytes));
    if (!text) return std::move(text).error();
    run_.log(Level::Debug, "set_flows: " + *text);
    return {};
  });
  wasi::Core& core = wasi.impl().wasi->core();
  core.virtual_hosts = this;
  // names that lead into private networks are refused, as for requests; what the operator wrote as an address is not
  core.network->restrict([](const platform::net::Address& address) { return !is_private(address); });
  tls_.emplace(trust, wasi);
  linker.define(*tls_);
}

void FlowGuest::finish() {
  if (run_.trigger_.response || run_.out_.empty()) return;
  run_.out_.clear();  // an event's answer: nobody reads it
}

bool FlowGuest::serves(std::string_view name) const { return FlowServices::serves(name); }

std::string FlowGuest::answer(std::string_view name, std::string_view request) {
  // "METHOD /path?query HTTP/1.1"
  const std::string_view line = request.substr(0, request.find("\r\n"));
  const size_t first = line.find(' ');
  const size_t second = line.find(' ', first == std::string_view::npos ? first : first + 1);
  const size_t head_end = request.find("\r\n\r\n");
  FlowReply reply = {400, R"("that is no request")"};
  if (second != std::string_view::npos && head_end != std::string_view::npos) {
    const std::string_view target = line.substr(first + 1, second - first - 1);
    const size_t mark = std::min(target.find('?'), target.size());
    FlowServices services(run_.agent_, *run_.host_.events, bindings_, run_.state_wait());
    reply = services.answer({.host = name,
                             .method = line.substr(0, first),
                             .path = target.substr(0, mark),
                             .query = target.substr(std::min(target.size(), mark + 1)),
                             .body = request.substr(head_end + 4)});
  }
  if (reply.status >= 400)
    run_.log(Level::Warning, std::string(name) + " answers " + std::to_string(reply.status) + ": " +
                                 reply.body.substr(0, 500));
  return "HTTP/1.1 " + std::to_string(reply.status) + " " + std::string(net::reason_of(reply.status)) +
         "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(reply.body.size()) +
         "\r\nConnection: close\r\n\r\n" + reply.body;
}

}  // namespace godwit::agent
