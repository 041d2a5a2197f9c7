// FlowServices: one function for each path that the published crates ask for.
#include "agent/flow_services.h"

#include <algorithm>
#include <cmath>

#include "agent/cron.h"
#include "agent/text.h"
#include "openai/json.h"
#include "platform/clock.h"
#include "platform/random.h"

namespace godwit::agent {
namespace {

namespace json = boost::json;

constexpr size_t kMostMessages = 64;  // of a conversation, that are kept
constexpr size_t kMostHistoryBytes = size_t{256} << 10;
constexpr size_t kMostDimensions = 8192;
constexpr size_t kMostPoints = 100;  // of one search

constexpr std::string_view kWebhookHost = "webhook.flows.network";
constexpr std::string_view kScheduleHost = "schedule-flows-extension.vercel.app";
constexpr std::string_view kStoreHost = "store.flows.network";
constexpr std::string_view kVectorHost = "vector-store.flows.network";
constexpr std::string_view kChatHosts[] = {"openai.flows.network", "llm.flows.network",
                                           "claude.flows.network"};
constexpr std::string_view kLambdaHost = "lambda-flows-extension.vercel.app";

uint64_t now_s() { return platform::now_ns(platform::Clock::Realtime) / 1'000'000'000; }

FlowReply said(json::value value, uint32_t status = 200) { return {status, openai::text_of(value)}; }
FlowReply refused(uint32_t status, std::string_view why) {
  return said(json::string(why.data(), why.size()), status);
}
FlowReply failed(const Error& error) {
  return refused(error.kind() == ErrorKind::Exhausted ? 507 : 500, error.message());
}

json::string text_value(std::string_view text) { return json::string(text.data(), text.size()); }

std::optional<double> number_at(const json::object& object, std::string_view key) {
  const json::value* value = openai::find(object, key);
  if (!value || !value->is_number()) return std::nullopt;
  return value->to_number<double>();
}

std::optional<std::vector<float>> vector_at(const json::object& object, std::string_view key) {
  const json::value* value = openai::find(object, key);
  if (!value || !value->is_array() || value->get_array().size() > kMostDimensions) return std::nullopt;
  std::vector<float> numbers;
  for (const json::value& item : value->get_array()) {
    if (!item.is_number()) return std::nullopt;
    numbers.push_back(static_cast<float>(item.to_number<double>()));
  }
  return numbers;
}

// The names that a path has between its slashes.
std::vector<std::string_view> parts_of(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    if (path.front() == '/') {
      path.remove_prefix(1);
      continue;
    }
    parts.push_back(path.substr(0, path.find('/')));
    path.remove_prefix(parts.back().size());
  }
  return parts;
}

double cosine(const std::vector<float>& a, const std::vector<float>& b) {
  double product = 0, of_a = 0, of_b = 0;
  for (size_t i = 0; i < a.size(); i++) {
    product += static_cast<double>(a[i]) * b[i];
    of_a += static_cast<double>(a[i]) * a[i];
    of_b += static_cast<double>(b[i]) * b[i];
  }
  return of_a == 0 || of_b == 0 ? 0 : product / std::sqrt(of_a * of_b);
}

}  // namespace

bool FlowServices::serves(std::string_view host) {
  return host == kWebhookHost || host == kScheduleHost || host == kStoreHost || host == kVectorHost ||
         host == kLambdaHost || std::ranges::find(kChatHosts, host) != std::end(kChatHosts);
}

bool FlowServices::has_export(std::string_view name) const {
  return std::ranges::any_of(agent_->exports, [&](const std::string& exported) {
    return exported == name ||
           (name == kWebhookHandler && exported.starts_with(std::string(kWebhookHandler) + "_"));
  });
}

FlowReply FlowServices::answer(const Request& request) {
  // "/api/USER/FLOW/what"; embeddings have no flow
  auto parts = parts_of(request.path);
  if (parts.size() < 3 || parts[0] != "api") return refused(404, "there is no such path");
  if (parts[1] != "godwit" || (parts.size() > 3 && parts[2] != agent_->config.name))
    return refused(403, "a flow asks for itself");
  const std::string_view what = parts.back();
  if ((request.host == kWebhookHost || request.host == kLambdaHost) && what == "listen")
    return listen_webhook(request);
  if (request.host == kScheduleHost && what == "listen") return listen_schedule(request);
  if (request.host == kStoreHost) return store(what, request);
  if (request.host == kVectorHost && parts.size() == 5) return vectors(parts[3], what, request);
  if (std::ranges::find(kChatHosts, request.host) != std::end(kChatHosts)) return chat(what, request);
  return refused(404, "there is no such path");
}

FlowReply FlowServices::listen_webhook(const Request& request) {
  const std::string handler = query_value(request.query, "handler_fn").value_or("run");
  if (!has_export(handler)) return refused(400, "the flow exports no function '" + handler + "'");
  const std::string of_handler = "flows/endpoint-of/" + handler;
  const auto known = state().get(of_handler, wait_);
  if (!known) return failed(known.error());
  std::string key = known->value_or("");
  if (key.empty()) {
    uint8_t random[12];
    if (const auto filled = platform::fill_random(random); !filled) return failed(filled.error());
    key = agent_->config.name + "." + to_hex(random);
    for (const auto& [name, value] :
         {std::pair("flows/endpoint/" + key, handler), std::pair(of_handler, key)})
      if (const auto set = state().set(name, value, wait_); !set) return failed(set.error());
  }
  return said(json::object{{"l_key", text_value(key)}});
}

Result<std::optional<std::string>> FlowServices::handler_of(State& state, std::string_view key,
                                                            const State::Wait& wait) {
  return state.get("flows/endpoint/" + std::string(key), wait);
}

Result<std::optional<std::string>> FlowServices::schedule_of(State& state, std::string_view handler,
                                                             const State::Wait& wait) {
  return state.get("flows/schedule/" + std::string(handler), wait);
}

std::optional<FlowServices::Schedule> FlowServices::read_schedule(std::string_view payload) {
  const auto object = openai::parse_object(payload);
  if (!object) return std::nullopt;
  return Schedule{.handler = std::string(openai::text_at(*object, "handler")),
                  .cron = std::string(openai::text_at(*object, "cron")),
                  .body = from_base64(openai::text_at(*object, "body")).value_or("")};
}

namespace {

std::string payload_of(const FlowServices::Schedule& schedule) {
  return openai::text_of(json::object{
      {"handler", schedule.handler}, {"cron", schedule.cron}, {"body", to_base64(as_bytes(schedule.body))}});
}

}  // namespace

Result<> FlowServices::ring_next(Events& events, const std::string& agent, const Schedule& schedule,
                                 uint64_t now, platform::fs::Parker* parker) {
  ASSIGN_OR_RETURN(const CronSchedule cron, CronSchedule::parse(schedule.cron));
  const auto next_s = cron.next_after(now);
  if (!next_s) return fail(ErrorKind::Usage, "the schedule names no minute within five years");
  TRY(events.add({.agent = agent,
                  .kind = "schedule",
                  .key = schedule.handler + " " + schedule.cron.substr(0, 80) + " " + std::to_string(*next_s),
                  .payload = payload_of(schedule)},
                 *next_s * 1000, Events::IfKnown::Keep, parker));
  return {};
}

FlowReply FlowServices::listen_schedule(const Request& request) {
  const Schedule schedule = {.handler = query_value(request.query, "handler_fn").value_or("run"),
                             .cron = query_value(request.query, "cron").value_or(""),
                             .body = std::string(request.body)};
  if (!has_export(schedule.handler))
    return refused(400, "the flow exports no function '" + schedule.handler + "'");
  if (const auto parsed = CronSchedule::parse(schedule.cron); !parsed)
    return refused(400, parsed.error().message());
  if (const auto set = state().set("flows/schedule/" + schedule.handler, payload_of(schedule), wait_); !set)
    return failed(set.error());
  if (const auto added = ring_next(events_, agent_->config.name, schedule, now_s(), wait_.parker); !added)
    return failed(added.error());
  return said(json::object{{"cron", text_value(schedule.cron)}});
}

FlowReply FlowServices::store(std::string_view what, const Request& request) {
  if (!agent_->config.has_kv)
    return refused(403, "keys and values; 'kv = true' of its grants could allow them");
  constexpr std::string_view kPrefix = "flows/store/";
  if (what == "set") {
    const auto object = openai::parse_object(request.body);
    const std::string_view key = object ? openai::text_at(*object, "key") : "";
    if (key.empty() || !object->contains("value")) return refused(400, "that is no {key, value}");
    json::object kept = {{"value", object->at("value")}};
    if (const auto ex = number_at(*object, "ex")) kept["until_s"] = static_cast<double>(now_s()) + *ex;
    if (const auto exat = number_at(*object, "exat")) kept["until_s"] = *exat;
    const auto set = state().set(std::string(kPrefix) + std::string(key), openai::text_of(kept), wait_);
    return set ? said(nullptr) : failed(set.error());
  }
  if (what != "get" && what != "del") return refused(404, "there is no such path");
  const std::string key = std::string(kPrefix) + std::string(request.body);
  const auto found = state().get(key, wait_);
  if (!found) return failed(found.error());
  const auto kept = *found ? openai::parse_object(**found) : openai::parse_object("{}");
  const auto until = kept ? number_at(*kept, "until_s") : std::nullopt;
  const bool is_there = *found && kept && (!until || static_cast<double>(now_s()) < *until);
  if (*found && (what == "del" || !is_there))
    if (const auto removed = state().remove(key, wait_); !removed) return failed(removed.error());
  // nothing is there: the crate takes what is no JSON for that
  return is_there ? said(kept->at("value")) : FlowReply{404, ""};
}

FlowReply FlowServices::chat(std::string_view what, const Request& request) {
  if (agent_->config.models.empty()) return refused(403, "models; 'model' of its grants could allow one");
  if (what == "create_embeddings") return embed(request);
  const auto conversation = query_value(request.query, "conversation");
  if (!conversation || conversation->size() > 200) return refused(400, "'conversation' is missing");
  if (what == "chat_history") {
    const auto kept = state().get("flows/chat/" + *conversation, wait_);
    if (!kept) return failed(kept.error());
    const auto object = openai::parse_object(kept->value_or("{}"));
    json::array messages;
    if (const json::value* list = object ? openai::find(*object, "messages") : nullptr)
      if (list->is_array()) messages = list->get_array();
    const size_t limit = std::strtoul(query_value(request.query, "limit").value_or("0").c_str(), nullptr, 10);
    if (limit != 0 && messages.size() > limit)
      messages.erase(messages.begin(), messages.end() - static_cast<std::ptrdiff_t>(limit));
    return said(std::move(messages));
  }
  if (what == "chat_completion" || what.starts_with("chat_completion_"))
    return complete(*conversation, request);
  return refused(404, "there is no such path");
}

FlowReply FlowServices::complete(std::string_view conversation, const Request& request) {
  const auto object = openai::parse_object(request.body);
  if (!object || !openai::find(*object, "sentence")) return refused(400, "that is no {sentence, params}");
  const std::string_view sentence = openai::text_at(*object, "sentence");
  const json::value* params_value = openai::find(*object, "params");
  const json::object params =
      params_value && params_value->is_object() ? params_value->get_object() : json::object();
  const std::string key = "flows/chat/" + std::string(conversation);
  const auto kept = state().get(key, wait_);
  if (!kept) return failed(kept.error());
  const json::value* wants_restart = openai::find(params, "restart");
  json::array history;
  if (const auto old = openai::parse_object(kept->value_or("{}"));
      old && !(wants_restart && *wants_restart == true))
    if (const json::value* list = openai::find(*old, "messages"); list && list->is_array())
      history = list->get_array();
  const bool is_restarted = history.empty();

  json::array messages;
  if (const std::string_view system = openai::text_at(params, "system_prompt"); !system.empty())
    messages.push_back(json::object{{"role", "system"}, {"content", text_value(system)}});
  for (const json::value& message : history) messages.push_back(message);
  // what stands around a question is for this time only
  std::string asked(openai::text_at(params, "pre_prompt"));
  if (!asked.empty()) asked += "\n";
  asked += sentence;
  if (const std::string_view post = openai::text_at(params, "post_prompt"); !post.empty())
    (asked += "\n") += post;
  messages.push_back(json::object{{"role", "user"}, {"content", text_value(asked)}});
  json::object body = {{"model", text_value(openai::text_at(params, "model"))},
                       {"messages", std::move(messages)}};
  for (const std::string_view name : {"temperature", "top_p", "stop", "max_tokens", "presence_penalty",
                                      "frequency_penalty", "logit_bias", "response_format"})
    if (const json::value* value = openai::find(params, name))
      body[json::string_view(name.data(), name.size())] = *value;

  auto reply = bindings_.ask(agent_->config.models.front().name, "chat/completions", openai::text_of(body));
  if (!reply) return failed(reply.error());
  const auto answered = openai::parse_object(reply->body);
  const json::value* choices = answered ? openai::find(*answered, "choices") : nullptr;
  if (reply->status != 200 || !choices || !choices->is_array() || choices->get_array().empty() ||
      !choices->get_array()[0].is_object())
    return {reply->status >= 400 ? reply->status : 502, reply->body};
  const json::value* message = openai::find(choices->get_array()[0].get_object(), "message");
  const std::string choice(message && message->is_object() ? openai::text_at(message->get_object(), "content")
                                                           : "");
  history.push_back(json::object{{"role", "user"}, {"content", text_value(sentence)}});
  history.push_back(json::object{{"role", "assistant"}, {"content", choice}});
  std::string text = openai::text_of(json::object{{"messages", history}});
  while (history.size() > 2 && (history.size() > kMostMessages || text.size() > kMostHistoryBytes)) {
    history.erase(history.begin(), history.begin() + 2);
    text = openai::text_of(json::object{{"messages", history}});
  }
  if (const auto set = state().set(key, text, wait_); !set) return failed(set.error());
  return said(json::object{{"restarted", is_restarted}, {"choice", choice}});
}

FlowReply FlowServices::embed(const Request& request) {
  const auto holder = openai::parse_object("{\"input\":" + std::string(request.body) + "}");
  const json::value* input = holder ? openai::find(*holder, "input") : nullptr;
  if (!input) return refused(400, "that is no text, and no list of texts");
  if (const json::object* object = input->if_object(); object && object->size() == 1)
    input = &object->begin()->value();  // {"String": …} or {"Vec": […]}, as Rust writes an enum
  const json::value kept = *input;
  auto reply = bindings_.ask(agent_->config.models.front().name, "embeddings",
                             openai::text_of(json::object{{"model", ""}, {"input", kept}}));
  if (!reply) return failed(reply.error());
  const auto answered = openai::parse_object(reply->body);
  const json::value* data = answered ? openai::find(*answered, "data") : nullptr;
  if (reply->status != 200 || !data || !data->is_array())
    return {reply->status >= 400 ? reply->status : 502, reply->body};
  json::array vectors;
  for (const json::value& item : data->get_array())
    if (item.is_object() && item.get_object().contains("embedding"))
      vectors.push_back(item.get_object().at("embedding"));
  return said(std::move(vectors));
}

FlowReply FlowServices::vectors(std::string_view collection, std::string_view what, const Request& request) {
  if (!agent_->config.has_kv) return refused(403, "vectors; 'kv = true' of its grants could allow them");
  const std::string info_key = "flows/vectors/" + std::string(collection);
  const std::string prefix = "flows/vector/" + std::string(collection) + "/";
  const auto info_text = state().get(info_key, wait_);
  if (!info_text) return failed(info_text.error());
  const auto info = openai::parse_object(info_text->value_or("{}"));
  if (!info) return refused(500, "the collection cannot be read");
  const auto body = openai::parse_object(request.body.empty() ? "{}" : request.body);
  // Calls each(key) for all points' keys, in their order.
  const auto for_each = [&](auto each) -> Result<> {
    for (std::string after;;) {
      ASSIGN_OR_RETURN(const auto keys, state().list(prefix, after, wait_));
      if (keys.empty()) return {};
      for (const std::string& key : keys) TRY(each(key));
      after = keys.back();
    }
  };
  if (what == "createCollection") {
    const auto size = body ? number_at(*body, "vectorSize") : std::nullopt;
    if (!size || *size < 1 || *size > kMostDimensions)
      return refused(400, "'vectorSize' must be from 1 to 8192");
    const auto set = state().set(
        info_key, openai::text_of(json::object{{"vectorSize", static_cast<int64_t>(*size)}}), wait_);
    return set ? said(nullptr) : failed(set.error());
  }
  if (!*info_text) return refused(404, "there is no such collection");
  if (what == "deleteCollection") {
    const auto removed = for_each([&](const std::string& key) -> Result<> {
      TRY(state().remove(key, wait_));
      return {};
    });
    if (!removed) return failed(removed.error());
    const auto gone = state().remove(info_key, wait_);
    return gone ? said(nullptr) : failed(gone.error());
  }
  if (what == "collectionInfo") {
    int64_t count = 0;
    const auto counted = for_each([&](const std::string&) -> Result<> {
      count++;
      return {};
    });
    return counted ? said(json::object{{"pointsCount", count}}) : failed(counted.error());
  }
  const auto size = number_at(*info, "vectorSize");
  if (what == "upsertPoints") {
    const auto holder = openai::parse_object("{\"points\":" + std::string(request.body) + "}");
    const json::value* points = holder ? openai::find(*holder, "points") : nullptr;
    if (points && points->is_object()) points = openai::find(points->get_object(), "points");
    if (!points || !points->is_array()) return refused(400, "that is no list of points");
    for (const json::value& point : points->get_array()) {
      const auto vector = point.is_object() ? vector_at(point.get_object(), "vector") : std::nullopt;
      const json::value* id = point.is_object() ? openai::find(point.get_object(), "id") : nullptr;
      if (!vector || !id || !size || vector->size() != static_cast<size_t>(*size))
        return refused(400, "a point has an id, and a vector of the collection's size");
      const auto set = state().set(prefix + openai::text_of(*id), openai::text_of(point), wait_);
      if (!set) return failed(set.error());
    }
    return said(nullptr);
  }
  if (what != "searchPoints") return refused(404, "there is no such path");
  const auto wanted = body ? vector_at(*body, "vector") : std::nullopt;
  if (!wanted || !size || wanted->size() != static_cast<size_t>(*size))
    return refused(400, "'vector' must be of the collection's size");
  const auto limit =
      static_cast<size_t>(std::clamp(number_at(*body, "limit").value_or(10), 1.0, double{kMostPoints}));
  std::vector<std::pair<double, json::object>> best;
  const auto looked = for_each([&](const std::string& key) -> Result<> {
    ASSIGN_OR_RETURN(const auto text, state().get(key, wait_));
    auto point = openai::parse_object(text.value_or("{}"));
    const auto vector = point ? vector_at(*point, "vector") : std::nullopt;
    if (!vector || vector->size() != wanted->size()) return {};
    const double score = cosine(*vector, *wanted);
    const auto place = std::ranges::find_if(best, [&](const auto& other) { return other.first < score; });
    if (place == best.end() && best.size() >= limit) return {};
    best.emplace(place, score, std::move(*point));
    if (best.size() > limit) best.pop_back();
    return {};
  });
  if (!looked) return failed(looked.error());
  json::array points;
  for (auto& [score, point] : best) {
    point["score"] = score;
    points.push_back(std::move(point));
  }
  return said(std::move(points));
}

}  // namespace godwit::agent
